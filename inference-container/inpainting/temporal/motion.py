"""Motion between two neighbouring frames: measured where both are known, completed where they are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.alignment import Points, choose_points, fit_flow, refine, to_flow
from inpainting.temporal.fields import make_grid, measure_length, read, spread, widen

# Motion is measured on a grid of at most this many cells, and of two pixels a cell at least.
GRID_CELLS_MAX = 320 * 200
_CELL_PIXELS_MIN = 2
_CELLS_MIN = 24
# How far beside a hole what is in it still draws the measured flow, in cells.
_DRAW_CELLS = 2
# Flow that does not lead back to where it came from, by more than this and a share of its length, is not believed.
_RETURN_CELLS = 0.35
_RETURN_SHARE = 0.05
_RELIABLE_SHARE_MIN = 0.3
_MISMATCH_MAX = 40.0
# What moves otherwise than its surroundings by more than this many cells a frame is a thing of its own.
_OTHER_CELLS_MIN = 0.5
_OTHER_SPREADS = 4.0
# Flow has to match better than the motion of the whole frame by this factor and so many levels to be taken instead.
_EXPLAIN_FACTOR = 1.25
_EXPLAIN_LEVELS = 0.5
_EXPLAIN_WINDOW = (9, 9)
# Counts as ground where no neighbour says otherwise.
GROUND_OPEN = 230
_GAIN_STRIDE = 3
_COARSE_DRAW_CELLS = 6
# Things smaller than this across, in cells of the grid, are not followed.
_THING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
_BESIDE_CELLS = 6
# Ground whose flow is lost matches along the motion of the frame, to about so many levels more than other ground.
_SETTLED_LEVELS = 1.0


class Coarse(NamedTuple):
    """A frame's colours, and where they are known (1)."""

    colours: Pixels
    known: Pixels


