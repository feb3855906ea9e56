"""Fills the holes of a window of frames from what other frames show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.models.opencv import inpaint
from inpainting.temporal.fields import read
from inpainting.temporal.footage import Footage, PairStore
from inpainting.temporal.fusing import fuse, smooth_points
from inpainting.temporal.grounds import (
    GroundImage,
    fill_from_others,
    find_foreign,
    find_suspicious,
    measure_ground_share,
)
from inpainting.temporal.things import Things
from inpainting.temporal.tracing import carry_ground
from inpainting.temporal.windows import WINDOW_FRAMES

FillStill = Callable[[Pixels, Pixels, Pixels | None], Pixels]

# At least this many frames have to show a thing behind a hole.
_VOTES_MIN = 2
# So many that agree are believed whatever is beside the hole.
_VOTES_SURE, _VOTES_SURE_SHARE = 3, 0.7
_VOTES_WINDOW = (7, 7)
# What is left of one frame is filled smoothly where no pixel of it is further than this from its edge,
# in a frame of so many pixels; in a larger one by its size.
_SMOOTH_DISTANCE_MAX = 32.0
_SMOOTH_FRAME_PIXELS = 640 * 360
_CONTEXT = 8
# What an anchor counts whose hole is surrounded by things.
_ANCHOR_WEIGHT_MIN = 0.02


def fill_window(
    frames: Sequence[Pixels],
    holes: Sequence[Pixels],
    *,
    first: int,
    keep: range,
    fill_still: FillStill,
    check: Callable[[], None],
    pairs: PairStore | None = None,
) -> list[Pixels]:
    """The frames of `keep`, filled where their holes are 1; every other pixel is the frame's own.

    `frames` (height x width x 3, BGR, 8 bits) and `holes` (height x width, 0 or 1) are those that the window looks
    at, of which `first` is the index in the video, as `keep` counts. `fill_still(image, hole, foreign)` fills an
    image on its own, without looking at `foreign` where that is given. `check` is called before each frame and may
    raise. `pairs` is shared by windows that follow each other, and saves time only.
    """
    filling = fill_in_turn(
        frames, holes, first=first, keep=keep, fill_still=fill_still, check=check, pairs=pairs or PairStore()
    )
    return list(filling)


def fill_in_turn(
    frames: Sequence[Pixels],
    holes: Sequence[Pixels],
    *,
    first: int,
    keep: Iterable[int],
    fill_still: FillStill,
    check: Callable[[], None],
    pairs: PairStore,
) -> Iterator[Pixels]:
    """`fill_window` frame by frame, for those of the window's frames that are asked for; none depends on which."""
    filler = _WindowFiller(Footage(frames, holes, first, pairs), fill_still, check)
    for index in keep:
        yield filler.fill(index)


