"""Points of a frame followed to other frames, until these show what the point's own frame hides."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import read
from inpainting.temporal.footage import Footage

# From each direction at most this many frames are asked for a pixel, with as many left out between them.
SOURCES_EACH_WAY = 3
_SOURCE_STRIDE = 2


class Sources(NamedTuple):
    """What other frames show of each point: colours, sources x points x 3, and how many frames away each is.

    A distance of 0 means that there is no such source.
    """

    colours: Pixels
    distances: Pixels


def trace_ground(footage: Footage, index: int, x: Pixels, y: Pixels, reach: int) -> Sources:
    """The nearest frames, earlier and later, in which the ground at the points of a frame is seen."""
    count = 2 * SOURCES_EACH_WAY
    sources = Sources(np.zeros((count, len(x), 3), np.float32), np.zeros((count, len(x)), np.int32))
    for way, direction in enumerate((1, -1)):
        half = slice(way * SOURCES_EACH_WAY, (way + 1) * SOURCES_EACH_WAY)
        found = Sources(sources.colours[half], sources.distances[half])
        _trace(footage, index, x, y, direction=direction, reach=reach, found=found)
    return sources


def _trace(footage: Footage, index: int, x: Pixels, y: Pixels, *, direction: int, reach: int, found: Sources) -> None:
    """Writes what one direction shows into `found`."""
    active = np.arange(len(x))
    at_x, at_y = x.astype(np.float32), y.astype(np.float32)
    number = np.zeros(len(x), np.int32)
    next_step = np.zeros(len(x), np.int32)
    gain = np.ones(3, np.float32)
    for distance in range(1, reach + 1):
        step = footage.step(index + direction * (distance - 1), direction)
        if step is None or active.size == 0:
            return
        flow, step_gain = step
        gain = gain * step_gain
        grid_x, grid_y = footage.to_grid(at_x, at_y, flow.ground)
        move = read(flow.ground, grid_x, grid_y)
        sure = read(flow.is_sure, grid_x, grid_y) > 127
        at_x, at_y = at_x + move[:, 0], at_y + move[:, 1]
        lives = sure & (at_x >= 0) & (at_y >= 0) & (at_x <= footage.width - 1) & (at_y <= footage.height - 1)
        active, at_x, at_y = active[lives], at_x[lives], at_y[lives]
        here = index + direction * distance
        seen = _is_seen(footage, here, at_x, at_y) & (next_step[active] <= distance)
        if not seen.any():
            continue
        which = active[seen]
        colours = read(footage.frame(here), at_x[seen], at_y[seen], cv2.INTER_CUBIC)
        found.colours[number[which], which] = colours / gain
        found.distances[number[which], which] = distance
        number[which] += 1
        next_step[which] = distance + _SOURCE_STRIDE
        goes_on = number[active] < SOURCES_EACH_WAY
        active, at_x, at_y = active[goes_on], at_x[goes_on], at_y[goes_on]


def _is_seen(footage: Footage, index: int, x: Pixels, y: Pixels) -> Pixels:
    ground = footage.ground(index)
    if ground is None:
        return np.zeros(len(x), bool)
    seen = footage.is_known(index, x, y)
    seen &= read(ground, *footage.to_grid(x, y, ground)) > 200
    return seen


def carry_ground(footage: Footage, index: int, target: int, x: Pixels, y: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Where the ground at points of a frame lies in another, which of them it is in, and the gain on the way.

    Answers positions (2 x points), which of them are in the other frame, and the gain.
    """
    at = np.stack([x, y]).astype(np.float32)
    inside = np.ones(len(x), bool)
    gain = np.ones(3, np.float32)
    direction = 1 if target > index else -1
    for here in range(index, target, direction):
        step = footage.step(here, direction)
        if step is None:
            return at, np.zeros(len(x), bool), gain
        flow, step_gain = step
        gain = gain * step_gain
        move = read(flow.ground, *footage.to_grid(at[0], at[1], flow.ground))
        at = at + move.T
        inside &= (at[0] >= 0) & (at[1] >= 0) & (at[0] <= footage.width - 1) & (at[1] <= footage.height - 1)
    return at, inside, gain
