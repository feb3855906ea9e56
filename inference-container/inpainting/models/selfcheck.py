"""The start-up check: a model is ready when it has really inpainted a small picture, and its speed is known."""

from __future__ import annotations

import time

import numpy as np

from inpainting.filling import fill_holes
from inpainting.models.interface import Model
from inpainting.pictures import Picture

PROBE_PICTURE = "256x256, hole 64x64"
_PROBE_SIDE, _PROBE_HOLE = 256, slice(96, 160)
_RUNS_MAX, _SECONDS_MAX = 3, 0.3
_SIDE = 48
_TOLERANCE = 40.0


def check_model(model: Model) -> str | None:
    """None when the model continues a gradient into a hole and touches nothing else, else the reason."""
    ramp = np.linspace(60, 200, _SIDE, dtype=np.float32)
    truth = np.repeat((ramp[:, np.newaxis] / 2 + ramp / 2)[..., np.newaxis], 3, axis=2).astype(np.uint8)
    hole = np.zeros((_SIDE, _SIDE), np.uint8)
    hole[16:30, 18:32] = 1
    damaged = truth.copy()
    damaged[hole != 0] = 0
    picture = Picture(damaged, None, None)
    try:
        fill_holes(picture, hole, model, model.parameters(), check=lambda: None)
    except Exception as error:
        return f"it failed on the check picture ({type(error).__name__}: {error})"
    if not np.array_equal(picture.pixels[hole == 0], truth[hole == 0]):
        return "it changed pixels outside the hole of the check picture"
    miss = float(np.abs(picture.pixels[hole != 0].astype(np.float32) - truth[hole != 0]).mean())
    if miss > _TOLERANCE:
        return f"it filled the check picture {miss:.0f} levels off; at most {_TOLERANCE:.0f} are allowed"
    return None


def measure_speed(model: Model) -> float:
    """Milliseconds that a model which has passed its check takes for `PROBE_PICTURE`, decoded, on this machine."""
    noise = np.random.default_rng(1).integers(-12, 13, (_PROBE_SIDE, _PROBE_SIDE, 3))
    ramp = np.linspace(60, 200, _PROBE_SIDE)[:, np.newaxis, np.newaxis]
    hole = np.zeros((_PROBE_SIDE, _PROBE_SIDE), np.uint8)
    hole[_PROBE_HOLE, _PROBE_HOLE] = 1
    picture = Picture((ramp + noise).astype(np.uint8), None, None)
    times: list[float] = []
    while not times or (len(times) < _RUNS_MAX and sum(times) < _SECONDS_MAX):
        started = time.perf_counter()
        fill_holes(picture, hole, model, model.parameters(), check=lambda: None)
        times.append(time.perf_counter() - started)
    return min(times) * 1000
