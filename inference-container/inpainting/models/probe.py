"""The probe of a learned model: which reading of its arrays makes it continue a gradient into a hole.

A wrong polarity or scale makes a picture, not an error, so that only what comes out tells.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models.contract import (
    BYTE,
    SIGNED,
    UNIT,
    Array,
    Layout,
    Levels,
    Reading,
    Runner,
    SetupError,
    decode,
    encode,
)

MISS_MAX = 40.0
# A composited kernel gives back what it got; a level of rounding and a soft edge of a pixel or two are its right.
KEPT_MAX = 2.5
_SOFT_EDGE = cv2.getStructuringElement(cv2.MORPH_RECT, (7, 7))


class Finding(NamedTuple):
    """How a kernel is read, how far its filling was off, and what it changed around it: mean levels of 255."""

    reading: Reading
    miss: float
    changed: float

    @property
    def is_composited(self) -> bool:
        return self.changed <= KEPT_MAX


def make_gradient(height: int, width: int) -> tuple[Array, Array]:
    """A gradient (height x width x 3, far from grey, as grey is what some wrong readings make) and a hole amid it."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / max(1, width - 1), y / max(1, height - 1)
    truth = np.dstack([160 + 60 * x, 20 + 50 * y, 190 + 30 * x + 30 * y]).astype(np.uint8)
    hole = np.zeros((height, width), np.uint8)
    hole[height // 3 : height - height // 3, width // 3 : width - width // 3] = 1
    return truth, hole


def find_reading(runner: Runner, stated: Reading, *, side: int, is_known: bool, is_composited: bool | None) -> Finding:
    """The reading under which the kernel works; raises SetupError where there is none.

    `stated` is tried first, and is enough for a known file (`is_known`); the others are tried where it does not
    hold. `is_composited` says whether pixels outside the hole must come back as they went in.
    """
    signature = runner.signature
    truth, hole = make_gradient(signature.height or side, signature.width or side)
    best: Finding | None = None
    for image_levels, is_hole_high in _list_inputs(runner, stated):
        output = _run(runner, truth, hole, Reading(image_levels, is_hole_high, BYTE))
        for output_levels in _list_outputs(output, stated):
            reading = Reading(image_levels, is_hole_high, output_levels)
            finding = _judge(output, truth, hole, reading)
            if finding is not None and (best is None or _score(finding) < _score(best) - 0.5):
                best = finding
        if best is not None and is_known and best.reading == stated and _is_fit(best, is_composited):
            break
    if best is None:
        raise SetupError("its output for the check picture has values that are no numbers. The file may be damaged.")
    if best.miss > MISS_MAX:
        raise SetupError(
            f"no reading of its mask and levels makes it continue a gradient: the nearest ({best.reading}) is "
            f"{best.miss:.0f} levels off in the hole, and at most {MISS_MAX:.0f} are allowed. The file is damaged, or "
            "not an inpainting model of this kind."
        )
    if is_composited and not best.is_composited:
        raise SetupError(
            f"it changed pixels outside the hole by {best.changed:.0f} levels, and this export is known to leave "
            "them as they are. The file is not what it is taken for."
        )
    return best


def _score(finding: Finding) -> float:
    # What is around the hole decides only between readings that fill about as well.
    return finding.miss + min(finding.changed, 64) / 8


def _is_fit(finding: Finding, is_composited: bool | None) -> bool:
    return finding.miss <= MISS_MAX and (not is_composited or finding.is_composited)


def _list_inputs(runner: Runner, stated: Reading) -> list[tuple[Levels, bool]]:
    levels = [BYTE] if runner.signature.dtype == "uint8" else [UNIT, SIGNED, BYTE]
    if runner.signature.layout is Layout.JOINED:
        levels = [SIGNED, UNIT]
    pairs = [(each, is_hole_high) for each in levels for is_hole_high in (True, False)]
    return sorted(pairs, key=lambda pair: pair != (stated.image, stated.is_hole_high))


def _list_outputs(output: Array, stated: Reading) -> list[Levels]:
    if output.dtype == np.uint8:
        return [BYTE]
    return sorted([UNIT, BYTE, SIGNED], key=lambda levels: levels != stated.output)


def _run(runner: Runner, truth: Array, hole: Array, reading: Reading) -> Array:
    try:
        output = runner.run(encode(truth[np.newaxis], hole[np.newaxis], runner.signature, reading))
    except RuntimeError as error:
        raise SetupError(f"it failed on the check picture: {error}") from error
    wanted = (1, 3, *hole.shape)
    if output.shape != wanted:
        raise SetupError(
            f"it answered an array of {_format(output.shape)} for a picture of {hole.shape[1]}x{hole.shape[0]}, and "
            f"{_format(wanted)} is needed. The file is not an inpainting model of this kind."
        )
    return output


def _judge(output: Array, truth: Array, hole: Array, reading: Reading) -> Finding | None:
    try:
        result = decode(output, reading.output)[0]
    except ValueError:
        return None
    error = np.abs(result.astype(np.float32) - truth).mean(axis=2)
    around = cv2.dilate(hole, _SOFT_EDGE) == 0
    return Finding(reading, float(error[hole != 0].mean()), float(error[around].mean()))


def _format(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
