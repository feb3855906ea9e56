"""Motion between two neighbouring frames: measured where both are known, completed where they are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import read, spread, widen

# Flow is measured on frames of at most this many pixels, and kept on a grid of half that in each direction: the
# measure itself is no finer.
_WORK_PIXELS_MAX = 640 * 400
_GRID_STEP = 2
# How far beside a hole what is in it still draws the measured flow, in pixels of the scaled frame.
_DRAW_PIXELS = 5
# Flow that does not lead back to where it came from, by more than this and a share of its length, is not believed.
_RETURN_PIXELS = 0.7
_RETURN_SHARE = 0.05
_RELIABLE_SHARE_MIN = 0.3
_MISMATCH_MAX = 40.0
# What moves otherwise than its surroundings by more than this many pixels a frame is a thing of its own.
_OTHER_PIXELS_MIN = 1.0
_OTHER_SPREADS = 4.0
# Counts as ground where no neighbour says otherwise.
GROUND_OPEN = 230
_FIT_ROUNDS = 8
_FIT_STRIDE = 5
_GAIN_STRIDE = 3
_FIT_POINTS_MIN = 12
_COARSE_DRAW_PIXELS = 12
# Things smaller than this across, in cells of the grid, are not followed.
_THING_CELLS = 3


@dataclass(frozen=True, kw_only=True)
class Look:
    """What of a frame is kept to measure motion. `scale` is the scaled frame's size over the frame's."""

    grey: Pixels
    thin: Pixels
    unknown: Pixels
    colours: Pixels
    known: Pixels
    scale: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Motion from a frame to a neighbour, on a grid, in pixels of the frames.

    `ground`: motion of what stays behind, everywhere, things in front of it and holes included. `is_ground`: 255
    where the frame shows ground, GROUND_OPEN where the neighbour does not tell. `thing`: measured motion of what
    moves otherwise, valid where `is_thing` is 255. `is_sure`: 255 where `ground` leads there and back.
    """

    ground: Pixels
    is_ground: Pixels
    thing: Pixels
    is_thing: Pixels
    is_sure: Pixels


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two neighbouring frames: motion both ways, and by how much each channel of the later one is brighter."""

    forward: Flow
    backward: Flow
    gain: Pixels


def look_at(frame: Pixels, hole: Pixels) -> Look:
    """Scales a frame down and smooths over its hole, so that what is in there does not draw the flow."""
    height, width = hole.shape
    scale = min(1.0, math.sqrt(_WORK_PIXELS_MAX / (width * height)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = frame if size == (width, height) else cv2.resize(frame, size, interpolation=interpolation)
    unknown = hole if size == (width, height) else cv2.resize(hole * 255, size, interpolation=cv2.INTER_AREA)
    unknown = widen(np.minimum(unknown, 1), 2)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    if unknown.any():
        x, y, w, h = cv2.boundingRect(unknown)
        part = (slice(max(0, y - 16), y + h + 16), slice(max(0, x - 16), x + w + 16))
        smooth = np.clip(np.rint(spread(grey[part], 1.0 - unknown[part])), 0, 255).astype(np.uint8)
        grey[part] = np.where(unknown[part] != 0, smooth, grey[part])
    drawn = widen(unknown, _DRAW_PIXELS - 2)
    return Look(
        grey=grey,
        thin=cv2.GaussianBlur(grey, (3, 3), 0)[::_GRID_STEP, ::_GRID_STEP].astype(np.float32),
        unknown=unknown,
        colours=np.ascontiguousarray(small[::_GRID_STEP, ::_GRID_STEP]),
        known=np.ascontiguousarray(1 - drawn[::_GRID_STEP, ::_GRID_STEP]),
        scale=(size[0] / width, size[1] / height),
    )


def measure_pair(earlier: Look, later: Look) -> Pair | None:
    """The motion between two neighbouring frames; None where one does not go on into the other (a cut)."""
    if min(earlier.grey.shape) < 16:
        return None
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grey_earlier, grey_later = earlier.grey, later.grey
    if earlier.unknown.any() or later.unknown.any():
        model = _fit_coarsely(dis, earlier, later)
        if model is not None:
            grey_earlier = _fill_along(earlier, later, later.grey, model, only_known=True)
            grey_later = _fill_along(later, earlier, grey_earlier, cv2.invertAffineTransform(model), only_known=False)
    ahead = _thin(_measure(dis, grey_earlier, grey_later))
    back = _thin(_measure(dis, grey_later, grey_earlier))
    reliable_ahead = _is_reliable(ahead, back, later.known) & (earlier.known != 0)
    reliable_back = _is_reliable(back, ahead, earlier.known) & (later.known != 0)
    known = int(np.count_nonzero(earlier.known))
    if np.count_nonzero(reliable_ahead) < _RELIABLE_SHARE_MIN * max(known, 1):
        return None
    fit_ahead, ground_ahead = _complete(ahead, reliable_ahead)
    fit_back, ground_back = _complete(back, reliable_back)
    gain = _measure_gain(earlier, later, ahead, fit_ahead)
    if gain is None:
        return None
    return Pair(
        forward=_split(ahead, reliable_ahead, fit_ahead, ground_ahead, return_=ground_back, looks=(earlier, later)),
        backward=_split(back, reliable_back, fit_back, ground_back, return_=ground_ahead, looks=(later, earlier)),
        gain=gain,
    )


def _fit_coarsely(dis: Any, earlier: Look, later: Look) -> Pixels | None:
    """The affine motion of the whole frame as a 2x3 matrix in pixels of the scaled frame, from half its size."""
    flow = _measure(dis, cv2.pyrDown(earlier.grey), cv2.pyrDown(later.grey))[::2, ::2]
    away = 1 - widen(earlier.unknown, _COARSE_DRAW_PIXELS)[:: 2 * _GRID_STEP, :: 2 * _GRID_STEP]
    height, width = flow.shape[:2]
    chosen = away[:height, :width] != 0
    if np.count_nonzero(chosen) < _FIT_POINTS_MIN:
        return None
    y, x = np.nonzero(chosen)
    points = np.column_stack([np.ones(len(x)), x / 100, y / 100])
    model, _ = _fit_affine(points, flow[chosen].astype(np.float64))
    step = 2 * _GRID_STEP
    linear = model[1:].T * (2 / (100 * step))
    matrix: Pixels = np.column_stack([np.eye(2) + linear, model[0] * 2])
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
    """Dense flow, height x width x 2."""
    flow: Pixels = dis.calc(start, end, None)
    return flow


def _thin(flow: Pixels) -> Pixels:
    """The flow on the grid, in cells."""
    thinned: Pixels = flow[::_GRID_STEP, ::_GRID_STEP] * np.float32(1 / _GRID_STEP)
    return thinned


def _follow(field: Pixels, flow: Pixels) -> Pixels:
    """The values of a field where the flow leads."""
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    led: Pixels = cv2.remap(
        field, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return led


def _is_inside(flow: Pixels) -> Pixels:
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]]
    x, y = x + flow[..., 0], y + flow[..., 1]
    inside: Pixels = (x >= 0) & (y >= 0) & (x <= flow.shape[1] - 1) & (y <= flow.shape[0] - 1)
    return inside


def _is_reliable(flow: Pixels, back: Pixels, target_known: Pixels) -> Pixels:
    """Where a flow leads back to its start over what is known."""
    miss = np.linalg.norm(flow + _follow(back, flow), axis=-1) * _GRID_STEP
    length = np.linalg.norm(flow, axis=-1) * _GRID_STEP
    led = _follow(target_known * 255, flow)
    reliable: Pixels = (miss < _RETURN_PIXELS + _RETURN_SHARE * length) & (led == 255) & _is_inside(flow)
    return reliable


def _complete(flow: Pixels, reliable: Pixels) -> tuple[Pixels, Pixels]:
    """Where the flow is the ground's, and the ground's flow everywhere.

    The ground is an affine motion, fitted robustly to all of the frame, and what its surroundings smoothly add to
    it. What moves otherwise is left out of both, so the ground goes on behind it as behind a hole.
    """
    y, x = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    centre, size = (flow.shape[1] / 2, flow.shape[0] / 2), max(flow.shape[:2]) / 2
    base = np.dstack([np.ones_like(x), (x - centre[0]) / size, (y - centre[1]) / size])
    stride = (slice(None, None, _FIT_STRIDE), slice(None, None, _FIT_STRIDE))
    chosen = reliable[stride]
    points, moves = base[stride][chosen].astype(np.float64), flow[stride][chosen].astype(np.float64)
    if len(moves) < _FIT_POINTS_MIN:
        return reliable, spread(flow, reliable)
    model, width = _fit_affine(points, moves)
    smooth = (base @ model).astype(np.float32)
    rest = flow - smooth
    limit = max(_OTHER_PIXELS_MIN / _GRID_STEP, _OTHER_SPREADS * width)
    fits = reliable & (np.linalg.norm(rest, axis=-1) < limit)
    ground = smooth + spread(rest, fits)
    return fits, np.where(fits[..., np.newaxis], flow, ground)


def _fit_affine(points: Pixels, moves: Pixels) -> tuple[Pixels, float]:
    """Iteratively reweighted least squares with Geman-McClure weights, from wide to narrow; and the spread left."""
    model = np.zeros((3, 2))
    model[0] = np.median(moves, axis=0)
    rest = np.linalg.norm(moves - points @ model, axis=-1)
    width = max(4.0, 1.5 * float(np.median(rest)))
    for _ in range(_FIT_ROUNDS):
        weight = (width**2 / (width**2 + rest**2)) ** 2
        weighted = points * weight[:, np.newaxis]
        model = np.linalg.solve(points.T @ weighted + 1e-6 * np.eye(3), weighted.T @ moves)
        rest = np.linalg.norm(moves - points @ model, axis=-1)
        width = max(0.5 * width, 0.3, 1.5 * float(np.median(rest)))
    return model, float(np.median(rest))


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
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THING_CELLS, _THING_CELLS))
    thing = cv2.morphologyEx(other, cv2.MORPH_OPEN, kernel)
    miss = np.linalg.norm(ground + _follow(return_, ground), axis=-1) * _GRID_STEP
    length = np.linalg.norm(ground, axis=-1) * _GRID_STEP
    sure = (miss < _RETURN_PIXELS + _RETURN_SHARE * length) | ~_is_inside(ground)
    # What goes behind the neighbour's hole, or out of it, cannot be compared.
    open_ = (looks[0].known != 0) & (_follow(looks[1].known * 255, ground) < 255)
    to_pixels = np.array([_GRID_STEP / looks[0].scale[0], _GRID_STEP / looks[0].scale[1]], np.float32)
    return Flow(
        ground=(ground * to_pixels).astype(np.float32),
        is_ground=np.where(fits, 255, np.where(open_, GROUND_OPEN, 0)).astype(np.uint8),
        thing=(flow * to_pixels).astype(np.float32),
        is_thing=thing,
        is_sure=np.where(sure, 255, 0).astype(np.uint8),
    )
