"""The affine motion of a frame: fitted to flow, and refined on the brightness itself."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels
from inpainting.temporal.fields import make_grid, read

_FIT_ROUNDS = 8
_FIT_STRIDE = 5
FIT_POINTS_MIN = 12
# One cell of each tile is compared: the one where the brightness changes most.
_TILE_CELLS = 5
_REFINE_ROUNDS = 8
_REFINE_POINTS_MIN = 60
_STEP_MIN = 0.002
# Cells that differ by more than this many levels hardly count.
_DIFFERENCE = 8.0
_TRUST_MIN = 0.3
# A refined motion that is further than this many cells from the flow's is of something else.
_SHIFT_MAX = 2.0
# A camera that hardly moves, by so many cells at most, stands where that matches as well by this factor.
_STILL_MAX = 0.1
_STILL_FACTOR = 1.005


class Fit(NamedTuple):
    """An affine motion, 2 x 3, from cells of a frame to cells of its neighbour, and the spread of flow around it."""

    matrix: Pixels
    width: float


def fit_flow(flow: Pixels, reliable: Pixels) -> Fit | None:
    """The motion that most of the reliable flow (height x width x 2, in cells) follows; None for too little of it.

    Iteratively reweighted least squares with Geman-McClure weights, from wide to narrow.
    """
    stride = (slice(None, None, _FIT_STRIDE), slice(None, None, _FIT_STRIDE))
    rows, columns = np.nonzero(reliable[stride])
    if len(rows) < FIT_POINTS_MIN:
        return None
    moves = flow[stride][rows, columns].astype(np.float64)
    height, width_cells = flow.shape[:2]
    size = max(height, width_cells) / 2
    x = (columns * _FIT_STRIDE - width_cells / 2) / size
    y = (rows * _FIT_STRIDE - height / 2) / size
    points = np.column_stack([np.ones(len(x)), x, y])
    model: Pixels = np.zeros((3, 2))
    model[0] = np.median(moves, axis=0)
    rest = _lengths(moves - points @ model)
    width = max(4.0, 1.5 * float(np.median(rest)))
    for _ in range(_FIT_ROUNDS):
        weight = (width**2 / (width**2 + rest**2)) ** 2
        weighted = points * weight[:, np.newaxis]
        model = np.linalg.solve(points.T @ weighted + 1e-6 * np.eye(3), weighted.T @ moves)
        rest = _lengths(moves - points @ model)
        width = max(0.5 * width, 0.3, 1.5 * float(np.median(rest)))
    linear = model[1:].T / size
    shift = model[0] - linear @ np.array([width_cells / 2, height / 2])
    return Fit(np.column_stack([np.eye(2) + linear, shift]), float(np.median(rest)))


def _lengths(moves: Pixels) -> Pixels:
    lengths: Pixels = np.sqrt(moves[:, 0] ** 2 + moves[:, 1] ** 2)
    return lengths


def to_flow(matrix: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The flow of an affine motion, height x width x 2, in cells."""
    x, y = make_grid(shape[0], shape[1])
    linear = (matrix[:, :2] - np.eye(2)).astype(np.float32)
    shift = matrix[:, 2].astype(np.float32)
    flow = np.empty((*shape[:2], 2), np.float32)
    for axis in range(2):
        flow[..., axis] = linear[axis, 0] * x + linear[axis, 1] * y + shift[axis]
    return flow


class Points(NamedTuple):
    """Cells of a frame that are compared: where they are, their brightness, and how a motion changes it."""

    x: Pixels
    y: Pixels
    level: Pixels
    slopes: Pixels


