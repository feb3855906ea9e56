"""A process of the service's own, as the service sees it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import forkserver, util
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from inpainting.processes.channel import PREFIX, Blob, Message, create_pair, pack, unpack

_PRELOAD = "inpainting.processes.preload"
# How long a process whose connection has ended may take to be gone.
_DEATH_SECONDS = 2.0


class Death(NamedTuple):
    """How a process ended: by a signal, or with an exit code. Both are None where nobody knows."""

    signal: int | None
    code: int | None

    def __str__(self) -> str:
        if self.signal is None:
            return f"exit code {self.code}"
        with suppress(ValueError):
            return signal.Signals(self.signal).name
        return f"signal {self.signal}"


def warm_up() -> None:
    """Starts the process that others are forked from, so that it imports while the caller does."""
    _prepare()
    forkserver.ensure_running()


def tidy_up() -> None:
    """Deletes the folder of the socket over which processes are asked for; none is started after this."""
    shutil.rmtree(util.get_temp_dir(), ignore_errors=True)


def _prepare() -> None:
    # numpy's own threads would be as many in each process as there are cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    multiprocessing.get_context("forkserver").set_forkserver_preload([_PRELOAD])


class Spawner:
    """Starts processes as forks of one that has everything imported: tens of milliseconds each, their memory shared.

    That process has no threads, which a fork of the service itself would lose in the middle of what they do.
    """

    def __init__(self) -> None:
        _prepare()
        self._context = multiprocessing.get_context("forkserver")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spawn")

    async def start(self, target: Callable[..., None], *arguments: Any) -> Child:
        """A process that runs `target(socket, *arguments)`; the arguments are pickled."""
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(self._thread, self._start, target, arguments)
        try:
            process, end = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_discard)
            raise
        return Child(process, end)

    def _start(self, target: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[BaseProcess, socket.socket]:
        mine, its = create_pair()
        with its:
            process = self._context.Process(target=target, args=(its, *arguments), daemon=True)
            try:
                process.start()
            except BaseException:
                mine.close()
                raise
        mine.setblocking(False)
        return process, mine

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


class Child:
    """One process. Messages are sent in the order of `send`, whatever becomes of who sent them."""

    def __init__(self, process: BaseProcess, end: socket.socket) -> None:
        self._process = process
        self._socket = end
        self._loop = asyncio.get_running_loop()
        self._to_send: asyncio.Queue[tuple[Message, tuple[Blob, ...]]] = asyncio.Queue()
        self._sending = asyncio.create_task(self._send_all())
        self.started = time.monotonic()
        self.process_id = process.pid or 0

    def send(self, message: Message, *blobs: Blob) -> None:
        """Sends a message; one to a process that is gone is lost."""
        self._to_send.put_nowait((message, blobs))

    async def receive(self) -> tuple[Message, list[Blob]] | None:
        """The next message; None once the process has ended."""
        try:
            prefix = await self._read(PREFIX.size)
            if prefix is None:
                return None
            head_bytes, body_bytes = PREFIX.unpack(prefix)
            head = await self._read(head_bytes)
            body = await self._read(body_bytes)
        except OSError:
            return None
        return None if head is None or body is None else unpack(head, body)

    def kill(self) -> None:
        """Ends the process at once, whatever it does. `receive` then answers None."""
        with suppress(OSError, ValueError):
            if self._process.is_alive():
                self._process.kill()

    async def close(self) -> Death:
        """Waits for the end of a process that was killed or whose messages have ended; answers how it ended."""
        self._sending.cancel()
        self._socket.close()
        await self._loop.run_in_executor(None, self._process.join, _DEATH_SECONDS)
        if (code := self._process.exitcode) is None:
            self.kill()
            await self._loop.run_in_executor(None, self._process.join, _DEATH_SECONDS)
            code = self._process.exitcode
        with suppress(ValueError):
            self._process.close()
        return Death(-code, None) if code is not None and code < 0 else Death(None, code)

    def read_cpu_seconds(self) -> float:
        """Processor time so far of a process that lives (Linux), else 0."""
        try:
            fields = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _send_all(self) -> None:
        with suppress(OSError):
            while True:
                message, blobs = await self._to_send.get()
                await self._loop.sock_sendall(self._socket, pack(message, blobs))
                for blob in blobs:
                    await self._loop.sock_sendall(self._socket, blob)

    async def _read(self, size: int) -> bytearray | None:
        data = bytearray(size)
        view, position = memoryview(data), 0
        while position < size:
            count = await self._loop.sock_recv_into(self._socket, view[position:])
            if count == 0:
                return None
            position += count
        return data


def _discard(started: asyncio.Future[tuple[BaseProcess, socket.socket]]) -> None:
    """Ends a process that nobody waits for any more."""
    if not started.cancelled() and started.exception() is None:
        process, end = started.result()
        end.close()
        process.kill()