@dataclass(frozen=True, kw_only=True)
class Look:
    """What of a frame is kept to measure motion, on a grid. `scale` is the grid's size over the frame's.

    `grey` is smooth over the hole; `unknown` is the hole with its rim, `known` what is not near it (both 0 or 1).
    """

    grey: Pixels
    unknown: Pixels
    colours: Pixels
    known: Pixels
    scale: tuple[float, float]

    @cached_property
    def coarse(self) -> Coarse:
        """The frame on half the grid."""
        size = (max(1, self.grey.shape[1] // 2), max(1, self.grey.shape[0] // 2))
        known = cv2.resize(self.known * 255, size, interpolation=cv2.INTER_AREA)
        return Coarse(cv2.resize(self.colours, size, interpolation=cv2.INTER_AREA), (known == 255).astype(np.uint8))

    @cached_property
    def thin(self) -> Pixels:
        """The brightness as float32."""
        return self.grey.astype(np.float32)

    @cached_property
    def points(self) -> Points | None:
        """Cells that tell how the frame moves."""
        return choose_points(self.thin, self.known)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Motion from a frame to a neighbour, on a grid, in pixels of the frames.

    `ground`: motion of what stays behind, everywhere, things in front of it and holes included. `is_ground`: 255
    where the frame shows ground, GROUND_OPEN where the neighbour does not tell. `thing`: measured motion of what
    moves otherwise, valid where `is_thing` is 255. `is_sure`: 255 where `ground` leads there and back. `per_pixel`:
    cells of the grid for each pixel of the frame, across and down.
    """

    ground: Pixels
    is_ground: Pixels
    thing: Pixels
    is_thing: Pixels
    is_sure: Pixels
    per_pixel: Pixels


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two neighbouring frames: motion both ways, and by how much each channel of the later one is brighter."""

    forward: Flow
    backward: Flow
    gain: Pixels


def look_at(frame: Pixels, hole: Pixels) -> Look:
    """Scales a frame down and smooths over its hole, so that what is in there does not draw the flow."""
    height, width = hole.shape
    scale = min(1 / _CELL_PIXELS_MIN, math.sqrt(GRID_CELLS_MAX / (width * height)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    colours = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    unknown = np.minimum(cv2.resize(hole * 255, size, interpolation=cv2.INTER_AREA), 1)
    unknown = widen(unknown, 1)
    grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    if unknown.any():
        x, y, w, h = cv2.boundingRect(unknown)
        part = (slice(max(0, y - 8), y + h + 8), slice(max(0, x - 8), x + w + 8))
        smooth = np.clip(np.rint(spread(grey[part], 1.0 - unknown[part])), 0, 255).astype(np.uint8)
        grey[part] = np.where(unknown[part] != 0, smooth, grey[part])
    return Look(
        grey=grey,
        unknown=unknown,
        colours=colours,
        known=1 - widen(unknown, _DRAW_CELLS),
        scale=(size[0] / width, size[1] / height),
    )


def measure_pair(earlier: Look, later: Look) -> Pair | None:
    """The motion between two neighbouring frames; None where one does not go on into the other (a cut)."""
    if min(earlier.grey.shape) < _CELLS_MIN:
        return None
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    dis.setFinestScale(1)
    grey_earlier, grey_later = earlier.grey, later.grey
    if earlier.unknown.any() or later.unknown.any():
        model = _fit_coarsely(dis, earlier, later)
        if model is not None:
            grey_earlier = _fill_along(earlier, later, later.grey, model, only_known=True)
            grey_later = _fill_along(later, earlier, grey_earlier, cv2.invertAffineTransform(model), only_known=False)
    ahead, back = _measure(dis, grey_earlier, grey_later), _measure(dis, grey_later, grey_earlier)
    reliable_ahead = _leads_back(ahead, back) & _is_seen(ahead, later.known) & (earlier.known != 0)
    reliable_back = _leads_back(back, ahead) & _is_seen(back, earlier.known) & (later.known != 0)
    known = int(np.count_nonzero(earlier.known))
    if np.count_nonzero(reliable_ahead) < _RELIABLE_SHARE_MIN * max(known, 1):
        return None
    fit_ahead, ground_ahead = _complete(ahead, reliable_ahead, earlier, later)
    fit_back, ground_back = _complete(back, reliable_back, later, earlier)
    gain = _measure_gain(earlier, later, ahead, fit_ahead)
    if gain is None:
        return None
    return Pair(
        forward=_split(ahead, reliable_ahead, fit_ahead, ground_ahead, return_=ground_back, looks=(earlier, later)),
        backward=_split(back, reliable_back, fit_back, ground_back, return_=ground_ahead, looks=(later, earlier)),
        gain=gain,
    )


def _fit_coarsely(dis: Any, earlier: Look, later: Look) -> Pixels | None:
    """The affine motion of the whole frame as a 2x3 matrix in cells, from half its size."""
    flow = _measure(dis, cv2.pyrDown(earlier.grey), cv2.pyrDown(later.grey))
    away = 1 - widen(earlier.unknown, _COARSE_DRAW_CELLS)[::2, ::2]
    fit = fit_flow(flow, away[: flow.shape[0], : flow.shape[1]] != 0)
    if fit is None:
        return None
    matrix = fit.matrix.copy()
    matrix[:, 2] *= 2
    return matrix


def _fill_along(look: Look, other: Look, other_grey: Pixels, model: Pixels, *, only_known: bool) -> Pixels:
    """The grey with its hole filled by what the other frame shows there, moved by `model` (from `look` to `other`)."""
    if not look.unknown.any():
        return look.grey
    x, y, w, h = cv2.boundingRect(look.unknown)
    part = (slice(y, y + h), slice(x, x + w))
    matrix = model.copy()
    matrix[:, 2] += model[:, :2] @ np.array([x, y])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(other_grey, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    use = look.unknown[part] != 0
    if only_known:
        use &= cv2.warpAffine(other.unknown, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE) == 0
    grey = look.grey.copy()
    grey[part] = np.where(use, moved, grey[part])
    return grey


def _measure(dis: Any, start: Pixels, end: Pixels) -> Pixels:
    """Dense flow, height x width x 2, in cells."""
    flow: Pixels = dis.calc(start, end, None)
    return flow


def _target(flow: Pixels) -> tuple[Pixels, Pixels]:
    """Where a flow leads, across and down."""
    x, y = make_grid(flow.shape[0], flow.shape[1])
    return x + flow[..., 0], y + flow[..., 1]


def _follow(field: Pixels, flow: Pixels) -> Pixels:
    """The values of a field where the flow leads."""
    led: Pixels = cv2.remap(field, *_target(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return led


def _is_inside(flow: Pixels) -> Pixels:
    x, y = _target(flow)
    inside: Pixels = (x >= 0) & (y >= 0) & (x <= flow.shape[1] - 1) & (y <= flow.shape[0] - 1)
    return inside


def _leads_back(flow: Pixels, back: Pixels) -> Pixels:
    """Where a flow leads back to its start."""
    miss = measure_length(flow + _follow(back, flow))
    leads: Pixels = miss < _RETURN_CELLS + _RETURN_SHARE * measure_length(flow)
    return leads


def _is_seen(flow: Pixels, target_known: Pixels) -> Pixels:
    """Where a flow leads over what is known."""
    seen: Pixels = (_follow(target_known * 255, flow) == 255) & _is_inside(flow)
    return seen


def _complete(flow: Pixels, reliable: Pixels, look: Look, other: Look) -> tuple[Pixels, Pixels]:
    """Where the flow is the ground's, and the ground's flow everywhere.

    The ground is an affine motion, fitted robustly to all of the frame, and what its surroundings smoothly add to
    it. What moves otherwise is left out of both, so the ground goes on behind it as behind a hole. Flow adds nothing
    where the affine motion matches as well: on plain surfaces it is noise, which would add up from frame to frame.
    """
    fit = fit_flow(flow, reliable)
    if fit is None:
        return reliable, spread(flow, reliable)
    refined = None if look.points is None else refine(look.points, other.thin, other.unknown, fit.matrix)
    smooth = to_flow(fit.matrix if refined is None else refined, flow.shape)
    rest = flow - smooth
    limit = max(_OTHER_CELLS_MIN, _OTHER_SPREADS * fit.width)
    fits = reliable & (measure_length(rest) < limit)
    differences = [np.abs(_follow(other.thin, motion) - look.thin) for motion in (smooth, flow)]
    by_smooth, by_flow = (cv2.boxFilter(difference, -1, _EXPLAIN_WINDOW) for difference in differences)
    adds = fits & (by_smooth > _EXPLAIN_FACTOR * by_flow + _EXPLAIN_LEVELS)
    ground = smooth + spread(rest * adds[..., np.newaxis], fits) if adds.any() else smooth
    if not fits.any():
        return fits, ground
    # Flow is lost on plain surfaces as well; beside a thing it is lost because it ends there.
    beside = widen(cv2.morphologyEx((reliable & ~fits).astype(np.uint8), cv2.MORPH_OPEN, _THING), _BESIDE_CELLS)
    settled = by_smooth < _EXPLAIN_FACTOR * float(np.median(by_smooth[fits])) + _SETTLED_LEVELS
    seen = _is_seen(smooth, other.known) & (look.known != 0)
    return fits | (settled & seen & (beside == 0) & ~reliable), ground


def _measure_gain(earlier: Look, later: Look, flow: Pixels, where: Pixels) -> Pixels | None:
    """By how much each channel grows, from pixels that both frames show; None where these do not match."""
    rows, columns = np.nonzero(where[::_GAIN_STRIDE, ::_GAIN_STRIDE])
    rows, columns = rows * _GAIN_STRIDE, columns * _GAIN_STRIDE
    move = flow[rows, columns]
    led = read(later.colours, columns + move[:, 0], rows + move[:, 1]).astype(np.float32)
    start = earlier.colours[rows, columns].astype(np.float32)
    usable = (start.max(axis=-1) < 250) & (led.max(axis=-1) < 250)
    if np.count_nonzero(usable) < 64:
        return np.ones(3, np.float32)
    before, after = start[usable].mean(axis=0), led[usable].mean(axis=0)
    gain: Pixels = (after + 1) / (before + 1)
    if float(np.abs(start[usable] * gain - led[usable]).mean()) > _MISMATCH_MAX:
        return None
    return gain.astype(np.float32)


def _split(
    flow: Pixels, reliable: Pixels, fits: Pixels, ground: Pixels, *, return_: Pixels, looks: tuple[Look, Look]
) -> Flow:
    """The flow by layers, in pixels of the frame."""
    other = (reliable & ~fits).astype(np.uint8) * 255
    thing = cv2.morphologyEx(other, cv2.MORPH_OPEN, _THING)
    sure = _leads_back(ground, return_) | ~_is_inside(ground)
    # What goes behind the neighbour's hole, or out of it, cannot be compared.
    open_ = (looks[0].known != 0) & (_follow(looks[1].known * 255, ground) < 255)
    to_pixels = np.array([1 / looks[0].scale[0], 1 / looks[0].scale[1]], np.float32)
    return Flow(
        ground=(ground * to_pixels).astype(np.float32),
        is_ground=np.where(fits, 255, np.where(open_, GROUND_OPEN, 0)).astype(np.uint8),
        thing=(flow * to_pixels).astype(np.float32),
        is_thing=thing,
        is_sure=np.where(sure, 255, 0).astype(np.uint8),
        per_pixel=1 / to_pixels,
    )
