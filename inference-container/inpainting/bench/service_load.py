"""`python -m inpainting bench service`: the service over HTTP against the bare kernel with its codecs, in one run.

The bare work is OpenCV's: decode, telea, encode, and nothing around them. The store and the clients are a process of
their own on the same cores, so that their work is part of the service's rate and told beside it. Rounds take turns: on
a machine that does other things too, ratios of processor time hold and rates do not.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable
from multiprocessing.pool import Pool
from typing import NamedTuple

import cv2
import jwt
import numpy as np

from inpainting.bench.damages import SEED
from inpainting.bench.load_process import LoadProcess
from inpainting.bench.running_service import Running, read_cpu_seconds, read_memory, run_service
from inpainting.items import Job, Timings, process_item
from inpainting.models.opencv import TELEA

_SECRET = "a-secret-for-measuring-only-0123456789"  # noqa: S105
_THREADS = os.cpu_count() or 1
_SIDE = 512
_LARGE = (3000, 4000)
_CONCURRENCY = 4
_GOAL_SHARE, _GOAL_BYTES = 0.85, 10**9
_SAMPLE_SECONDS = 0.1


class Sample(NamedTuple):
    """Items a second, and processor milliseconds for each: of who works on them, who speaks HTTP, store and clients."""

    rate: float
    work_ms: float
    front_ms: float = 0.0
    load_ms: float = 0.0

    @property
    def cpu_ms(self) -> float:
        return self.work_ms + self.front_ms


def run_service_bench(arguments: list[str]) -> int:
    """Prints the table; the process's exit code, 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m inpainting bench service", description=__doc__, allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-large", action="store_true", help="leave the pictures of 12 megapixels out")
    options = parser.parse_args(arguments)
    picture, mask = make_pair(_SIDE, _SIDE)
    black = cv2.imencode(".png", np.zeros((_SIDE, _SIDE), np.uint8))[1].tobytes()
    load = LoadProcess({"picture": picture, "mask": mask, "black": black})
    try:
        with multiprocessing.get_context("spawn").Pool(_THREADS) as pool, run_service(load.origin, _SECRET) as service:
            rounds = _measure_rounds(
                pool, service, load, (picture, mask), seconds=options.seconds, count=options.rounds
            )
            is_good = _tell_small(rounds, options.seconds, service)
            if not options.no_large:
                is_good &= _measure_large(service, load)
    finally:
        load.close()
    return 0 if is_good else 1


class Round(NamedTuple):
    """One sample of each."""

    bare: Sample
    own: Sample
    served: Sample
    alone: Sample
    empty: Sample


def _measure_rounds(
    pool: Pool, service: Running, load: LoadProcess, pair: tuple[bytes, bytes], *, seconds: float, count: int
) -> list[Round]:
    measure_rate(service, load, "mask", _CONCURRENCY, 1)
    return [
        Round(
            bare=measure_work(pool, work_bare, pair, seconds),
            served=measure_rate(service, load, "mask", _CONCURRENCY, seconds),
            own=measure_work(pool, work_as_service, pair, seconds / 2),
            alone=measure_rate(service, load, "mask", 1, seconds / 2),
            empty=measure_rate(service, load, "black", _CONCURRENCY, seconds / 2),
        )
        for _ in range(count)
    ]


