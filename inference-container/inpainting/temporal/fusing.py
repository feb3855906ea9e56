"""One colour for each point out of what several frames show, and a verdict whether these agree."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.tracing import Sources

# Sources agree where they differ from their median by less than this many levels, over a small neighbourhood.
_AGREE_LEVELS = 14.0
_AGREE_WINDOW = (5, 5)
_AGREE_SHARE = 0.6
# A source that is this many frames further away counts half.
_HALF_FRAMES = 8.0


class Fused(NamedTuple):
    """For each point: a colour, whether it may be trusted, and whether any frame shows it at all."""

    colours: Pixels
    is_trusted: Pixels
    is_shown: Pixels


def fuse(sources: Sources, x: Pixels, y: Pixels) -> Fused:
    """Weighs the sources that agree. `x` and `y` are the points' whole coordinates."""
    valid = sources.distances > 0
    count = valid.sum(axis=0)
    median = _median(sources.colours, valid, count)
    difference = np.abs(sources.colours - median).mean(axis=-1)
    agrees = valid & (smooth_points(difference, valid, x, y, _AGREE_WINDOW) < _AGREE_LEVELS)
    weight = agrees * np.exp2(-sources.distances / _HALF_FRAMES).astype(np.float32)
    total = weight.sum(axis=0)
    colours = (sources.colours * weight[..., np.newaxis]).sum(axis=0) / np.maximum(total, 1e-6)[:, np.newaxis]
    trusted = (agrees.sum(axis=0) >= _AGREE_SHARE * count) & (count > 0)
    return Fused(colours, trusted, count > 0)


def _median(colours: Pixels, valid: Pixels, count: Pixels) -> Pixels:
    """The median of the valid sources by channel; anything where there is none."""
    ordered = np.sort(np.where(valid[..., np.newaxis], colours, np.float32(np.inf)), axis=0)
    points = np.arange(colours.shape[1])
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    median: Pixels = (ordered[low, points] + ordered[np.minimum(high, len(colours) - 1), points]) / 2
    return np.where((count > 0)[:, np.newaxis], median, 0)


def smooth_points(values: Pixels, valid: Pixels, x: Pixels, y: Pixels, window: tuple[int, int]) -> Pixels:
    """The mean of the values (points, or rows x points) over each point's neighbourhood, of what is valid."""
    left, top = int(x.min()), int(y.min())
    shape = (int(y.max()) - top + 1, int(x.max()) - left + 1)
    rows, valid_rows = np.atleast_2d(values), np.atleast_2d(valid)
    smooth = np.empty_like(rows)
    for row, (value, where) in enumerate(zip(rows, valid_rows, strict=True)):
        image, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        image[y - top, x - left] = value * where
        weight[y - top, x - left] = where
        total = cv2.boxFilter(image, -1, window, borderType=cv2.BORDER_CONSTANT)
        share = cv2.boxFilter(weight, -1, window, borderType=cv2.BORDER_CONSTANT)
        smooth[row] = (total / np.maximum(share, 1e-3))[y - top, x - left]
    return smooth.reshape(values.shape)
