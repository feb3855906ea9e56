"""The holes of the bench, drawn from a seed: what people want to be rid of, by class."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from inpainting.bench.photographs import SCENES, SIDE_MAX, TEXTURES, load_photograph
from inpainting.models import Pixels

SEED = 5
BOX_SIDE = 64
QUICK_SIDE = 320
BLOB_SHARE = 0.05
# No neighbour looks like it, so that a model which looks into the hole is found out.
_MARKER = (255, 0, 255)


class Case(NamedTuple):
    """A photograph, its hole (0 or 1), and what a model gets to see."""

    name: str
    truth: Pixels
    hole: Pixels
    damaged: Pixels


class DamageClass(NamedTuple):
    """A class of damage and its cases."""

    name: str
    cases: list[Case]


def make_classes(*, quick: bool = False, seed: int = SEED) -> list[DamageClass]:
    """The four classes of the bench; `quick` takes the middle of two photographs of each, and one place."""
    kinds: list[tuple[str, tuple[str, ...], Callable[[np.random.Generator, int, int], Pixels], int]] = [
        ("scratches", SCENES, draw_scratches, 1),
        ("text", SCENES, draw_text, 1),
        ("boxes", TEXTURES, draw_box, 3),
        ("blobs", SCENES, draw_blobs, 2),
    ]
    classes = []
    for index, (name, photographs, draw, places) in enumerate(kinds):
        cases = []
        for number, photograph in enumerate(photographs[:2] if quick else photographs):
            truth = load_photograph(photograph, side_max=QUICK_SIDE if quick else SIDE_MAX)
            for place in range(1 if quick else places):
                rng = np.random.default_rng((seed, index, number, place))
                cases.append(make_case(f"{photograph.split('.')[0]} {place + 1}", truth, draw(rng, *truth.shape[:2])))
        classes.append(DamageClass(name, cases))
    return classes


def make_case(name: str, truth: Pixels, hole: Pixels) -> Case:
    """The case of a photograph and its hole, which is painted over in the damaged picture."""
    damaged = truth.copy()
    damaged[hole != 0] = _MARKER
    return Case(name, truth, hole, damaged)


def draw_scratches(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Ten lines of one to three pixels across the picture, each bent once."""
    hole = np.zeros((height, width), np.uint8)
    for _ in range(10):
        points = np.stack([rng.integers(0, width, 3), np.sort(rng.integers(0, height, 3))], axis=1)
        cv2.polylines(hole, [points.astype(np.int32)], False, 1, int(rng.integers(1, 4)))
    return hole


def draw_text(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Three lines of a watermark, strokes of three to six pixels."""
    hole = np.zeros((height, width), np.uint8)
    for line, words in enumerate(("Sample 2031", "DO NOT COPY", "(c) Jane Doe")):
        scale = float(rng.uniform(1.0, 1.8))
        place = (int(rng.integers(5, width // 5)), int(height * (0.25 + 0.27 * line)) + int(rng.integers(-15, 16)))
        cv2.putText(hole, words, place, cv2.FONT_HERSHEY_DUPLEX, scale, 1, int(rng.integers(3, 6)))
    return hole


def draw_box(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """One square of 64 pixels, away from the picture's border."""
    hole = np.zeros((height, width), np.uint8)
    top, left = int(rng.integers(16, height - BOX_SIDE - 16)), int(rng.integers(16, width - BOX_SIDE - 16))
    hole[top : top + BOX_SIDE, left : left + BOX_SIDE] = 1
    return hole


def draw_blobs(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Four round, uneven holes that together are 5 % of the picture."""
    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.full((height, width), np.inf, np.float32)
    for quarter in range(4):
        row, column = divmod(quarter, 2)
        middle_y = height * (0.3 + 0.4 * row + float(rng.uniform(-0.1, 0.1)))
        middle_x = width * (0.3 + 0.4 * column + float(rng.uniform(-0.1, 0.1)))
        stretch = float(rng.uniform(0.6, 1.6))
        distance = np.minimum(distance, np.hypot((y - middle_y) * stretch, (x - middle_x) / stretch))
    shape = distance + noise * (25 / float(np.abs(noise).max()))
    hole: Pixels = (shape <= np.quantile(shape, BLOB_SHARE)).astype(np.uint8)
    return hole
