"""The mask rule: what a mask may look like, and which pixels it marks.

The same rule is applied to masks at upload, so both sides are held to `tests/mask-examples.json`.
It works on a histogram: one frame of a mask video and a still mask are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inpainting.errors import Code, ItemError

Values = npt.NDArray[Any]

BLACK_MAX = 48
WHITE_MIN = 207
HOLE_MIN = 128
GREY_SHARE_MAX = 0.03


@dataclass(frozen=True)
class MaskShares:
    """Shares of a mask's pixels, 0 to 1: neither near black nor near white, and marked as hole."""

    grey: float
    hole: float

    @property
    def is_binary(self) -> bool:
        """Whether few enough pixels are grey for the mask to mean one thing."""
        return self.grey <= GREY_SHARE_MAX


def measure_levels(counts: npt.NDArray[np.integer]) -> MaskShares:
    """The shares in a histogram of 256 luminance levels, of which at least one pixel is counted."""
    total = int(counts.sum())
    grey = int(counts[BLACK_MAX + 1 : WHITE_MIN].sum())
    hole = int(counts[HOLE_MIN:].sum())
    return MaskShares(grey=grey / total, hole=hole / total)


def measure(values: Values) -> MaskShares:
    """The shares in a mask's luminance values (alpha already composited over black)."""
    above_black, from_white, hole = (_count_above(values, level) for level in (BLACK_MAX, WHITE_MIN - 1, HOLE_MIN - 1))
    return MaskShares(grey=(above_black - from_white) / values.size, hole=hole / values.size)


def _count_above(values: Values, level: int) -> int:
    return cv2.countNonZero(cv2.threshold(values, level, 1, cv2.THRESH_BINARY)[1])


def ensure_usable(shares: MaskShares) -> None:
    """Raises ItemError(mask.not_binary or mask.covers_everything) for a mask that no model can use."""
    if not shares.is_binary:
        raise ItemError(
            Code.MASK_NOT_BINARY,
            f"{shares.grey:.1%} of the mask's pixels are grey (between {BLACK_MAX} and {WHITE_MIN}); at most "
            f"{GREY_SHARE_MAX:.0%} may be. Paint what to remove white, the rest black, without soft edges.",
        )
    if shares.hole == 1:
        raise ItemError(
            Code.MASK_COVERS_EVERYTHING,
            "The mask is white everywhere, so no pixel is left to fill from. Leave what to keep black.",
        )


def find_hole(values: Values) -> Values:
    """1 where the mask marks a pixel to remove, 0 elsewhere."""
    return cv2.threshold(values, HOLE_MIN - 1, 1, cv2.THRESH_BINARY)[1]
