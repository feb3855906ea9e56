"""What the promises' tests share: a small picture, its hole, and what must hold around and in it."""

from __future__ import annotations

import numpy as np
from pictures import box_mask, scene

W, H = 96, 80
HOLE = box_mask(W, H, (30, 20, 60, 44))


def assert_kept_outside(result: np.ndarray, picture: np.ndarray, mask: np.ndarray) -> None:
    assert result.shape == picture.shape
    assert result.dtype == picture.dtype
    assert np.array_equal(result[mask < 128], picture[mask < 128])


def assert_filled(result: np.ndarray, mask: np.ndarray, marker: int) -> None:
    """Nearly nothing of the marker that was painted into the hole is left."""
    left = (result[mask >= 128].reshape(-1, result[mask >= 128].shape[-1] if result.ndim == 3 else 1) == marker).all(-1)
    assert left.mean() < 0.05


def damaged(mask: np.ndarray = HOLE, marker: int = 255) -> np.ndarray:
    picture = scene(mask.shape[1], mask.shape[0])
    picture[mask >= 128] = marker
    return picture
