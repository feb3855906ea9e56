"""The frames that a window looks at, with the motion between them, measured once and when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import widen
from inpainting.temporal.motion import Flow, Look, Pair, look_at, measure_pair

# Soft edges of what is removed reach this far out of a hole: such pixels are no source.
RIM_PIXELS = 2


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


class Footage:
    """Frames and holes by their index in the video, and steps from one to the next."""

    def __init__(self, frames: Sequence[Pixels], holes: Sequence[Pixels], first: int, pairs: PairStore) -> None:
        self.first = first
        self.last = first + len(frames) - 1
        self.height, self.width = holes[0].shape
        self._frames = frames
        self._holes = holes
        self._pairs = pairs
        self._known: dict[int, Pixels] = {}

    def frame(self, index: int) -> Pixels:
        return self._frames[index - self.first]

    def hole(self, index: int) -> Pixels:
        return self._holes[index - self.first]

    def known(self, index: int) -> Pixels:
        """255 where the frame may be a source."""
        if index not in self._known:
            self._known[index] = 255 - 255 * widen(self.hole(index), RIM_PIXELS)
        return self._known[index]

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
        """255 on the grid where a frame shows ground; None for a frame without neighbours."""
        masks = [step[0].is_ground for step in (self.step(index, 1), self.step(index, -1)) if step is not None]
        if not masks:
            return None
        ground: Pixels = np.maximum(masks[0], masks[-1])
        return ground

    def things(self, index: int) -> Pixels | None:
        """255 on the grid where a frame shows what moves otherwise than the ground."""
        masks = [step[0].is_thing for step in (self.step(index, 1), self.step(index, -1)) if step is not None]
        if not masks:
            return None
        things: Pixels = np.maximum(masks[0], masks[-1])
        return things

    def to_grid(self, x: Pixels, y: Pixels, grid: Pixels) -> tuple[Pixels, Pixels]:
        """Points of a frame in cells of a grid."""
        return (
            (x + 0.5) * (grid.shape[1] / self.width) - 0.5,
            (y + 0.5) * (grid.shape[0] / self.height) - 0.5,
        )

    def _look(self, index: int) -> Look:
        return look_at(self.frame(index), self.hole(index))
