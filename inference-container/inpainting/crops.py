"""Which parts of a picture a model works on: a box around each group of holes, with context."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

CONTEXT_PIXELS_MIN = 32
GROUPS_MAX = 256


class Box(NamedTuple):
    """A rectangle of pixels: `right` and `bottom` are one past the last."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of this box in an array of rows."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def union(self, other: Box) -> Box:
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def grow(self, across: int, down: int, width: int, height: int) -> Box:
        """This box with a margin, cut to a picture of width x height."""
        return Box(
            max(0, self.left - across),
            max(0, self.top - down),
            min(width, self.right + across),
            min(height, self.bottom + down),
        )

    def widen(self, side: int, width: int, height: int) -> Box:
        """This box at least `side` wide and high, moved rather than cut by the edges of a picture of width x height."""
        across, down = min(side, width), min(side, height)
        left = min(max(0, self.left - max(0, across - self.width) // 2), width - max(across, self.width))
        top = min(max(0, self.top - max(0, down - self.height) // 2), height - max(down, self.height))
        return Box(left, top, left + max(across, self.width), top + max(down, self.height))


class Crop(NamedTuple):
    """One step of work: fill the hole pixels in `hole`, looking at `context` (which contains it)."""

    hole: Box
    context: Box


def find_crops(hole: npt.NDArray[Any], *, side_min: int = 0, side_max: int | None = None) -> list[Crop]:
    """Crops that together hold every hole pixel, each hole pixel in the `hole` box of at least one.

    Holes near each other form a group; groups are merged where one crop for both is no more work than two.
    Context is as wide as the hole on each side, and 32 pixels at least; for a crop to be no larger than `side_max` it
    may be half as wide. Crops are at least `side_min` wide and high where the picture is. The order is top to bottom.
    """
    height, width = hole.shape

    def add_context(box: Box) -> Box:
        across, down = (_measure_context(size, side_max) for size in (box.width, box.height))
        return box.grow(across, down, width, height).widen(side_min, width, height)

    crops = [Crop(box, add_context(box)) for box in _group(hole)]
    merged = True
    while merged:
        merged = False
        for i in range(len(crops)):
            for j in range(len(crops) - 1, i, -1):
                both = crops[i].hole.union(crops[j].hole)
                context = add_context(both)
                if context.area <= crops[i].context.area + crops[j].context.area:
                    crops[i] = Crop(both, context)
                    del crops[j]
                    merged = True
            if i + 1 >= len(crops):
                break
    return sorted(crops, key=lambda crop: (crop.hole.top, crop.hole.left))


def _measure_context(size: int, side_max: int | None) -> int:
    wide = max(CONTEXT_PIXELS_MIN, size)
    return wide if side_max is None else max(min(wide, (side_max - size) // 2), size // 2, CONTEXT_PIXELS_MIN)


def _group(hole: npt.NDArray[Any]) -> list[Box]:
    """The tight boxes of groups of holes.

    Holes are joined on a grid of cells, which grows until the groups are few: a mask of a million specks
    is one crop, not a million.
    """
    cell = 16
    while True:
        cells = _hole_cells(hole, cell)
        count, labels = cv2.connectedComponents(cells, connectivity=8)
        if count - 1 <= GROUPS_MAX:
            break
        cell *= 2
    boxes = []
    for label in range(1, count):
        rows, columns = np.nonzero(labels == label)
        top, left = int(rows.min()) * cell, int(columns.min()) * cell
        part = hole[top : (int(rows.max()) + 1) * cell, left : (int(columns.max()) + 1) * cell]
        members = cv2.resize(
            (labels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == label).astype(np.uint8),
            None,
            fx=cell,
            fy=cell,
            interpolation=cv2.INTER_NEAREST,
        )[: part.shape[0], : part.shape[1]]
        x, y, w, h = cv2.boundingRect(cv2.bitwise_and(part, members))
        boxes.append(Box(left + x, top + y, left + x + w, top + y + h))
    return boxes


def _hole_cells(hole: npt.NDArray[Any], cell: int) -> npt.NDArray[Any]:
    """1 for each cell of cell x cell pixels that holds a hole pixel."""
    height, width = hole.shape
    down, across = -height % cell, -width % cell
    padded = cv2.copyMakeBorder(hole, 0, down, 0, across, cv2.BORDER_CONSTANT, value=0)
    rows, columns = padded.shape[0] // cell, padded.shape[1] // cell
    # Eight pixels at a time: a cell is a multiple of 16 wide.
    words = padded.view(np.uint64).reshape(rows, cell, columns * cell // 8)
    occupied = np.bitwise_or.reduce(words, axis=1).reshape(rows, columns, cell // 8).any(axis=2)
    cells: npt.NDArray[Any] = occupied.astype(np.uint8)
    return cells
