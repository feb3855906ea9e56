"""Brings fine detail into a filling that was made at a smaller scale, from what is known around it.

What scaling down took from the known parts is still there: the difference between the image and itself scaled down
and up again. Each small tile of the filling gets that difference from the known tile whose scaled-down look is nearest
to its own (example-based super-resolution; Freeman, Jones, Pasztor, 2002).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpainting.models import Pixels

# Tiles are compared by a window of 4 x 4 cells, of which the 2 x 2 in the middle are taken.
_WINDOW = 4
_CORE = 2
# A cell in pixels of the smaller scale: what is finer than it is what the filling lacks.
_CELL = 1.5
_SOURCES_MAX = 8192
_COMPARISONS_MAX = 1 << 27
_BLOCK = 1024
# How much the mean colour of a window counts beside the pattern in it.
_COLOUR_WEIGHT = 2.5
# Where no known tile has nearly this colour (levels) or this pattern, less of its detail is taken.
_COLOUR_REACH = 40.0
_NOISE = 4.0
# 1 would be the least error and a quarter of the sharpness lost; 0 puts ragged detail on edges.
_PATTERN_POWER = 0.25


def add_detail(image: Pixels, unknown: Pixels, target: Pixels, soft: Pixels, scale: float) -> Pixels:
    """`soft` with detail where `target` is not 0.

    `image` is what is known (height x width x 3, uint8), `unknown` is 1 where it is not, and `soft` is both the known
    and the filled, scaled down by `scale` (below 1) and up again. Where nothing known is wide enough, it comes back.
    """
    cell = max(2, round(_CELL / scale))
    looks, lost = _shrink(soft, cell), _cover(_grow(unknown, math.ceil(2 / scale)), cell)
    sources = _pick(lost)
    places = _find_tiles(_cover(target, cell))
    if len(sources) == 0 or len(places) == 0:
        return soft
    random = np.random.default_rng(1)
    count = max(1, min(len(sources), _SOURCES_MAX, _COMPARISONS_MAX // len(places)))
    if count < len(sources):
        sources = sources[np.sort(random.choice(len(sources), count, replace=False))]
    known = _describe(looks, sources)
    wanted = _describe(looks, places)
    # Without it a plain filling would show one tile's detail again and again.
    nearest = _match(known, wanted + random.normal(0, _NOISE, wanted.shape).astype(np.float32))
    shares = _weigh(known[nearest], wanted)
    detail = _lay(image, soft, sources[nearest] * cell, places * cell, shares, cell=cell)
    return cv2.copyTo(np.clip(np.rint(soft + detail), 0, 255).astype(np.uint8), target, soft.copy())


def _shrink(soft: Pixels, cell: int) -> Pixels:
    """The mean colour of each cell, float32."""
    height, width = soft.shape[:2]
    padded = cv2.copyMakeBorder(soft, 0, -height % cell, 0, -width % cell, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // cell, padded.shape[0] // cell)
    return cv2.resize(padded, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _cover(mask: Pixels, cell: int) -> Pixels:
    """1 for each cell with a pixel of the mask."""
    height, width = mask.shape
    padded = cv2.copyMakeBorder(mask, 0, -height % cell, 0, -width % cell, cv2.BORDER_REPLICATE)
    covered: Pixels = padded.reshape(padded.shape[0] // cell, cell, padded.shape[1] // cell, cell).max(axis=(1, 3))
    return covered


def _grow(mask: Pixels, pixels: int) -> Pixels:
    return cv2.dilate(mask, np.ones((2 * pixels + 1,) * 2, np.uint8))


def _pick(lost: Pixels) -> Pixels:
    """The upper left cells (n x 2: row, column) of windows that are known all over."""
    # The last row and column of cells may be padding.
    known = 1 - lost[:-1, :-1]
    if min(known.shape) < _WINDOW:
        return np.empty((0, 2), np.intp)
    return np.argwhere(sliding_window_view(known, (_WINDOW, _WINDOW)).all(axis=(2, 3)))


def _find_tiles(target: Pixels) -> Pixels:
    """The upper left cells of the windows whose cores together cover the target; some reach over its edges."""
    margin = (_WINDOW - _CORE) // 2
    down, across = -target.shape[0] % _CORE, -target.shape[1] % _CORE
    padded = cv2.copyMakeBorder(target, 0, down, 0, across, cv2.BORDER_CONSTANT, value=0)
    rows, columns = padded.shape[0] // _CORE, padded.shape[1] // _CORE
    cores = padded.reshape(rows, _CORE, columns, _CORE).max(axis=(1, 3))
    return np.argwhere(cores) * _CORE - margin


def _describe(looks: Pixels, places: Pixels) -> Pixels:
    """For each window its pattern (48 values) and its mean colour (3, weighted)."""
    padded = cv2.copyMakeBorder(looks, _WINDOW, _WINDOW, _WINDOW, _WINDOW, cv2.BORDER_REFLECT)
    windows = sliding_window_view(padded, (_WINDOW, _WINDOW), axis=(0, 1))
    values = windows[places[:, 0] + _WINDOW, places[:, 1] + _WINDOW].reshape(len(places), 3, -1)
    means = values.mean(axis=2, keepdims=True)
    return np.concatenate([(values - means).reshape(len(places), -1), _COLOUR_WEIGHT * means[..., 0]], axis=1)


def _match(known: Pixels, wanted: Pixels) -> Pixels:
    """For each row of `wanted` the index of the nearest row of `known`."""
    norms = (known**2).sum(axis=1)
    nearest = [(norms - 2 * (wanted[i : i + _BLOCK] @ known.T)).argmin(axis=1) for i in range(0, len(wanted), _BLOCK)]
    return np.concatenate(nearest)


def _weigh(found: Pixels, wanted: Pixels) -> Pixels:
    """How much of the detail of what was found fits what was wanted, 0 to 1."""
    off = ((found[:, -3:] - wanted[:, -3:]) / _COLOUR_WEIGHT) ** 2
    colour = 1 / (1 + off.mean(axis=1) / _COLOUR_REACH**2)
    found, wanted = found[:, :-3], wanted[:, :-3]
    noise = _NOISE * found.shape[1]
    pattern = ((found * wanted).sum(axis=1) + noise) / ((found * found).sum(axis=1) + noise)
    weights: Pixels = colour * np.clip(pattern, 0, 1) ** _PATTERN_POWER
    return weights


def _lay(image: Pixels, soft: Pixels, sources: Pixels, places: Pixels, shares: Pixels, *, cell: int) -> Pixels:
    """The detail of the sources' cores in their places, blended at their edges without losing strength."""
    height, width = soft.shape[:2]
    feather = max(1, cell // 2)
    size = _CORE * cell + 2 * feather
    ramp = np.clip((np.arange(size) + 0.5) / (2 * feather), 0, 1)
    window = np.outer(np.minimum(ramp, ramp[::-1]), np.minimum(ramp, ramp[::-1])).astype(np.float32)
    inset = (_WINDOW - _CORE) // 2 * cell - feather
    total = np.zeros((height + 2 * size, width + 2 * size, 3), np.float32)
    power = np.zeros(total.shape[:2], np.float32)
    squared = window**2
    for source, place, share in zip(
        (sources + inset).tolist(), (places + inset + size).tolist(), shares.tolist(), strict=True
    ):
        here = slice(source[0], source[0] + size), slice(source[1], source[1] + size)
        there = slice(place[0], place[0] + size), slice(place[1], place[1] + size)
        total[there] += cv2.subtract(image[here], soft[here], dtype=cv2.CV_32F) * (window * share)[..., np.newaxis]
        power[there] += squared
    total /= np.sqrt(np.maximum(power, 1e-6))[..., np.newaxis]
    detail: Pixels = total[size : size + height, size : size + width]
    return detail
