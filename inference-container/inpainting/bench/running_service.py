"""The service as `serve` starts it, and what the system tells of its processes (Linux)."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess  # what is measured is the service as it is started
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SECONDS_TO_START_MAX = 60


class Running(NamedTuple):
    """A service that is ready."""

    host: str
    port: int
    process_id: int


@contextlib.contextmanager
def run_service(store: str, secret: str) -> Iterator[Running]:
    """The service for one store, until the caller is done with it."""
    told = {"INFERENCE_SECRET": secret, "INFERENCE_MEDIA_ORIGINS": store, "INFERENCE_PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "inpainting", "serve"], env=os.environ | told, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101 - asked for
    port = json.loads(process.stdout.readline())["port"]
    # Nobody reads its log, but it must not wait for somebody to.
    reading = threading.Thread(target=process.stdout.read)
    reading.start()
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/health")
        yield Running("127.0.0.1", port, process.pid)
    finally:
        process.terminate()
        reading.join()
        process.wait()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START_MAX
    while True:
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(url):  # noqa: S310 - as made above
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"The service was not ready within {_SECONDS_TO_START_MAX} s.")
        time.sleep(0.05)


def list_family(process_id: int) -> list[int]:
    """The process and all that it has started, and those have."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    family = [process_id]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


class CpuSeconds(NamedTuple):
    """Processor time so far: of the process that speaks HTTP, and of those that work on items."""

    front: float
    workers: float

    @property
    def total(self) -> float:
        return self.front + self.workers


def read_cpu_seconds(process_id: int) -> CpuSeconds:
    """Processor time so far of a process and those below it that live."""
    front, *workers = (_read_own_cpu_seconds(member) for member in list_family(process_id))
    return CpuSeconds(front, sum(workers))


def _read_own_cpu_seconds(process_id: int) -> float:
    # The clock that clock_getcpuclockid(3) names: nanoseconds, where /proc counts ticks of ten milliseconds.
    with contextlib.suppress(OSError):
        return time.clock_gettime((~process_id << 3) | 2)
    return 0.0


def read_memory(process_id: int) -> int:
    """Bytes resident of a process and those below it, what they share counted once."""
    total = 0
    for member in list_family(process_id):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total
