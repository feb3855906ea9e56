"""A clip that is made on the spot, in a store, and requests about its frames."""

from __future__ import annotations

import json
import uuid
from typing import Any

import cv2
import numpy as np
from conftest import Bench

WIDTH, HEIGHT = 320, 180
HOLE = (130, 70, 178, 100)


def make_plate(width: int, height: int) -> np.ndarray:
    """A scene with detail at several scales, no two places alike."""
    rng = np.random.default_rng(5)
    total = np.zeros((height, width, 3), np.float32)
    for size in (2, 6, 20):
        noise = rng.normal(0, 1, (height // size + 2, width // size + 2, 3)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * size**0.5 * 9
    return np.clip(total + 128, 0, 255).astype(np.uint8)


def encode(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


class Clip:
    """A pan over a scene, with a logo that is to be removed."""

    def __init__(self, bench: Bench, count: int, *, step: int = 4, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.bench = bench
        self.count = count
        plate = make_plate(width + step * count, height)
        self.truth = [plate[:, step * i : step * i + width].copy() for i in range(count)]
        self.mask = np.zeros((height, width), np.uint8)
        left, top, right, bottom = (value * width // WIDTH for value in HOLE)
        self.mask[top:bottom, left:right] = 255
        stripes = np.where(np.arange(width) // 5 % 2 == 0, 240, 10).astype(np.uint8)[np.newaxis, :, np.newaxis]
        self.shown = [np.where(self.mask[..., np.newaxis] != 0, stripes, frame) for frame in self.truth]
        self.key = uuid.uuid4().hex
        self.image_urls = [bench.media.put(f"{self.key}-{i}", encode(frame)) for i, frame in enumerate(self.shown)]
        self.mask_urls = [bench.media.put(f"{self.key}-mask", encode(self.mask))] * count

    def item(self, index: int, run: str) -> dict[str, Any]:
        return {
            "id": f"frame-{index}",
            "index": index,
            "imageUrl": self.image_urls[index],
            "maskUrl": self.mask_urls[index],
            "resultUrl": self.bench.media.url(f"objects/{self.key}-{run}-{index}"),
        }

    def body(self, indices: list[int], *, run: str = "run", spacing: float = 0.04, **fields: Any) -> dict[str, Any]:
        """A request for those frames, with all that their windows look at."""
        wanted = set()
        for index in indices:
            start = index // 24 * 24
            wanted |= set(range(max(0, start - 24), min(self.count, start + 49)))
        around = [
            {"index": index, "imageUrl": self.image_urls[index], "maskUrl": self.mask_urls[index]}
            for index in sorted(wanted - set(indices))
        ]
        sequence = {"first": indices[0], "count": self.count, "spacingSeconds": spacing, "around": around}
        return self.bench.body([self.item(index, run) for index in indices], sequence=sequence, **fields)

    def send(self, indices: list[int], *, run: str = "run", **fields: Any) -> list[dict[str, Any]]:
        """The lines of the items, by index, all of which must have succeeded."""
        lines = self.ask(self.body(indices, run=run, **fields))
        assert lines[-1]["type"] == "end"
        assert lines[-1]["failed"] == 0, lines
        return sorted(lines[:-1], key=lambda line: int(line["id"].removeprefix("frame-")))

    def ask(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        response = self.bench.service.http.post("/v1/inpaint", json=body, timeout=240)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    def result(self, index: int, run: str = "run") -> np.ndarray:
        return cv2.imdecode(np.frombuffer(self.bytes_of(index, run), np.uint8), cv2.IMREAD_UNCHANGED)

    def bytes_of(self, index: int, run: str = "run") -> bytes:
        return self.bench.media.objects[f"{self.key}-{run}-{index}"]

    def psnr(self, indices: range, run: str = "run") -> float:
        where = self.mask != 0
        errors = [(self.truth[i][where].astype(float) - self.result(i, run)[where]) ** 2 for i in indices]
        return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-6)))