def choose_points(grey: Pixels, usable: Pixels) -> Points | None:
    """One cell of each tile of a frame's brightness (height x width, float32), where it is `usable` and changes most.

    None where too few change at all.
    """
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    strength = (across * across + down * down) * usable
    height, width = (side // _TILE_CELLS * _TILE_CELLS for side in grey.shape)
    rows, columns = height // _TILE_CELLS, width // _TILE_CELLS
    if rows * columns < _REFINE_POINTS_MIN:
        return None
    parted = strength[:height, :width].reshape(rows, _TILE_CELLS, columns, _TILE_CELLS)
    tiles = parted.transpose(0, 2, 1, 3).reshape(rows * columns, -1)
    best = tiles.argmax(axis=1)
    tile = np.arange(rows * columns)
    chosen = tiles[tile, best] > 0
    y = (tile // columns * _TILE_CELLS + best // _TILE_CELLS)[chosen]
    x = (tile % columns * _TILE_CELLS + best % _TILE_CELLS)[chosen]
    if len(x) < _REFINE_POINTS_MIN:
        return None
    level, gx, gy = grey[y, x].astype(np.float64), across[y, x].astype(np.float64), down[y, x].astype(np.float64)
    u, v = _centre(x, y, grey.shape)
    slopes = np.column_stack([gx, gx * u, gx * v, gy, gy * u, gy * v, level, np.ones(len(x))])
    return Points(x.astype(np.float32), y.astype(np.float32), level, slopes)


def refine(points: Points, grey: Pixels, unknown: Pixels, matrix: Pixels) -> Pixels | None:
    """The affine motion near `matrix` along which the points keep their brightness best; None where it is not clear.

    Inverse compositional Gauss-Newton steps (Baker and Matthews, Lucas-Kanade 20 Years On, 2004) with robust weights
    and a common change of brightness. `grey` is the neighbour's, of which `unknown` is not looked at.
    """
    start, shape = matrix, grey.shape
    gain, offset = 1.0, 0.0
    corners = np.array([[0, shape[1], 0, shape[1]], [0, 0, shape[0], shape[0]], [1, 1, 1, 1]], np.float64)
    for _ in range(_REFINE_ROUNDS):
        x, y, seen = _move(points, unknown, matrix)
        if np.count_nonzero(seen) < _REFINE_POINTS_MIN:
            return None
        rest = read(grey, x[seen], y[seen], cv2.INTER_CUBIC) - (gain * points.level[seen] + offset)
        weight = 1 / (1 + (rest / _DIFFERENCE) ** 2) ** 2
        slopes = points.slopes[seen]
        weighted = slopes * weight[:, np.newaxis]
        step = np.linalg.solve(slopes.T @ weighted + 1e-3 * np.eye(8), weighted.T @ rest)
        if float(weight.mean()) < _TRUST_MIN:
            return None
        gain, offset = gain + float(step[6]), offset + float(step[7])
        before = matrix
        # The step moves the points: the neighbour's have to go the other way before they are moved.
        matrix = _undo(matrix, step, shape)
        moved = float(np.abs((matrix - before) @ corners).max())
        if moved < _STEP_MIN:
            break
    if float(np.abs((matrix - start) @ corners).max()) > _SHIFT_MAX:
        return None
    still = np.eye(2, 3)
    if float(np.abs((matrix - still) @ corners).max()) < _STILL_MAX:
        costs = [_measure_cost(points, grey, unknown, each) for each in (still, matrix)]
        if costs[0] < _STILL_FACTOR * costs[1]:
            return still
    return matrix


def _measure_cost(points: Points, grey: Pixels, unknown: Pixels, matrix: Pixels) -> float:
    """How badly points keep their brightness along a motion, but for what changes for all of them."""
    x, y, seen = _move(points, unknown, matrix)
    if not seen.any():
        return 0.0
    rest = read(grey, x[seen], y[seen], cv2.INTER_CUBIC) - points.level[seen]
    square = (rest - np.median(rest)) ** 2
    return float((square / (square + _DIFFERENCE**2)).mean())


def _move(points: Points, unknown: Pixels, matrix: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Where points lie after a motion, and which of them are seen there."""
    x = (matrix[0, 0] * points.x + matrix[0, 1] * points.y + matrix[0, 2]).astype(np.float32)
    y = (matrix[1, 0] * points.x + matrix[1, 1] * points.y + matrix[1, 2]).astype(np.float32)
    seen = (x >= 0) & (y >= 0) & (x <= unknown.shape[1] - 1) & (y <= unknown.shape[0] - 1)
    seen &= read(unknown, x, y, cv2.INTER_NEAREST) == 0
    return x, y, seen


def _centre(x: Pixels, y: Pixels, shape: tuple[int, ...]) -> tuple[Pixels, Pixels]:
    size = max(shape[:2]) / 2
    return (x - shape[1] / 2) / size, (y - shape[0] / 2) / size


def _undo(matrix: Pixels, step: Pixels, shape: tuple[int, ...]) -> Pixels:
    """`matrix` after the inverse of the step, which is told in centred coordinates."""
    size, middle = max(shape[:2]) / 2, np.array([shape[1] / 2, shape[0] / 2])
    linear = np.array([[step[1], step[2]], [step[4], step[5]]]) / size
    shift = np.array([step[0], step[3]]) - linear @ middle
    moved = np.vstack([np.column_stack([np.eye(2) + linear, shift]), [0, 0, 1]])
    whole = np.vstack([matrix, [0, 0, 1]])
    result: Pixels = (whole @ np.linalg.inv(moved))[:2]
    return result
