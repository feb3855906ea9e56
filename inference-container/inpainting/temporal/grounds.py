"""The ground of one frame: what stays behind whatever moves, as far as other frames show it."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import read, spread, widen
from inpainting.temporal.footage import BESIDE_PIXELS, RIM_PIXELS, Footage
from inpainting.temporal.fusing import Fused, fuse, smooth_points
from inpainting.temporal.tracing import trace_ground
from inpainting.temporal.windows import TRACE_FRAMES

_RING_PIXELS = 6
# Around a hole a difference in tone up to this is levelled; what differs more is something else.
_RING_LEVELS_MAX = 30.0
# Around a hole, what differs from the ground by so many levels over a small neighbourhood stands in front of it.
_FRONT_LEVELS = 20.0
_FRONT_WINDOW = (5, 5)
# Points that are traced at a time: some 400 bytes each.
_BAND_POINTS = 200_000
_SPREAD_CELLS_MAX = 250_000
# A thing may reach this far into a hole unseen.
_SUSPICION_PIXELS_MAX = 40


class GroundImage(NamedTuple):
    """A frame with the ground that others show in its hole; where none does, and where they disagree (0 or 1).

    `front` and `behind` are where, around the hole, the frame shows something else than that ground, and where not.
    """

    image: Pixels
    hidden: Pixels
    unsure: Pixels
    front: Pixels
    behind: Pixels


def fill_from_others(footage: Footage, index: int) -> GroundImage:
    """Fills the ground that other frames show, its tone levelled to what is around the hole."""
    hole = footage.hole(index)
    image = footage.frame(index).copy()
    hidden, unsure, front, behind = (np.zeros_like(hole) for _ in range(4))
    if not hole.any():
        return GroundImage(image, hidden, unsure, front, behind)
    ring = widen(hole, RIM_PIXELS + _RING_PIXELS) - widen(hole, RIM_PIXELS)
    y, x = np.nonzero(hole | ring)
    fused = _trace_in_bands(footage, index, x, y)
    inside = hole[y, x] != 0
    difference = image[y, x] - fused.colours
    shown = ~inside & fused.is_shown
    size = np.abs(difference).max(axis=-1)
    differs = shown & (smooth_points(size, shown, x, y, _FRONT_WINDOW) > _FRONT_LEVELS)
    front[y, x], behind[y, x] = differs, shown & ~differs
    levels = ~inside & fused.is_trusted & ~differs & (size < _RING_LEVELS_MAX)
    use = inside & fused.is_trusted
    if levels.any() and use.any():
        fused.colours[use] += _spread_points(difference, x, y, levels, use)
    image[y[use], x[use]] = np.clip(np.rint(fused.colours[use]), 0, 255)
    hidden[y, x] = inside & ~fused.is_shown
    unsure[y, x] = inside & fused.is_shown & ~fused.is_trusted
    return GroundImage(image, hidden, unsure, front, behind)


def _trace_in_bands(footage: Footage, index: int, x: Pixels, y: Pixels) -> Fused:
    """Traces and fuses so many points at a time, which bounds the memory for their sources."""
    bands = []
    for start in range(0, len(x), _BAND_POINTS):
        band = slice(start, start + _BAND_POINTS)
        sources = trace_ground(footage, index, x[band], y[band], TRACE_FRAMES)
        bands.append(fuse(sources, x[band], y[band]))
    return Fused(*(np.concatenate(parts) for parts in zip(*bands, strict=True)))


def _spread_points(values: Pixels, x: Pixels, y: Pixels, known: Pixels, wanted: Pixels) -> Pixels:
    """The values of the known points, spread smoothly to the wanted ones. Large areas are spread over coarse cells."""
    left, top = int(x.min()), int(y.min())
    across, down = int(x.max()) - left + 1, int(y.max()) - top + 1
    cell = max(1.0, math.sqrt(across * down / _SPREAD_CELLS_MAX))
    columns, rows = ((x - left) / cell).astype(np.int64), ((y - top) / cell).astype(np.int64)
    shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    places = (rows * shape[1] + columns)[known]
    count = np.bincount(places, minlength=shape[0] * shape[1])
    sums = [np.bincount(places, values[known, k], shape[0] * shape[1]) for k in range(values.shape[1])]
    means = np.stack(sums, axis=-1) / np.maximum(count, 1)[:, np.newaxis]
    field = spread(means.reshape(*shape, -1), (count > 0).reshape(shape))
    offset = 0.5 / cell - 0.5
    return read(field, (x[wanted] - left) / cell + offset, (y[wanted] - top) / cell + offset)


def find_foreign(footage: Footage, index: int) -> Pixels | None:
    """Where a frame shows what is not ground (1), without its hole; None where there is no such thing."""
    other = footage.others(index)
    if other is None:
        return None
    hole = footage.hole(index)
    beside = widen(hole, BESIDE_PIXELS) - hole
    foreign: Pixels = other | (widen(other, BESIDE_PIXELS) & beside)
    return foreign


def find_suspicious(footage: Footage, index: int, ground: GroundImage) -> Pixels | None:
    """The part of a hole (1) that is nearer to something in front of the ground than to the ground; None for none."""
    hole = footage.hole(index)
    x, y, width, height = cv2.boundingRect(hole)
    reach = _SUSPICION_PIXELS_MAX
    part = (slice(max(0, y - reach), y + height + reach), slice(max(0, x - reach), x + width + reach))
    near = hole[part]
    front, behind = ground.front[part], ground.behind[part]
    other = footage.others(index)
    # What is right beside the hole tells most; further out is asked where no frame shows that.
    told = widen(front | behind, 3 * BESIDE_PIXELS)
    ring = (widen(near, 3 * BESIDE_PIXELS) - widen(near, BESIDE_PIXELS)) & (1 - told)
    if other is None:
        behind = behind | ring
    else:
        front, behind = front | (ring & other[part]), behind | (ring & (1 - other[part]))
    if not front.any():
        return None
    to_front = cv2.distanceTransform(1 - front, cv2.DIST_L2, 3)
    to_behind = cv2.distanceTransform(1 - behind, cv2.DIST_L2, 3)
    suspicious = np.zeros_like(hole)
    suspicious[part] = near & (to_front < to_behind) & (to_front < _SUSPICION_PIXELS_MAX)
    return suspicious


def measure_ground_share(footage: Footage, index: int) -> float:
    """How much of what surrounds a frame's hole is ground, 0 to 1."""
    hole = footage.hole(index)
    ring = widen(hole, 2 * BESIDE_PIXELS) - widen(hole, BESIDE_PIXELS)
    other = footage.others(index)
    around = cv2.countNonZero(ring)
    if other is None or around == 0:
        return 1.0
    return 1 - np.count_nonzero(ring & other) / around