class _WindowFiller:
    def __init__(self, footage: Footage, fill_still: FillStill, check: Callable[[], None]) -> None:
        self._footage = footage
        self._fill_still = fill_still
        self._check = check
        self._things = Things(footage)
        self._anchors: dict[int, Pixels] = {}

    def fill(self, index: int) -> Pixels:
        """One frame: ground that others show, ground carried from anchors, things in front, and the rest by itself."""
        self._check()
        hole = self._footage.hole(index)
        if not hole.any():
            return self._footage.frame(index)
        ground = fill_from_others(self._footage, index)
        image, left = ground.image, ground.unsure
        if ground.hidden.any():
            left = left | self._carry_anchors(index, image, ground.hidden)
        front, unsure = self._fill_things(index, image, ground)
        left = (left & ~front) | unsure
        if left.any():
            image = self._fill_rest(image, left)
        return image

    def _fill_alone(self, image: Pixels, hole: Pixels, foreign: Pixels | None) -> Pixels:
        filled = self._fill_still(image, hole, foreign)
        return np.where(hole[..., np.newaxis] != 0, filled, image)

    def _fill_rest(self, image: Pixels, hole: Pixels) -> Pixels:
        """Fills one frame's leavings: smoothly where they are narrow, as these change from frame to frame."""
        distance = cv2.distanceTransform(cv2.copyMakeBorder(hole, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
        size = max(1.0, math.sqrt(hole.size / _SMOOTH_FRAME_PIXELS))
        if distance.max() > _SMOOTH_DISTANCE_MAX * size:
            return self._fill_alone(image, hole, None)
        x, y, width, height = cv2.boundingRect(hole)
        part = (slice(max(0, y - _CONTEXT), y + height + _CONTEXT), slice(max(0, x - _CONTEXT), x + width + _CONTEXT))
        smooth = inpaint(np.ascontiguousarray(image[part]), np.ascontiguousarray(hole[part]), 3, cv2.INPAINT_TELEA)
        image = image.copy()
        image[part] = np.where(hole[part][..., np.newaxis] != 0, smooth, image[part])
        return image

    def _fill_things(self, index: int, image: Pixels, ground: GroundImage) -> tuple[Pixels, Pixels]:
        """Paints things in front of the ground; answers where, and where there is one that cannot be told."""
        hole = self._footage.hole(index)
        front, unsure = np.zeros_like(hole), np.zeros_like(hole)
        y, x = np.nonzero(hole)
        fronts = self._things.trace(index, x, y)
        asked = fronts.says_thing + fronts.says_ground
        votes = np.stack([fronts.says_thing, asked]).astype(np.float32)
        thing, count = smooth_points(votes, np.stack([asked > 0] * 2), x, y, _VOTES_WINDOW)
        covered = (2 * thing > count) & (count >= _VOTES_MIN)
        suspicious = find_suspicious(self._footage, index, ground)
        # What is right beside the hole knows better than a few frames that let expect a thing.
        sure = (thing >= _VOTES_SURE) & (thing >= _VOTES_SURE_SHARE * count)
        covered &= sure if suspicious is None else sure | (suspicious[y, x] != 0)
        if suspicious is not None:
            # Nobody knows the ground that no frame shows: with a thing before it, it is the frame's own to continue.
            open_ = (suspicious | ground.hidden)[y, x] != 0
            unsure[y, x] = open_ & ~covered & ((count - 2 * thing < _VOTES_MIN) | (ground.hidden[y, x] != 0))
        if covered.any():
            fused = fuse(fronts.sources, x, y)
            use = covered & fused.is_trusted
            image[y[use], x[use]] = np.clip(np.rint(fused.colours[use]), 0, 255)
            front[y[use], x[use]] = 1
            unsure[y[covered & ~use], x[covered & ~use]] = 1
        return front, unsure

    def _anchor(self, index: int) -> Pixels:
        """The ground of an anchor's frame: what other frames show, and a still fill of what none does."""
        if index not in self._anchors:
            self._check()
            ground = fill_from_others(self._footage, index)
            left = ground.hidden | ground.unsure
            image = ground.image
            if left.any():
                image = self._fill_alone(image, left, find_foreign(self._footage, index))
            self._anchors[index] = image
        return self._anchors[index]

    def _carry_anchors(self, index: int, image: Pixels, rest: Pixels) -> Pixels:
        """Fills what no frame shows from the anchors before and after; answers what they do not reach."""
        before = index - index % WINDOW_FRAMES
        after = min(before + WINDOW_FRAMES, self._footage.last)
        share = (index - before) / max(after - before, 1)
        y, x = np.nonzero(rest)
        total, weights = np.zeros((len(x), 3), np.float32), np.zeros(len(x), np.float32)
        for anchor, weight in ((before, 1 - share), (after, share)):
            at, inside, gain = carry_ground(self._footage, index, anchor, x, y)
            others = self._footage.others(anchor)
            if others is not None:
                inside &= read(others, at[0], at[1], cv2.INTER_NEAREST) == 0
            if not inside.any():
                continue
            quality = max(_ANCHOR_WEIGHT_MIN, measure_ground_share(self._footage, anchor) ** 4)
            colours = read(self._anchor(anchor), at[0], at[1], cv2.INTER_CUBIC) / gain
            here = inside * np.float32(weight * quality + 1e-4)
            total += colours * here[:, np.newaxis]
            weights += here
        reached = weights > 0
        image[y[reached], x[reached]] = np.clip(np.rint(total[reached] / weights[reached][:, np.newaxis]), 0, 255)
        left = np.zeros_like(rest)
        left[y[~reached], x[~reached]] = 1
        return left
