"""The points of a moving thing, found again in another frame by their brightness."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import find_median, read
from inpainting.temporal.motion import Look

_ROUNDS = 4
# The least mean squared change of brightness from cell to cell, in the direction in which it changes least.
_STRUCTURE_MIN = 12.0
# Points that differ by more than this many levels hardly count.
_DIFFERENCE = 12.0
_SHIFT_CELLS_MAX = 3.0
_POINTS_MIN = 12
_POINTS_SHARE = 0.15
_TRUST_MIN = 0.35
# Of the points that are seen so many have to be within so many levels.
_MATCH_SHARE = 0.6
_MATCH_LEVELS = 14.0


class Template:
    """Points of a frame on its grid, with their brightness and how it changes around them.

    Found by inverse compositional Gauss-Newton steps (Baker and Matthews, Lucas-Kanade 20 Years On, 2004)
    with robust weights. It compares with the first frame always, so that errors do not add up on the way.
    """

    def __init__(self, look: Look, x: Pixels, y: Pixels) -> None:
        grey = look.thin
        self._x, self._y = x, y
        self._level = read(grey, x, y)
        across = (read(grey, x + 1, y) - read(grey, x - 1, y)) / 2
        down = (read(grey, x, y + 1) - read(grey, x, y - 1)) / 2
        self._slope = np.stack([across, down], axis=1)

    @cached_property
    def is_distinct(self) -> bool:
        """Whether a shift in any direction would show: an even surface could be anywhere."""
        return float(np.linalg.eigvalsh(self._slope.T @ self._slope)[0]) > _STRUCTURE_MIN * len(self._slope)

    def find(self, look: Look, expected: Pixels) -> Pixels | None:
        """By how many cells the points have moved, near what is expected; None where too few are seen."""
        grey, known = look.thin, look.known
        moved = expected.astype(np.float64)
        trust = 0.0
        for _ in range(_ROUNDS):
            x, y = self._x + np.float32(moved[0]), self._y + np.float32(moved[1])
            seen = (x >= 0) & (y >= 0) & (x <= known.shape[1] - 1) & (y <= known.shape[0] - 1)
            seen &= read(known, x, y) != 0
            if np.count_nonzero(seen) < max(_POINTS_MIN, _POINTS_SHARE * len(x)):
                return None
            rest = read(grey, x[seen], y[seen]) - self._level[seen]
            rest = rest - np.float32(find_median(rest))
            weight = 1 / (1 + (rest / _DIFFERENCE) ** 2) ** 2
            trust = float(np.add.reduce(weight) / len(weight))
            slope = self._slope[seen]
            weighted = slope * weight[:, np.newaxis]
            step = np.linalg.solve(slope.T @ weighted + np.eye(2), weighted.T @ rest)
            moved = moved - step
            if float(np.abs(step).max()) < 0.01:
                break
        if trust < _TRUST_MIN or float(np.abs(moved - expected).max()) > _SHIFT_CELLS_MAX:
            return None
        return moved.astype(np.float32)

    def matches(self, look: Look, moved: Pixels) -> bool:
        """Whether a frame shows the points after they have moved by so many cells, as far as it shows any."""
        x, y = self._x + np.float32(moved[0]), self._y + np.float32(moved[1])
        seen = (x >= 0) & (y >= 0) & (x <= look.known.shape[1] - 1) & (y <= look.known.shape[0] - 1)
        seen &= read(look.known, x, y) != 0
        if np.count_nonzero(seen) < _POINTS_MIN:
            return True
        rest = np.abs(read(look.thin, x[seen], y[seen]) - self._level[seen])
        return float((rest < _MATCH_LEVELS).mean()) > _MATCH_SHARE
