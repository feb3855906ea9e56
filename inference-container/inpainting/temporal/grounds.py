"""The ground of one frame: what stays behind whatever moves, as far as other frames show it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import spread, widen
from inpainting.temporal.footage import RIM_PIXELS, Footage
from inpainting.temporal.fusing import fuse
from inpainting.temporal.tracing import trace_ground
from inpainting.temporal.windows import REACH_FRAMES

_RING_PIXELS = 6
# Around a hole a difference in tone up to this is levelled; what differs more is something else.
_RING_LEVELS_MAX = 30.0
# Beside a hole motion is measured badly, so that what is there is judged by what is beyond.
_BESIDE_PIXELS = 8


class GroundImage(NamedTuple):
    """A frame with the ground that others show in its hole; where none does, and where they disagree (0 or 1)."""

    image: Pixels
    hidden: Pixels
    unsure: Pixels


def fill_from_others(footage: Footage, index: int) -> GroundImage:
    """Fills the ground that other frames show, its tone levelled to what is around the hole."""
    hole = footage.hole(index)
    image = footage.frame(index).copy()
    hidden, unsure = np.zeros_like(hole), np.zeros_like(hole)
    if not hole.any():
        return GroundImage(image, hidden, unsure)
    ring = widen(hole, RIM_PIXELS + _RING_PIXELS) - widen(hole, RIM_PIXELS)
    y, x = np.nonzero(hole | ring)
    fused = fuse(trace_ground(footage, index, x, y, REACH_FRAMES), x, y)
    left, top = int(x.min()), int(y.min())
    part = (slice(top, int(y.max()) + 1), slice(left, int(x.max()) + 1))
    colours = np.zeros((*hole[part].shape, 3), np.float32)
    colours[y - top, x - left] = fused.colours
    trusted = np.zeros(hole[part].shape, bool)
    trusted[y - top, x - left] = fused.is_trusted
    difference = image[part].astype(np.float32) - colours
    level = (ring[part] != 0) & trusted & (np.abs(difference).max(axis=-1) < _RING_LEVELS_MAX)
    if level.any():
        colours += spread(difference, level)
    use = (hole[part] != 0) & trusted
    image[part][use] = np.clip(np.rint(colours[use]), 0, 255)
    inside = hole[y, x] != 0
    hidden[y, x] = inside & ~fused.is_shown
    unsure[y, x] = inside & fused.is_shown & ~fused.is_trusted
    return GroundImage(image, hidden, unsure)


def find_foreign(footage: Footage, index: int) -> Pixels | None:
    """Where a frame shows what is not ground (1), without its hole; None where there is no such thing."""
    other = _find_other(footage, index)
    if other is None:
        return None
    foreign = widen(other, _BESIDE_PIXELS) & (1 - footage.hole(index))
    return foreign if foreign.any() else None


def measure_ground_share(footage: Footage, index: int) -> float:
    """How much of what surrounds a frame's hole is ground, 0 to 1."""
    hole = footage.hole(index)
    ring = widen(hole, 2 * _BESIDE_PIXELS) - widen(hole, _BESIDE_PIXELS)
    other = _find_other(footage, index)
    around = cv2.countNonZero(ring)
    if other is None or around == 0:
        return 1.0
    return 1 - np.count_nonzero(ring & other) / around


def _find_other(footage: Footage, index: int) -> Pixels | None:
    ground = footage.ground(index)
    if ground is None:
        return None
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    size = (footage.width, footage.height)
    other = cv2.resize(cv2.morphologyEx(255 - ground, cv2.MORPH_OPEN, kernel), size, interpolation=cv2.INTER_NEAREST)
    away: Pixels = np.minimum(other, 1) & (1 - widen(footage.hole(index), _BESIDE_PIXELS))
    return away
