"""The frames that a window looks at, with the motion between them, measured once and when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import read, widen
from inpainting.temporal.foreground import find_foreground
from inpainting.temporal.motion import Flow, Look, Pair, look_at, measure_pair

# Soft edges of what is removed reach this far out of a hole: such pixels are no source.
RIM_PIXELS = 2
# Beside a hole motion is measured badly, so that what is there is judged by what is beyond.
BESIDE_PIXELS = 8
MASK_BYTES_MAX = 96 * 2**20
# What stands in front of the ground is seen on half the grid, and has soft edges.
_FRONT_EDGE_CELLS = 2
_SPECK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


class PairStore:
    """The motion between neighbouring frames of one video, by the index of the earlier one.

    Windows that follow each other share it. It depends on the two frames and their holes alone.
    """

    def __init__(self) -> None:
        self._pairs: dict[int, Pair | None] = {}
        self._looks: dict[int, Look] = {}

    def look(self, index: int, look: Callable[[int], Look]) -> Look:
        """A frame's look, taken if need be."""
        if index not in self._looks:
            self._looks[index] = look(index)
        return self._looks[index]

    def get(self, index: int, look: Callable[[int], Look]) -> Pair | None:
        """The pair (index, index + 1), measured if need be."""
        if index not in self._pairs:
            self._pairs[index] = measure_pair(self.look(index, look), self.look(index + 1, look))
        return self._pairs[index]

    def forget_before(self, index: int) -> None:
        """Frees what no later window asks for."""
        self._pairs = {key: pair for key, pair in self._pairs.items() if key >= index}
        self._looks = {key: look for key, look in self._looks.items() if key >= index}


class _RecentMasks:
    """Masks of whole frames by kind and frame; past a bound the oldest are made anew when asked for."""

    def __init__(self) -> None:
        self._masks: dict[tuple[str, int], Pixels] = {}
        self._bytes = 0

    def get(self, kind: str, index: int, make: Callable[[], Pixels]) -> Pixels:
        key = kind, index
        if key not in self._masks:
            self._masks[key] = mask = make()
            self._bytes += mask.nbytes
            while self._bytes > MASK_BYTES_MAX and len(self._masks) > 1:
                self._bytes -= self._masks.pop(next(iter(self._masks))).nbytes
        return self._masks[key]


