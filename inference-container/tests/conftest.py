"""The service as a process of its own, a store beside it, and a client that speaks to both."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt
import make_models
import pytest
from media_server import MediaServer

SECRET = "the-secret-that-signs-requests-in-tests"
PREVIOUS_SECRET = "the-secret-that-was-valid-before-this-one"
LEARNED_MODELS = ("lama", "migan")
MODELS = ("patchmatch", "telea", "navier-stokes", *LEARNED_MODELS)
ROOT = Path(__file__).resolve().parents[1]


def sign(secret: str = SECRET, **claims: Any) -> str:
    """An access token; claims given as None are left out."""
    claims = {"aud": "inference", "exp": int(time.time()) + 60, **claims}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, "HS256")


class RunningService:
    """`python -m inpainting serve` as a child process, or a program that does the same with more."""

    def __init__(self, media_origin: str, *, program: Sequence[str] = ("-m", "inpainting"), **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_")}
        environment |= {
            "INFERENCE_SECRET": SECRET,
            "INFERENCE_MEDIA_ORIGINS": media_origin,
            "INFERENCE_PORT": "0",
            "INFERENCE_THREADS": "2",
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, *program, "serve"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.log_lines: list[str] = []
        self._logged: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.url = f"http://127.0.0.1:{self.wait_for_log('listening')['port']}"
        # One service serves many tests, one after the other.
        token = sign(exp=int(time.time()) + 3600)
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log_lines.append(line)
            self._logged.put(json.loads(line))

    def wait_for_log(self, message: str, seconds: float = 60) -> dict[str, Any]:
        """The next log entry with that message."""
        deadline = time.monotonic() + seconds
        while True:
            entry = self._logged.get(timeout=max(0.01, deadline - time.monotonic()))
            if entry["message"] == message:
                return entry

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="session")
def media() -> Iterator[MediaServer]:
    server = MediaServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def running() -> Iterator[list[RunningService]]:
    """The services that were started and not stopped."""
    services: list[RunningService] = []
    yield services
    for service in services:
        service.stop()


@pytest.fixture(autouse=True)
def own_services_end_with_their_test(running: list[RunningService]) -> Iterator[None]:
    """Those of a file or of the session are started before this; a test's own would hold their memory to the end."""
    shared = len(running)
    yield
    while len(running) > shared:
        running.pop().stop()


@pytest.fixture(scope="session")
def start(media: MediaServer, running: list[RunningService]) -> Callable[..., RunningService]:
    """Starts a service with settings of its own, ready to work."""

    def start_one(*, program: Sequence[str] = ("-m", "inpainting"), **settings: str) -> RunningService:
        origins = settings.pop("INFERENCE_MEDIA_ORIGINS", media.origin)
        service = RunningService(origins, program=program, **settings)
        running.append(service)
        service.wait_for_log("set up")
        return service

    return start_one


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small models of `scripts/make_models.py`."""
    folder = tmp_path_factory.mktemp("models")
    make_models.main(folder)
    return folder


@pytest.fixture(scope="session")
def service(start: Callable[..., RunningService], model_files: Path) -> RunningService:
    """With every model there is: the learned ones smaller than the tests' crops, which are scaled for them."""
    service = start(
        INFERENCE_SECRET_PREVIOUS=PREVIOUS_SECRET,
        INFERENCE_DEFAULT_MODEL="patchmatch",
        INFERENCE_LAMA_WEIGHTS=str(model_files / "lama-64.onnx"),
        INFERENCE_LAMA_LICENCE="Apache-2.0",
        INFERENCE_MIGAN_WEIGHTS=str(model_files / "migan-any.onnx"),
        INFERENCE_MIGAN_LICENCE="MIT",
    )
    service.wait_for_log("models set up")
    return service


class Bench:
    """Sends pictures through a service."""

    def __init__(self, service: RunningService, media: MediaServer) -> None:
        self.service = service
        self.media = media

    def item(self, picture: bytes, mask: bytes, **changes: str) -> dict[str, str]:
        key = uuid.uuid4().hex
        return {
            "id": key,
            "imageUrl": self.media.put(f"{key}-picture", picture),
            "maskUrl": self.media.put(f"{key}-mask", mask),
            "resultUrl": self.media.url(f"objects/{key}-result"),
            **changes,
        }

    def send(self, items: list[dict[str, str]], **fields: Any) -> list[dict[str, Any]]:
        """The lines of the answer."""
        response = self.service.http.post("/v1/inpaint", json=self.body(items, **fields))
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    def body(self, items: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
        return {"taskId": str(uuid.uuid4()), "model": "telea", "parameters": {}, "items": items, **fields}

    def inpaint(self, picture: bytes, mask: bytes, **fields: Any) -> tuple[dict[str, Any], bytes]:
        """The item's line and the stored result; the item must succeed."""
        item = self.item(picture, mask)
        line = self.send([item], **fields)[0]
        assert line["status"] == "succeeded", line
        return line, self.media.objects[f"{item['id']}-result"]

    def refuse(self, picture: bytes, mask: bytes, *, changes: dict[str, str] | None = None, **fields: Any) -> Any:
        """The item's error; the item must fail and store nothing."""
        item = self.item(picture, mask, **(changes or {}))
        line, end = self.send([item], **fields)
        assert line["status"] == "failed", line
        assert (end["succeeded"], end["failed"]) == (0, 1)
        assert f"{item['id']}-result" not in self.media.objects
        return line["error"]


@pytest.fixture
def bench(service: RunningService, media: MediaServer) -> Bench:
    return Bench(service, media)
