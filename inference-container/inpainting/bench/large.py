"""A photograph of 12 megapixels with small holes, end to end, and a bomb that must not be decoded."""

from __future__ import annotations

import json
import resource
import statistics
import struct
import subprocess  # the peak of memory is a process's: each model has one of its own
import sys
import time
import zlib
from typing import NamedTuple

import cv2
import numpy as np

from inpainting.bench.photographs import SCENES, load_photograph
from inpainting.errors import ItemError
from inpainting.filling import fill_holes
from inpainting.headers import read_header
from inpainting.masks import find_hole
from inpainting.models.registry import BUILT_IN
from inpainting.pictures import decode_luminance, decode_picture, encode_picture

WIDTH, HEIGHT = 4000, 3000
HOLE_SIDE = 95
BOMB_SIDE = 30_000
PIXELS_MAX = 64_000_000


class LargeResult(NamedTuple):
    """Processor seconds from bytes to bytes, of them decoding and encoding, and the most memory held, in MB."""

    model: str
    seconds: float
    codec_seconds: float
    peak_mb: float


def measure_large(model_ids: list[str]) -> list[LargeResult]:
    """One process for each model, which decodes, fills and encodes a PNG of 4000x3000 with four holes of 0.3 %."""
    results = []
    for model_id in model_ids:
        command = [sys.executable, "-m", "inpainting.bench.large", model_id]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        results.append(LargeResult(model_id, *json.loads(done.stdout)))
    return results


def measure_bomb() -> float:
    """Median milliseconds until a PNG of 30 000 x 30 000 is refused by its header."""
    data = make_bomb()
    times = []
    # The first call also loads the format's code, which a service has loaded at its start.
    for _ in range(6):
        started = time.process_time()
        try:
            read_header(data, name="The picture", pixels_max=PIXELS_MAX)
        except ItemError:
            times.append((time.process_time() - started) * 1000)
        else:
            raise AssertionError(f"a picture of {BOMB_SIDE}x{BOMB_SIDE} passed the header gate")
    return statistics.median(times[1:])


def make_bomb() -> bytes:
    """A black PNG of 30 000 x 30 000 grey pixels: small as a file, 900 MB decoded."""
    # A flushed block of rows can be repeated as it is, so that 900 MB need not be compressed.
    rows = (BOMB_SIDE + 1) * 1000
    compressor = zlib.compressobj(9)
    start = compressor.compress(bytes(rows)) + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(bytes(rows)) + compressor.flush(zlib.Z_FULL_FLUSH)
    count = BOMB_SIDE // 1000 - 2
    end = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = start + block * (count + 1) + end.flush() + struct.pack(">HH", BOMB_SIDE * (BOMB_SIDE + 1) % 65521, 1)
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def make_large() -> tuple[bytes, bytes]:
    """A picture and its mask as PNGs: photographs at their own size side by side, noise as of a sensor over them."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    tiles = [load_photograph(name) for name in SCENES]
    top = number = 0
    while top < HEIGHT:
        left = 0
        while left < WIDTH:
            tile = tiles[number % len(tiles)][: HEIGHT - top, : min(450, WIDTH - left)]
            picture[top : top + 300, left : left + tile.shape[1]] = tile[:300]
            left += tile.shape[1]
            number += 1
        top += 300
    noise = np.random.default_rng(1).integers(-3, 4, (HEIGHT, WIDTH, 1), dtype=np.int16)
    picture = np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y, x in ((400, 500), (700, 3000), (2100, 1300), (2500, 3300)):
        mask[y : y + HOLE_SIDE, x : x + HOLE_SIDE] = 255
    return cv2.imencode(".png", picture)[1].tobytes(), cv2.imencode(".png", mask)[1].tobytes()


def _measure(model_id: str) -> tuple[float, float, float]:
    cv2.setNumThreads(1)
    model = next(model for model in BUILT_IN if model.manifest.id == model_id)
    picture_data, mask_data = make_large()
    # Making the picture took memory that working on it does not: the peak begins again here.
    is_reset = _reset_peak()
    started = time.process_time()
    picture_header = read_header(picture_data, name="The picture", pixels_max=PIXELS_MAX)
    mask_header = read_header(mask_data, name="The mask", pixels_max=PIXELS_MAX)
    hole = find_hole(decode_luminance(mask_data, mask_header, name="The mask"))
    picture = decode_picture(picture_data, picture_header, name="The picture")
    decoded = time.process_time()
    fill_holes(picture, hole, model, model.parameters(), check=lambda: None)
    filled = time.process_time()
    encode_picture(picture, "png", 92)
    ended = time.process_time()
    return ended - started, decoded - started + ended - filled, _read_peak_mb() if is_reset else _read_process_peak_mb()


def _reset_peak() -> bool:
    """Whether the kernel could be told to count the peak anew (Linux)."""
    try:
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
            file.write("5")
    except OSError:
        return False
    return True


def _read_peak_mb() -> float:
    with open("/proc/self/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return _read_process_peak_mb()


def _read_process_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1])))
