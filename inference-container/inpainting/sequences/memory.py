"""How much memory a window takes, asked before its frames are decoded."""

from __future__ import annotations

from inpainting.temporal.footage import MASK_BYTES_MAX
from inpainting.temporal.motion import GRID_CELLS_MAX

# Points that are traced at a time (see docs/decisions/inference-temporal-filling.md).
_BYTES_BASE = 96 * 1024 * 1024
# Masks of whole frames that are kept, up to a bound: so many for each frame.
_MASKS_PER_FRAME = 2
# Motion, for each frame that is looked at and cell of its grid. A cell has two by two pixels at least.
_BYTES_PER_CELL = 75
_CELL_PIXELS_MIN = 4
# What is made of the frame that is filled, its file and those that wait to be stored.
_WORK_BYTES_PER_PIXEL = 40
# Files that are fetched for the next window.
_AHEAD_BYTES_PER_PIXEL = 24
FRAME_BYTES_PER_PIXEL, HOLE_BYTES_PER_PIXEL = 3, 1


def measure_window(size: tuple[int, int], frames: int, *, held_bytes: int | None = None) -> int:
    """What a window takes that looks at so many frames.

    `held_bytes` is what these take with their holes and files; the least where it is left out.
    """
    pixels = size[0] * size[1]
    if held_bytes is None:
        held_bytes = pixels * (FRAME_BYTES_PER_PIXEL * frames + HOLE_BYTES_PER_PIXEL)
    cells = min(GRID_CELLS_MAX, pixels // _CELL_PIXELS_MIN)
    work_bytes = pixels * (_WORK_BYTES_PER_PIXEL + _AHEAD_BYTES_PER_PIXEL)
    mask_bytes = min(MASK_BYTES_MAX, _MASKS_PER_FRAME * pixels * frames)
    return _BYTES_BASE + mask_bytes + _BYTES_PER_CELL * cells * frames + work_bytes + held_bytes


def count_ahead(size: tuple[int, int], file_bytes: int) -> int:
    """How many files of that size may be fetched for the next window while one is filled."""
    return _AHEAD_BYTES_PER_PIXEL * size[0] * size[1] // max(1, file_bytes)