class Footage:
    """Frames and holes by their index in the video, and steps from one to the next."""

    def __init__(self, frames: Sequence[Pixels], holes: Sequence[Pixels], first: int, pairs: PairStore) -> None:
        self.first = first
        self.last = first + len(frames) - 1
        self.height, self.width = holes[0].shape
        self._frames = frames
        self._holes = holes
        self._pairs = pairs
        self._masks = _RecentMasks()
        self._boxes: dict[int, tuple[int, int, int, int]] = {}
        self._grounds: dict[int, Pixels | None] = {}
        self._fronts: dict[int, Pixels | None] = {}

    def frame(self, index: int) -> Pixels:
        return self._frames[index - self.first]

    def hole(self, index: int) -> Pixels:
        return self._holes[index - self.first]

    def is_known(self, index: int, x: Pixels, y: Pixels) -> Pixels:
        """Where the frame may be a source, for each point in it."""
        left, top, width, height = self._find_hole_box(index)
        known = np.ones(len(x), bool)
        near = np.flatnonzero((x > left) & (y > top) & (x < left + width - 1) & (y < top + height - 1))
        if near.size:
            unknown = self._masks.get("unknown", index, lambda: self._cut_unknown(index))
            known[near] = read(unknown, x[near] - left, y[near] - top) < 5
        return known

    def _find_hole_box(self, index: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a box with the hole and its rim, which may reach out of the frame."""
        if index not in self._boxes:
            left, top, width, height = cv2.boundingRect(self.hole(index))
            around = RIM_PIXELS + 2
            self._boxes[index] = (left - around, top - around, width + 2 * around, height + 2 * around)
        return self._boxes[index]

    def _cut_unknown(self, index: int) -> Pixels:
        """255 for the hole and its rim, within the hole's box."""
        around = RIM_PIXELS + 2
        left, top, width, height = self._find_hole_box(index)
        part = self.hole(index)[top + around : top + height - around, left + around : left + width - around]
        framed = cv2.copyMakeBorder(part, around, around, around, around, cv2.BORDER_CONSTANT, value=0)
        return 255 * widen(framed, RIM_PIXELS)

    def look(self, index: int) -> Look:
        return self._pairs.look(index, self._look)

    def step(self, index: int, direction: int) -> tuple[Flow, Pixels] | None:
        """The motion from a frame to its neighbour in a direction (1 or -1) and the gain; None past an end or a cut."""
        if not self.first <= index + direction <= self.last:
            return None
        pair = self._pairs.get(min(index, index + direction), self._look)
        if pair is None:
            return None
        return (pair.forward, pair.gain) if direction > 0 else (pair.backward, 1 / pair.gain)

    def ground(self, index: int) -> Pixels | None:
        """Above 200 on the grid where a frame shows ground; None for a frame without neighbours."""
        if index not in self._grounds:
            self._grounds[index] = self._find_ground(index)
        return self._grounds[index]

    def _find_ground(self, index: int) -> Pixels | None:
        masks = [step[0].is_ground for step in (self.step(index, 1), self.step(index, -1)) if step is not None]
        if not masks:
            return None
        most = np.maximum(masks[0], masks[-1])
        ground: Pixels = np.where(most == 255, most, np.minimum(masks[0], masks[-1]))
        front = self.front(index)
        if front is not None:
            ground[widen(front, _FRONT_EDGE_CELLS) != 0] = 0
        return ground

    def front(self, index: int) -> Pixels | None:
        """1 on the grid where a frame shows what most others do not; None where there is nothing of the kind."""
        if index not in self._fronts:
            front = find_foreground(self.step, self.look, index)
            if front is not None:
                height, width = self.look(index).grey.shape
                soft = cv2.resize(255 * front, (width, height), interpolation=cv2.INTER_LINEAR)
                front = (soft > 127).astype(np.uint8)
            self._fronts[index] = front
        return self._fronts[index]

    def things(self, index: int) -> Pixels | None:
        """255 on the grid where a frame shows what moves otherwise than the ground."""
        masks = [step[0].is_thing for step in (self.step(index, 1), self.step(index, -1)) if step is not None]
        if not masks:
            return None
        things: Pixels = np.maximum(masks[0], masks[-1])
        front = self.front(index)
        return things if front is None else np.maximum(things, 255 * front)

    def others(self, index: int) -> Pixels | None:
        """1 where a frame shows what is not ground, specks left out, but for what is beside its hole."""
        others = self._masks.get("others", index, lambda: self._find_others(index))
        return others if others.size else None

    def _find_others(self, index: int) -> Pixels:
        nothing = np.zeros((0, 0), np.uint8)
        ground = self.ground(index)
        if ground is None:
            return nothing
        others = cv2.morphologyEx(np.where(ground > 200, 0, 255).astype(np.uint8), cv2.MORPH_OPEN, _SPECK)
        scaled = cv2.resize(np.minimum(others, 1), (self.width, self.height), interpolation=cv2.INTER_NEAREST)
        away: Pixels = scaled & (1 - widen(self.hole(index), BESIDE_PIXELS))
        return away if away.any() else nothing

    def to_grid(self, x: Pixels, y: Pixels, grid: Pixels) -> tuple[Pixels, Pixels]:
        """Points of a frame in cells of a grid."""
        return (
            (x + 0.5) * (grid.shape[1] / self.width) - 0.5,
            (y + 0.5) * (grid.shape[0] / self.height) - 0.5,
        )

    def _look(self, index: int) -> Look:
        return look_at(self.frame(index), self.hole(index))
