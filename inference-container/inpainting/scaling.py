"""Fills crops that are larger than a model takes: at its scale, with the detail of their surroundings afterwards."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from inpainting.detail import add_detail
from inpainting.models import Model, Pixels

# A scaled hole is grown, so that no half-hole pixel counts as known.
_HOLE_GROWTH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


def fill_to_scale(image: Pixels, hole: Pixels, foreign: Pixels | None, model: Model, parameters: Any) -> Pixels:
    """`Model.fill` for an image of any size."""
    height, width = hole.shape
    scale = choose_scale(height, width, model, parameters)
    if scale >= 1:
        return model.fill(image, hole, foreign, parameters)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    small_hole = scale_hole(hole, size)
    small_foreign = None if foreign is None else cv2.subtract(scale_hole(foreign, size), small_hole)
    if (small_hole if small_foreign is None else small_hole | small_foreign).all():
        small_hole = cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST)
        small_foreign = None
    filled = cv2.copyTo(model.fill(small, small_hole, small_foreign, parameters), small_hole, small)
    soft = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
    return add_detail(image, unknown, hole, soft, scale)


def choose_scale(height: int, width: int, model: Model, parameters: Any) -> float:
    """The largest scale, 1 at most, at which a crop is within the model's bounds on pixels and sides."""
    scale = math.sqrt(model.crop_pixels_max(parameters) / (height * width))
    side_max = model.manifest.sizes.side_max
    return min(1.0, scale if side_max is None else min(scale, side_max / max(height, width)))


def scale_hole(hole: Pixels, size: tuple[int, int]) -> Pixels:
    """A hole (0 or 1) at another size (width, height): what it covers in part, and two pixels around."""
    partial = cv2.resize(hole * 255, size, interpolation=cv2.INTER_AREA)
    return cv2.dilate(np.minimum(partial, 1), _HOLE_GROWTH)
