"""Measures the service against the bare work: telea on 512x512 PNG, at a concurrency of 1 and 4.

    .venv/bin/python scripts/measure_service.py

The store and the client run on the same cores, so their share is part of the rates. Processor time per item is
the service's alone, and holds on a machine that does other things too. An all-black mask shows the cost around the
kernel.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import httpx  # noqa: E402
import jwt  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import inpainting  # noqa: E402, F401 - sets the limits before OpenCV is loaded

SECRET = "a-secret-for-measuring-only-0123456789"
THREADS = os.cpu_count() or 1


def make_pair(side: int) -> tuple[bytes, bytes]:
    sample = Image.open(ROOT.parent / "docs" / "samples" / "rocket.jpg").resize((side, side))
    mask = np.zeros((side, side), np.uint8)
    rng = np.random.default_rng(1)
    for _ in range(6):
        ends = rng.integers(0, side, 4).tolist()
        cv2.line(mask, ends[:2], ends[2:], 255, max(2, side // 100))
    damaged = np.asarray(sample)[..., ::-1].copy()
    damaged[mask > 0] = 240
    picture = cv2.imencode(".png", damaged)[1].tobytes()
    return picture, cv2.imencode(".png", mask)[1].tobytes()


def measure_bare(picture: bytes, mask: bytes, seconds: float) -> tuple[float, float]:
    """Decode, telea on the whole picture, encode: pictures a second on all cores, processor ms a picture."""
    cv2.setNumThreads(1)
    end = time.perf_counter() + seconds

    def work(_: int) -> int:
        count = 0
        while time.perf_counter() < end:
            image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
            hole = cv2.imdecode(np.frombuffer(mask, np.uint8), cv2.IMREAD_GRAYSCALE)
            cv2.imencode(".png", cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA))
            count += 1
        return count

    started = time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        count = sum(pool.map(work, range(THREADS)))
    return count / seconds, (time.process_time() - started) / count * 1000


def read_cpu_seconds(process_id: int) -> float:
    """Processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Store(asyncio.Protocol):
    """As little of an HTTP store as can be: two objects to read, and a place to drop results."""

    objects: ClassVar[dict[bytes, bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = bytearray()
        self.to_drop = 0

    def data_received(self, data: bytes) -> None:
        if self.to_drop:
            dropped = min(self.to_drop, len(data))
            self.to_drop -= dropped
            data = data[dropped:]
            if self.to_drop == 0:
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, rest = bytes(self.buffer[:end]), self.buffer[end + 4 :]
            self.buffer = bytearray()
            if head.startswith(b"GET"):
                body = self.objects[head.split(b" ", 2)[1]]
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                self.buffer = rest
            else:
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.to_drop = length - min(length, len(rest))
                if self.to_drop == 0:
                    self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    self.buffer = rest[length:]


async def measure_service(
    url: str, store: str, *, mask: str, concurrency: int, items: int, seconds: float
) -> tuple[float, int]:
    """Items a second and their number; `concurrency` requests at a time of `items` items each."""
    token = jwt.encode({"aud": "inference", "exp": int(time.time()) + 600}, SECRET, "HS256")
    done = 0
    end = time.perf_counter() + seconds
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:

        async def ask() -> None:
            nonlocal done
            while time.perf_counter() < end:
                entries = [
                    {
                        "id": str(n),
                        "imageUrl": f"{store}/picture",
                        "maskUrl": f"{store}/{mask}",
                        "resultUrl": f"{store}/r",
                    }
                    for n in range(items)
                ]
                body = {"taskId": str(uuid.uuid4()), "model": "telea", "items": entries}
                response = await client.post("/v1/inpaint", json=body)
                last = json.loads(response.text.splitlines()[-1])
                assert last["succeeded"] == items, response.text
                done += items

        started = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(concurrency)))
        return done / (time.perf_counter() - started), done


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--side", type=int, default=512)
    options.add_argument("--seconds", type=float, default=6)
    chosen = options.parse_args()
    picture, mask = make_pair(chosen.side)
    bare, bare_ms = measure_bare(picture, mask, chosen.seconds)
    print(f"bare kernel and codecs on {THREADS} cores: {bare:.1f}/s, {bare_ms:.1f} processor ms each")
    black = cv2.imencode(".png", np.zeros((chosen.side, chosen.side), np.uint8))[1].tobytes()
    Store.objects = {b"/picture": picture, b"/mask": mask, b"/black": black}
    server = await asyncio.get_running_loop().create_server(Store, "127.0.0.1", 0)
    store = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    environment = os.environ | {
        "INFERENCE_SECRET": SECRET,
        "INFERENCE_MEDIA_ORIGINS": store,
        "INFERENCE_PORT": "0",
        "INFERENCE_LOG_LEVEL": "info",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "inpainting", "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    reading = asyncio.get_running_loop().run_in_executor(None, process.stdout.read)
    url = f"http://127.0.0.1:{port}"
    try:
        while httpx.get(f"{url}/health").status_code != 200:
            await asyncio.sleep(0.05)
        for name, concurrency, items in (
            ("mask", 1, 1),
            ("mask", 4, 1),
            ("mask", 1, 64),
            ("mask", 4, 8),
            ("black", 4, 1),
        ):
            before = read_cpu_seconds(process.pid)
            rate, done = await measure_service(
                url, store, mask=name, concurrency=concurrency, items=items, seconds=chosen.seconds
            )
            what = "telea" if name == "mask" else "all-black mask"
            spent_ms = (read_cpu_seconds(process.pid) - before) / done * 1000
            print(
                f"{what}, {concurrency} requests of {items}: {rate:.1f} items/s ({rate / bare:.0%} of bare), "
                f"{spent_ms:.1f} processor ms each in the service"
            )
    finally:
        process.terminate()
        process.wait()
        await reading
        server.close()


asyncio.run(main())
