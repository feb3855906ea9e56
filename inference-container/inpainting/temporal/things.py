"""Things that move in front of the ground: found by their motion, and followed behind holes."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import read
from inpainting.temporal.footage import Footage
from inpainting.temporal.motion import Flow
from inpainting.temporal.template import Template
from inpainting.temporal.tracing import SOURCES_EACH_WAY, Sources

# A thing is followed this far; hidden all the while it would be a guess.
THING_REACH_FRAMES = 12
# Cells of a thing that are asked for its motion, and how many must answer.
_SAMPLE_CELLS = 300
_ANSWERS_MIN = 8
_ANSWERS_SHARE = 0.15
_PARTS_MAX = 8
# A part is believed to be in a frame that shows things over this share of where either is, and over so many cells.
_CONFIRM_SHARE = 0.6
_CONFIRM_SHARE_DISTINCT = 0.3
_CONFIRM_CELLS_MIN = 30
_BESIDE_CELLS = 3
_PART_CELLS_MIN = 40
# How far around a part a frame that shows it tells what is not part of it, in pixels.
_BESIDE = 8
# The edge of a thing is measured badly: its middle is asked for its motion.
_EDGE = np.ones((3, 3), np.uint8)
_CORE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


class Part(NamedTuple):
    """A connected piece of what moves in one frame: its label, some of its points in pixels, and their box.

    `x` and `y` are of its middle, `edged` (across, down, in cells) of all of it with its edge.
    """

    label: int
    x: Pixels
    y: Pixels
    edged: tuple[Pixels, Pixels]
    box: tuple[float, float, float, float]


class Fronts(NamedTuple):
    """What is known of things in front of points: sources, and how many frames say thing and how many ground."""

    sources: Sources
    says_thing: Pixels
    says_ground: Pixels


class _View(NamedTuple):
    """A frame that is asked: which, from which side, how far away, and by how much it is brighter."""

    frame: int
    way: int
    distance: int
    gain: Pixels


class _Question:
    """The points that are asked about, and what has been answered."""

    def __init__(self, x: Pixels, y: Pixels) -> None:
        self.x, self.y = x, y
        count = 2 * SOURCES_EACH_WAY
        sources = Sources(np.zeros((count, len(x), 3), np.float32), np.zeros((count, len(x)), np.int32))
        self.answer = Fronts(sources, np.zeros(len(x), np.int32), np.zeros(len(x), np.int32))
        self.number = np.zeros((2, len(x)), np.int32)


class Things:
    """The things in a window's frames, with their ways. Each is found when first asked for."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._parts: dict[int, tuple[Pixels, list[Part]]] = {}
        self._distinct: dict[tuple[int, int], Template] = {}
        self._ways: dict[tuple[int, int, int], Pixels] = {}

    def trace(self, index: int, x: Pixels, y: Pixels) -> Fronts:
        """What frames nearby show of things that are at the points of a frame."""
        question = _Question(x.astype(np.float32), y.astype(np.float32))
        for way, direction in enumerate((1, -1)):
            gain = np.ones(3, np.float32)
            for distance in range(1, THING_REACH_FRAMES + 1):
                here = index + direction * distance
                step = self._footage.step(here - direction, direction)
                if step is None:
                    break
                gain = gain * step[1]
                for part in self.parts(here)[1]:
                    moved = self._way(here, part, -direction)
                    if len(moved) >= distance and self._is_confirmed(index, here, part, moved[distance - 1]):
                        view = _View(here, way, distance, gain)
                        self._ask(question, view, part, moved[distance - 1])
        return question.answer

    def parts(self, index: int) -> tuple[Pixels, list[Part]]:
        """The pieces of things in a frame, and their labels on the grid."""
        if index not in self._parts:
            self._parts[index] = self._find_parts(index)
        return self._parts[index]

    def _find_parts(self, index: int) -> tuple[Pixels, list[Part]]:
        mask = self._footage.things(index)
        if mask is None or not mask.any():
            return np.zeros((1, 1), np.uint8), []
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        order = sorted(range(1, count), key=lambda label: (-int(stats[label, cv2.CC_STAT_AREA]), label))
        kept = np.zeros(count, np.uint8)
        parts = []
        scale_x, scale_y = self._footage.width / labels.shape[1], self._footage.height / labels.shape[0]
        for number, label in enumerate(order[:_PARTS_MAX], 1):
            left, top, width, height, area = (int(value) for value in stats[label])
            if area < _PART_CELLS_MIN:
                break
            kept[label] = number
            piece = (labels[top : top + height, left : left + width] == label).astype(np.uint8)
            firm = cv2.erode(piece, _CORE, borderType=cv2.BORDER_CONSTANT, borderValue=0)
            rows, columns = np.nonzero(firm if cv2.countNonZero(firm) >= _PART_CELLS_MIN else piece)
            stride = max(1, len(rows) // _SAMPLE_CELLS)
            wide = cv2.dilate(cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0), _EDGE)
            edge_rows, edge_columns = np.nonzero(wide)
            some = slice(None, None, max(1, len(edge_rows) // (2 * _SAMPLE_CELLS)))
            edged = (
                (edge_columns[some] - 1 + left).astype(np.float32),
                (edge_rows[some] - 1 + top).astype(np.float32),
            )
            x = (columns[::stride] + left + 0.5) * scale_x - 0.5
            y = (rows[::stride] + top + 0.5) * scale_y - 0.5
            box = (left * scale_x, top * scale_y, (left + width) * scale_x, (top + height) * scale_y)
            parts.append(Part(number, x.astype(np.float32), y.astype(np.float32), edged, box))
        return kept[labels], parts

    def _way(self, index: int, part: Part, direction: int) -> Pixels:
        """By how much a part has moved after 1, 2, ... frames in a direction, steps x 2.

        Where it is seen its motion is measured; while it is hidden it keeps the last.
        """
        key = (index, part.label, direction)
        if key not in self._ways:
            self._ways[key] = self._follow(index, part, direction)
        return self._ways[key]

    def _follow(self, index: int, part: Part, direction: int) -> Pixels:
        step = self._footage.step(index, direction)
        speed = None if step is None else self._measure(step[0], part)
        if speed is None:
            return np.zeros((0, 2), np.float32)
        template = Template(self._footage.look(index), *part.edged)
        scale = np.array(self._cell_pixels(index), np.float32)
        if not template.is_distinct:
            return np.zeros((0, 2), np.float32)
        moved = np.zeros(2, np.float32)
        ways = []
        for distance in range(1, THING_REACH_FRAMES + 1):
            if self._footage.step(index + direction * (distance - 1), direction) is None:
                break
            found = template.find(self._footage.look(index + direction * distance), (moved + speed) / scale)
            if found is not None:
                speed = found * scale - moved
            moved = moved + speed
            ways.append(moved)
        return np.array(ways, np.float32).reshape(-1, 2)

    def _is_confirmed(self, index: int, here: int, part: Part, moved: Pixels) -> bool:
        """Whether a frame shows a part of another where that should have moved to.

        One with a surface of its own is told by that. An even one has to be where, and only where, the frame shows
        things.
        """
        key = (here, part.label)
        if key not in self._distinct:
            middle = self._footage.to_grid(part.x, part.y, self.parts(here)[0])
            self._distinct[key] = Template(self._footage.look(here), *middle)
        template = self._distinct[key]
        cells = moved / np.array(self._cell_pixels(here), np.float32)
        if template.is_distinct and not template.matches(self._footage.look(index), cells):
            return False
        share = _CONFIRM_SHARE_DISTINCT if template.is_distinct else _CONFIRM_SHARE
        shown, labels = self.parts(index)[0], self.parts(here)[0]
        known, known_here = self._footage.look(index).known, self._footage.look(here).known
        if shown.shape != labels.shape:
            return False
        across, down = cells
        left, top, right, bottom = (
            round(value / scale + shift)
            for value, scale, shift in zip(
                part.box, 2 * self._cell_pixels(here), (across, down, across, down), strict=True
            )
        )
        left, top = max(0, left - _BESIDE_CELLS), max(0, top - _BESIDE_CELLS)
        right, bottom = min(labels.shape[1], right + _BESIDE_CELLS), min(labels.shape[0], bottom + _BESIDE_CELLS)
        if right <= left or bottom <= top:
            return False
        matrix = np.array([[1, 0, left - across], [0, 1, top - down]], np.float64)
        size, flags = (right - left, bottom - top), cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        expected = cv2.warpAffine((labels == part.label).astype(np.uint8), matrix, size, flags=flags)
        told = cv2.warpAffine(known_here, matrix, size, flags=flags) & known[top:bottom, left:right]
        expected = cv2.bitwise_and(expected, told)
        seen = (shown[top:bottom, left:right] != 0) & (told != 0)
        both, either = np.count_nonzero(seen & (expected != 0)), np.count_nonzero(seen | (expected != 0))
        return bool(both >= _CONFIRM_CELLS_MIN and both >= share * either)

    def _cell_pixels(self, index: int) -> tuple[float, float]:
        labels = self.parts(index)[0]
        return self._footage.width / labels.shape[1], self._footage.height / labels.shape[0]

    def _measure(self, flow: Flow, part: Part) -> Pixels | None:
        """The part's own motion in its frame; None where too little of it is seen to move."""
        grid_x, grid_y = self._footage.to_grid(part.x, part.y, flow.thing)
        answers = read(flow.is_thing, grid_x, grid_y, cv2.INTER_NEAREST) > 127
        if np.count_nonzero(answers) < max(_ANSWERS_MIN, _ANSWERS_SHARE * len(part.x)):
            return None
        median: Pixels = np.median(read(flow.thing, grid_x, grid_y)[answers], axis=0)
        return median

    def _ask(self, question: _Question, view: _View, part: Part, moved: Pixels) -> None:
        """What a frame in which a part is seen says about the points, over which it has moved by `moved`."""
        footage, answer = self._footage, question.answer
        at_x, at_y = question.x - moved[0], question.y - moved[1]
        left, top, right, bottom = part.box
        beside = (at_x >= left - _BESIDE) & (at_x <= right + _BESIDE)
        near = np.flatnonzero(beside & (at_y >= top - _BESIDE) & (at_y <= bottom + _BESIDE))
        if near.size == 0:
            return
        at_x, at_y = at_x[near], at_y[near]
        inside = (at_x >= 0) & (at_y >= 0) & (at_x <= footage.width - 1) & (at_y <= footage.height - 1)
        known = inside & footage.is_known(view.frame, at_x, at_y)
        labels = self.parts(view.frame)[0]
        grid_x, grid_y = footage.to_grid(at_x, at_y, labels)
        is_part = known & (read(labels, grid_x, grid_y, cv2.INTER_NEAREST) == part.label)
        answer.says_thing[near[is_part]] += 1
        answer.says_ground[near[known & ~is_part]] += 1
        number = question.number[view.way]
        takes = is_part & (number[near] < SOURCES_EACH_WAY)
        which = near[takes]
        slot = view.way * SOURCES_EACH_WAY + number[which]
        colours = read(footage.frame(view.frame), at_x[takes], at_y[takes], cv2.INTER_CUBIC)
        answer.sources.colours[slot, which] = colours / view.gain
        answer.sources.distances[slot, which] = view.distance
        number[which] += 1