def _tell_small(rounds: list[Round], seconds: float, service: Running) -> bool:
    print(f"\n## telea, {_SIDE}x{_SIDE} PNG, {_THREADS} cores, {len(rounds)} rounds of {seconds:g} s (medians)\n")
    print("Processor milliseconds an item:\n")
    print("| what | items/s | work | HTTP and turns | store and clients |\n| --- | --- | --- | --- | --- |")
    names = (
        "bare: OpenCV's codecs and kernel, a process a core",
        "the service's work alone, a process a core",
        f"service, {_CONCURRENCY} requests at a time",
        "service, one request at a time",
        "service, all-black mask",
    )
    for name, samples in zip(names, zip(*rounds, strict=True), strict=True):
        rate, *milliseconds = (statistics.median(values) for values in zip(*samples, strict=True))
        print(f"| {name} | {rate:.1f} | {' | '.join(f'{each:.1f}' for each in milliseconds)} |")
    share = _tell_shares("rate", [each.served.rate / each.bare.rate for each in rounds])
    _tell_shares("processor time", [each.bare.cpu_ms / each.served.cpu_ms for each in rounds])
    whole = [each.bare.cpu_ms / (each.served.cpu_ms + each.served.load_ms) for each in rounds]
    _tell_shares("processor time, store and clients counted as the service's,", whole)
    print(
        f"\nThe goal is {_GOAL_SHARE:.0%} by rate. Store and clients work on the same cores, so their time counts "
        "against the service's rate. On a machine that others use too, more processes get more of it: there the rate "
        "flatters the service, and the last share is what it would be on idle cores at best."
    )
    print(f"Memory of all its processes afterwards: {read_memory(service.process_id) / 1e6:.0f} MB.")
    return share >= _GOAL_SHARE


def _tell_shares(what: str, shares: list[float]) -> float:
    """Prints and answers the median."""
    share = statistics.median(shares)
    told = ", ".join(f"{each:.0%}" for each in sorted(shares))
    print(f"\nBy {what} the service does {share:.0%} of the bare work ({told}).")
    return share


def _measure_large(service: Running, load: LoadProcess) -> bool:
    picture, mask = make_pair(*_LARGE)
    load.put("large-picture", picture)
    load.put("large-mask", mask)
    peak = 0
    is_over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_over.wait(_SAMPLE_SECONDS):
            peak = max(peak, read_memory(service.process_id))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        sample = measure_rate(service, load, "large-mask", _CONCURRENCY, 15, picture="large-picture")
    finally:
        is_over.set()
        watching.join()
    print(
        f"\n12-megapixel PNGs of {len(picture) / 1e6:.0f} MB, {_CONCURRENCY} requests at a time: {sample.rate:.2f} "
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


def measure_rate(
    service: Running, load: LoadProcess, mask: str, concurrency: int, seconds: float, *, picture: str = "picture"
) -> Sample:
    """The service with so many requests of one item at a time."""
    token = jwt.encode({"aud": "inference", "exp": int(time.time()) + 600}, _SECRET, "HS256")
    before = read_cpu_seconds(service.process_id)
    asked = load.ask(service.host, service.port, token, names=(picture, mask), concurrency=concurrency, seconds=seconds)
    after = read_cpu_seconds(service.process_id)
    milliseconds = (after.workers - before.workers, after.front - before.front, asked.cpu_seconds)
    return Sample(asked.done / asked.seconds, *(each / asked.done * 1000 for each in milliseconds))


def measure_work(pool: Pool, work: Callable[[bytes, bytes], None], pair: tuple[bytes, bytes], seconds: float) -> Sample:
    """The work on the same picture again and again, in a process for each core."""
    counts = pool.starmap(_repeat, [(work, pair, seconds)] * _THREADS, chunksize=1)
    count = sum(done for done, _ in counts)
    return Sample(count / seconds, sum(spent for _, spent in counts) / count * 1000)


def _repeat(work: Callable[[bytes, bytes], None], pair: tuple[bytes, bytes], seconds: float) -> tuple[int, float]:
    cv2.setNumThreads(1)
    count, started, end = 0, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        work(*pair)
        count += 1
    return count, time.process_time() - started


def work_bare(picture: bytes, mask: bytes) -> None:
    """Decode, telea on the whole picture, encode."""
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    hole = cv2.imdecode(np.frombuffer(mask, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None  # noqa: S101 - made here
    assert hole is not None  # noqa: S101 - made here
    cv2.imencode(".png", cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA))


def work_as_service(picture: bytes, mask: bytes) -> None:
    """What a process of the service does with the same bytes."""
    job = Job(
        model=TELEA,
        parameters=TELEA.parameters(),
        output_format="png",
        quality=92,
        pixels_max=_SIDE * _SIDE,
    )
    process_item(picture, mask, job, ask=lambda _: None, timings=Timings(), check=lambda: None)
