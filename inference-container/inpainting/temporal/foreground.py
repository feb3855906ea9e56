"""What stands in front of the ground in a frame, told by what other frames show in its place."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import make_grid, read
from inpainting.temporal.motion import Flow, Look

Step = Callable[[int, int], tuple[Flow, Pixels] | None]

# Frames that are compared, the first five that there are: far enough for a thing to have moved on.
_OFFSETS = (6, -12, 12, -20, 20, -6, 3, -3, 16, -16, 9, -9)
_SAMPLES = 5
_REACH_MAX = 20
# A frame's own value stands in for what a sample does not show; these are needed for a majority.
_NODE_CELLS = 8
# Levels by which a cell differs from all that the ground shows around its place.
_LEVELS = 16
_AROUND = np.ones((3, 3), np.uint8)
_CELLS_MIN = 6


def find_foreground(step: Step, look: Callable[[int], Look], index: int) -> Pixels | None:
    """1 on half the grid where a frame shows something that most other frames do not; None where none can tell.

    The ground of a place is the median of what frames before and after show there (background subtraction, as in
    Gloyer et al., 1995), each brought over along the ground's motion. A thing that hardly moves is not told.
    """
    own = look(index).coarse
    shape = own.colours.shape
    samples: list[Pixels] = []
    nodes = {sign: _Nodes(step, index, sign, shape) for sign in (1, -1)}
    for offset in _choose(nodes):
        map_x, map_y, gain = nodes[1 if offset > 0 else -1].map_to(abs(offset))
        other = look(index + offset).coarse
        border = cv2.BORDER_CONSTANT
        seen = cv2.remap(other.known, map_x, map_y, cv2.INTER_NEAREST, borderMode=border, borderValue=0)
        moved = cv2.remap(other.colours, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if float(np.abs(gain - 1).max()) > 0.01:
            moved = np.clip(np.rint(moved / gain), 0, 255).astype(np.uint8)
        samples.append(np.where(seen[..., np.newaxis] != 0, moved, own.colours))
    if len(samples) < _SAMPLES:
        return None
    ground = _median_of_five(samples)
    low, high = cv2.erode(ground, _AROUND), cv2.dilate(ground, _AROUND)
    outside = np.maximum(cv2.subtract(own.colours, high), cv2.subtract(low, own.colours)).max(axis=-1)
    front = ((outside > _LEVELS) & (own.known != 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(front, connectivity=8)
    if count == 1:
        return None
    large = stats[:, cv2.CC_STAT_AREA] >= _CELLS_MIN
    large[0] = False
    front = large[labels].astype(np.uint8)
    return front if front.any() else None


class _Nodes:
    """The ways of a lattice of points along the ground, from a frame in one direction."""

    def __init__(self, step: Step, index: int, direction: int, shape: tuple[int, ...]) -> None:
        self._shape = shape
        height, width = shape[:2]
        down, across = max(2, -(-height // _NODE_CELLS)), max(2, -(-width // _NODE_CELLS))
        y, x = np.meshgrid(np.linspace(0, height - 1, down), np.linspace(0, width - 1, across), indexing="ij")
        at: Pixels = np.stack([x, y], axis=-1).astype(np.float32)
        self._ways, self._gains = [at], [np.ones(3, np.float32)]
        for distance in range(_REACH_MAX):
            found = step(index + direction * distance, direction)
            if found is None:
                return
            flow, gain = found
            field = flow.ground
            scale = np.array([field.shape[1] / width, field.shape[0] / height], np.float32)
            grid = (at.reshape(-1, 2) + 0.5) * scale - 0.5
            cells = flow.per_pixel / scale
            at = at + (read(field, grid[:, 0], grid[:, 1]) * cells).reshape(at.shape)
            self._ways.append(at)
            self._gains.append(self._gains[-1] * gain)

    @property
    def reach(self) -> int:
        return len(self._ways) - 1

    def map_to(self, distance: int) -> tuple[Pixels, Pixels, Pixels]:
        """Where each cell lies so many frames away, across and down, and the gain on the way."""
        height, width = self._shape[:2]
        x, y = make_grid(height, width)
        way = self._ways[distance]
        across = x * np.float32((way.shape[1] - 1) / max(width - 1, 1))
        down = y * np.float32((way.shape[0] - 1) / max(height - 1, 1))
        moved = cv2.remap(way, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return moved[..., 0], moved[..., 1], self._gains[distance]


def _choose(nodes: dict[int, _Nodes]) -> list[int]:
    there = [offset for offset in _OFFSETS if abs(offset) <= nodes[1 if offset > 0 else -1].reach]
    return there[:_SAMPLES]


def _median_of_five(samples: list[Pixels]) -> Pixels:
    """By seven exchanges (Devillard, Fast median search, 1998)."""
    a, b, c, d, e = samples
    a, b = cv2.min(a, b), cv2.max(a, b)
    d, e = cv2.min(d, e), cv2.max(d, e)
    d = cv2.max(a, d)
    b = cv2.min(b, e)
    b, c = cv2.min(b, c), cv2.max(b, c)
    result: Pixels = cv2.max(b, cv2.min(c, d))
    return result
