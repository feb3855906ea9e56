"""`python -m inpainting bench service`: the service over HTTP against the bare kernel with its codecs, in one run.

The store and the client run on the same cores, so their share is part of the rates. Rounds of both take turns: on a
machine that does other things too, ratios hold and rates do not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import statistics
import subprocess  # what is measured is the service as it is started
import sys
import time
import uuid
from collections.abc import AsyncIterator
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import cv2
import httpx
import jwt
import numpy as np

from inpainting.bench.damages import SEED

_SECRET = "a-secret-for-measuring-only-0123456789"  # noqa: S105
_THREADS = os.cpu_count() or 1
_SIDE = 512
_LARGE = (3000, 4000)
_CONCURRENCY = 4
_GOAL_SHARE, _GOAL_BYTES = 0.85, 10**9
_SAMPLE_SECONDS = 0.1


class Sample(NamedTuple):
    """Items a second, and the service's processor milliseconds for each."""

    rate: float
    cpu_ms: float


def run_service_bench(arguments: list[str]) -> int:
    """Prints the table; the process's exit code, 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m inpainting bench service", description=__doc__, allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-large", action="store_true", help="leave the pictures of 12 megapixels out")
    options = parser.parse_args(arguments)
    return asyncio.run(_measure(options.seconds, options.rounds, with_large=not options.no_large))


async def _measure(seconds: float, rounds: int, *, with_large: bool) -> int:
    picture, mask = make_pair(_SIDE, _SIDE)
    black = cv2.imencode(".png", np.zeros((_SIDE, _SIDE), np.uint8))[1].tobytes()
    Store.objects = {b"/picture": picture, b"/mask": mask, b"/black": black}
    server = await asyncio.get_running_loop().create_server(Store, "127.0.0.1", 0)
    store = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with multiprocessing.get_context("spawn").Pool(_THREADS) as pool:
        async with run_service(store) as service:
            is_good = await _measure_small(pool, service, store, seconds, rounds)
            if with_large:
                is_good &= await _measure_large(service, store)
    server.close()
    return 0 if is_good else 1


async def _measure_small(pool: Pool, service: Running, store: str, seconds: float, rounds: int) -> bool:
    picture, mask = Store.objects[b"/picture"], Store.objects[b"/mask"]
    await ask_repeatedly(service, store, "mask", concurrency=_CONCURRENCY, seconds=1)
    bare, served, alone, empty = [], [], [], []
    for _ in range(rounds):
        bare.append(await asyncio.to_thread(measure_bare, pool, picture, mask, seconds))
        served.append(await measure_rate(service, store, "mask", _CONCURRENCY, seconds))
        alone.append(await measure_rate(service, store, "mask", 1, seconds / 2))
        empty.append(await measure_rate(service, store, "black", _CONCURRENCY, seconds / 2))
    shares = [one.rate / other.rate for one, other in zip(served, bare, strict=True)]
    print(f"\n## telea, {_SIDE}x{_SIDE} PNG, {_THREADS} cores, {rounds} rounds of {seconds:g} s (medians)\n")
    print("| what | items/s | processor ms an item, without store and client |\n| --- | --- | --- |")
    for name, samples in (
        ("kernel and codecs, a process a core", bare),
        (f"service, {_CONCURRENCY} requests at a time", served),
        ("service, one request at a time", alone),
        ("service, all-black mask", empty),
    ):
        rate, cpu_ms = (statistics.median(values) for values in zip(*samples, strict=True))
        print(f"| {name} | {rate:.1f} | {cpu_ms:.1f} |")
    share = statistics.median(shares)
    told = ", ".join(f"{each:.0%}" for each in sorted(shares))
    print(f"\nThe service does {share:.0%} of the bare work's rate ({told}); the goal is {_GOAL_SHARE:.0%}.")
    print(f"Memory of all its processes afterwards: {read_memory(service.process_id) / 1e6:.0f} MB.")
    return share >= _GOAL_SHARE


async def _measure_large(service: Running, store: str) -> bool:
    picture, mask = await asyncio.to_thread(make_pair, *_LARGE)
    Store.objects |= {b"/large-picture": picture, b"/large-mask": mask}
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, await asyncio.to_thread(read_memory, service.process_id))
            await asyncio.sleep(_SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    done, spent = await ask_repeatedly(service, store, "large-mask", concurrency=_CONCURRENCY, seconds=15)
    watching.cancel()
    print(
        f"\n12-megapixel PNGs of {len(picture) / 1e6:.0f} MB, {_CONCURRENCY} requests at a time: {done / spent:.2f} "
        f"items/s, at most {peak / 1e6:.0f} MB in all processes; the goal is {_GOAL_BYTES / 1e6:.0f} MB."
    )
    return peak < _GOAL_BYTES


def make_pair(height: int, width: int) -> tuple[bytes, bytes]:
    """A picture with shapes, shading and a camera's noise, and a mask of scratches, as PNGs."""
    rng = np.random.default_rng(SEED)
    small = rng.integers(0, 256, (height // 32, width // 32, 3), dtype=np.uint8)
    smooth = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = rng.normal(0, 3, (height, width, 1)).astype(np.float32)
    picture = np.clip(smooth + noise, 0, 255).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(6):
        x, y = rng.integers(0, width, 2).tolist(), rng.integers(0, height, 2).tolist()
        cv2.line(mask, (x[0], y[0]), (x[1], y[1]), 255, max(2, width // 400))
    picture[mask > 0] = 240
    return cv2.imencode(".png", picture)[1].tobytes(), cv2.imencode(".png", mask)[1].tobytes()


def measure_bare(pool: Pool, picture: bytes, mask: bytes, seconds: float) -> Sample:
    """Decode, telea on the whole picture, encode, in a process for each core."""
    counts = pool.starmap(_work_bare, [(picture, mask, seconds)] * _THREADS, chunksize=1)
    count = sum(done for done, _ in counts)
    return Sample(count / seconds, sum(spent for _, spent in counts) / count * 1000)


def _work_bare(picture: bytes, mask: bytes, seconds: float) -> tuple[int, float]:
    cv2.setNumThreads(1)
    count, started, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
        hole = cv2.imdecode(np.frombuffer(mask, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert image is not None  # noqa: S101 - made here
        assert hole is not None  # noqa: S101 - made here
        cv2.imencode(".png", cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA))
        count += 1
    return count, time.process_time() - started


# The service, a store and a client


class Running(NamedTuple):
    """A service that is ready."""

    url: str
    process_id: int


@contextlib.asynccontextmanager
async def run_service(store: str) -> AsyncIterator[Running]:
    """The service as `serve` starts it, for one store."""
    told = {"INFERENCE_SECRET": _SECRET, "INFERENCE_MEDIA_ORIGINS": store, "INFERENCE_PORT": "0"}
    process = subprocess.Popen(  # noqa: ASYNC220 - this program again
        [sys.executable, "-m", "inpainting", "serve"], env=os.environ | told, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101 - asked for
    port = json.loads(await asyncio.to_thread(process.stdout.readline))["port"]
    reading = asyncio.create_task(asyncio.to_thread(process.stdout.read))
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client:
            while (await client.get(f"{url}/health")).status_code != 200:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        yield Running(url, process.pid)
    finally:
        process.terminate()
        await reading
        process.wait()


async def measure_rate(service: Running, store: str, mask: str, concurrency: int, seconds: float) -> Sample:
    """Items a second of so many requests of one item at a time."""
    before = read_cpu_seconds(service.process_id)
    done, spent = await ask_repeatedly(service, store, mask, concurrency=concurrency, seconds=seconds)
    return Sample(done / spent, (read_cpu_seconds(service.process_id) - before) / done * 1000)


async def ask_repeatedly(
    service: Running, store: str, mask: str, *, concurrency: int, seconds: float
) -> tuple[int, float]:
    """How many items were done in how many seconds."""
    token = jwt.encode({"aud": "inference", "exp": int(time.time()) + 600}, _SECRET, "HS256")
    headers = {"Authorization": f"Bearer {token}"}
    picture = mask.replace("mask", "picture") if "large" in mask else "picture"
    end = time.perf_counter() + seconds
    done = 0

    async def ask(client: httpx.AsyncClient) -> None:
        nonlocal done
        while time.perf_counter() < end:
            item = {
                "id": "1",
                "imageUrl": f"{store}/{picture}",
                "maskUrl": f"{store}/{mask}",
                "resultUrl": f"{store}/r",
            }
            body = {"taskId": str(uuid.uuid4()), "model": "telea", "items": [item]}
            lines = (await client.post("/v1/inpaint", json=body)).text.splitlines()
            if json.loads(lines[-1]).get("succeeded") != 1:
                raise RuntimeError(lines[0])
            done += 1

    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60) as client:
        started = time.perf_counter()
        await asyncio.gather(*(ask(client) for _ in range(concurrency)))
        return done, time.perf_counter() - started


class Store(asyncio.Protocol):
    """As little of an HTTP store as can be: objects to read, and a place to drop results."""

    objects: ClassVar[dict[bytes, bytes]] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._head = bytearray()
        self._to_drop = 0

    def data_received(self, data: bytes) -> None:
        if self._to_drop:
            dropped = min(self._to_drop, len(data))
            self._to_drop -= dropped
            data = data[dropped:]
            if self._to_drop == 0:
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self._head += data
        while (end := self._head.find(b"\r\n\r\n")) >= 0:
            head, rest = bytes(self._head[:end]), self._head[end + 4 :]
            self._head = bytearray()
            if head.startswith(b"GET"):
                body = self.objects[head.split(b" ", 2)[1]]
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                self._head = rest
                continue
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self._to_drop = length - min(length, len(rest))
            if self._to_drop == 0:
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                self._head = rest[length:]


# What the system tells of a process and those below it (Linux)


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


def read_cpu_seconds(process_id: int) -> float:
    """Processor time so far of a process and those below it that live."""
    ticks = 0
    for member in list_family(process_id):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def read_memory(process_id: int) -> int:
    """Bytes resident of a process and those below it, what they share counted once."""
    total = 0
    for member in list_family(process_id):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total
