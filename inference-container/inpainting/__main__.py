"""The command line: `python -m inpainting serve`, `run` and `bench`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import nullcontext

import uvicorn

from inpainting import __version__
from inpainting.logs import configure_logs
from inpainting.processes.child import tidy_up, warm_up
from inpainting.processes.confinement import keep_memory
from inpainting.settings import Settings, SettingsError, read_settings

EXIT_UNUSABLE = 2


def main(arguments: list[str]) -> int:
    """Runs a command and returns the process's exit code: 2 for what the caller must change."""
    if arguments == ["version"]:
        print(__version__)
        return 0
    if arguments[:1] == ["bench"]:
        return bench(arguments[1:])
    if arguments[:1] == ["run"]:
        from inpainting.folder_run import run_folder  # noqa: PLC0415

        return run_folder(arguments[1:], os.environ)
    if arguments != ["serve"]:
        print("Say what to do: python -m inpainting serve | run | bench | version", file=sys.stderr)
        return EXIT_UNUSABLE
    try:
        settings = read_settings(os.environ)
        listener = listen(settings.host, settings.port)
        warm_up()
        # Imported here so that a bad setting is told at once, not after a second of loading libraries.
        from inpainting.app import create_app  # noqa: PLC0415

        try:
            app = create_app(settings)
        except ValueError as error:
            raise SettingsError(f"INFERENCE_DEFAULT_MODEL cannot be used: {error}.") from error
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_UNUSABLE
    configure_logs(settings.log_level)
    keep_memory()
    asyncio.run(serve(app, settings, listener))
    logging.shutdown()
    tidy_up()
    # What is left are threads that nothing waits for.
    os._exit(0)


def bench(arguments: list[str]) -> int:
    """Measures pictures, `video` or `service`; the process's exit code."""
    # Imported here because nothing that serves needs it.
    if arguments[:1] == ["service"]:
        from inpainting.bench.service_load import run_service_bench  # noqa: PLC0415

        return run_service_bench(arguments[1:])
    if arguments[:1] == ["video"]:
        from inpainting.bench.video import run_video_bench  # noqa: PLC0415

        return run_video_bench(arguments[1:])
    from inpainting.bench.command import run_bench  # noqa: PLC0415

    return run_bench(arguments)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises SettingsError where the address cannot be used."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        # The protocol is named because asyncio switches off Nagle's delay only where it is: without, each
        # answer on a kept connection waits 40 ms for an acknowledgement.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}): stop what uses it, or set "
            "INFERENCE_HOST and INFERENCE_PORT to another address."
        ) from error
    return listener


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: it would end the process by the signal it got."""

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        """Leaves signals to `serve`."""
        return nullcontext()


async def serve(app: object, settings: Settings, listener: socket.socket) -> None:
    """Serves until SIGTERM or SIGINT; what is in hand then has its time to end."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.stop_seconds_max + 1,
    )
    server = Server(config)

    def stop() -> None:
        if server.should_exit:
            server.force_exit = True
        app.state.service.begin_stop()  # type: ignore[attr-defined]
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    host, port = listener.getsockname()[:2]
    logging.getLogger("inpainting").info(
        "listening", extra={"fields": {"host": host, "port": port, "threads": settings.threads}}
    )
    await server.serve(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
