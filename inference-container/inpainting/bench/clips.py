"""Clips whose truth and motion are known, and how well a filling repairs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels

WIDTH, HEIGHT = 640, 360
CLIP_FRAMES = 36
_SENSOR_NOISE = 1.5
_LOGO_SHARE = 0.027


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Frames as they were shown and as they were meant, BGR; holes of 0 and 1; and the true motion.

    `motions[i]` is height x width x 2: by how many pixels what is at a place in frame i has moved in frame i + 1.
    """

    name: str
    shown: list[Pixels]
    truth: list[Pixels]
    holes: list[Pixels]
    motions: list[Pixels]
    moves_camera: bool
    moves_objects: bool


class ClipScore(NamedTuple):
    """PSNR in the holes in dB, flicker there in levels, and the flicker that the truth has itself."""

    psnr: float
    flicker: float
    flicker_floor: float


class _Thing(NamedTuple):
    """Something in front of the scene: its pixels, its opacity 0..1, where it starts and how far it moves a frame."""

    pixels: Pixels
    opacity: Pixels
    start: tuple[float, float]
    step: tuple[float, float]


Camera = Callable[[int], Pixels]


def make_clips(pictures: Sequence[Pixels], *, frames: int = CLIP_FRAMES, seed: int = 5) -> list[Clip]:
    """The bench's clips: each kind of motion under a static logo and under a moving mask.

    `pictures` are BGR; each kind takes the next as its scene. Equal arguments make equal clips.
    """
    clips = []
    for number, (name, camera, steps) in enumerate(_kinds(frames)):
        plate = _make_plate(pictures[number % len(pictures)], seed + number)
        thing_picture = pictures[(number + 1) % len(pictures)]
        for mask_name, holes in (("logo", _logo_holes(frames)), ("moving mask", _moving_holes(frames))):
            things = [_make_thing(thing_picture, k, step, holes) for k, step in enumerate(steps)]
            truth, motions = _film(plate, camera, things, frames, seed + number)
            clips.append(
                Clip(
                    name=f"{name}, {mask_name}",
                    shown=[_paint_logo(frame, hole) for frame, hole in zip(truth, holes, strict=True)],
                    truth=truth,
                    holes=holes,
                    motions=motions,
                    moves_camera=not np.array_equal(camera(0), camera(1)),
                    moves_objects=bool(steps),
                )
            )
    return clips


def score(clip: Clip, filled: Sequence[Pixels]) -> ClipScore:
    """How close the filled frames are to the truth inside the holes, and how steady."""
    error = pixels = 0.0
    for truth, result, hole in zip(clip.truth, filled, clip.holes, strict=True):
        where = hole != 0
        error += float(((truth[where].astype(np.float64) - result[where]) ** 2).sum())
        pixels += 3 * int(where.sum())
    mse = max(error / max(pixels, 1), 1e-9)
    return ClipScore(10 * float(np.log10(255**2 / mse)), _flicker(clip, filled), _flicker(clip, clip.truth))


def _flicker(clip: Clip, frames: Sequence[Pixels]) -> float:
    """The mean absolute change from frame to frame, along the true motion, of what is in a hole in both."""
    change = places = 0.0
    for i, motion in enumerate(clip.motions):
        x, y = _grid(motion.shape)
        x, y = x + motion[..., 0], y + motion[..., 1]
        later = cv2.remap(frames[i + 1], x, y, cv2.INTER_LINEAR)
        later_hole = cv2.remap(clip.holes[i + 1] * 255, x, y, cv2.INTER_LINEAR)
        where = (clip.holes[i] != 0) & (later_hole == 255)
        change += float(np.abs(later[where].astype(np.float64) - frames[i][where]).mean(axis=-1).sum())
        places += int(where.sum())
    return change / max(places, 1)


def _kinds(frames: int) -> list[tuple[str, Camera, list[tuple[float, float]]]]:
    middle = frames / 2

    def pan(i: int) -> Pixels:
        return _view(4.0 * (i - middle), 1.3 * (i - middle), 1.0, 0.0)

    def zoom(i: int) -> Pixels:
        return _view(0, 0, 1.12 - 0.007 * i, 0.006 * (i - middle))

    def still(i: int) -> Pixels:
        del i
        return _view(0, 0, 1.0, 0.0)

    return [
        ("pan", pan, []),
        ("zoom and rotation", zoom, []),
        ("static camera", still, []),
        ("pan and an object", pan, [(-12.0, 0.0)]),
        ("pan and two objects", pan, [(-9.0, 1.0), (7.0, -3.0)]),
        ("static camera and an object", still, [(-12.0, 0.0)]),
        ("static camera and two objects", still, [(-7.0, 0.5), (5.0, 3.0)]),
    ]


def _view(x: float, y: float, scale: float, angle: float) -> Pixels:
    """The 2x3 matrix from a frame's pixels to the plate's, both measured from their centres."""
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    return np.array([[c, -s, x], [s, c, y]], np.float64)


def _film(
    plate: Pixels, camera: Camera, things: Sequence[_Thing], frames: int, seed: int
) -> tuple[list[Pixels], list[Pixels]]:
    rng = np.random.default_rng(seed)
    x, y = _grid((HEIGHT, WIDTH))
    truth, motions = [], []
    for i in range(frames):
        view = camera(i)
        later = _compose(_invert(camera(i + 1)), view)
        centre = np.array([WIDTH / 2, HEIGHT / 2])
        motion = np.dstack([_apply(later, x - centre[0], y - centre[1])[k] + centre[k] - (x, y)[k] for k in (0, 1)])
        to_plate = view.copy()
        to_plate[:, 2] += np.array([plate.shape[1], plate.shape[0]]) / 2 - view[:, :2] @ centre
        frame = cv2.warpAffine(
            plate,
            to_plate,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        ).astype(np.float32)
        for thing in things:
            place = np.array(
                [[1, 0, thing.start[0] + i * thing.step[0]], [0, 1, thing.start[1] + i * thing.step[1]]], np.float64
            )
            pixels = cv2.warpAffine(thing.pixels, place, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
            opacity = cv2.warpAffine(thing.opacity, place, (WIDTH, HEIGHT))[..., np.newaxis]
            frame = frame * (1 - opacity) + pixels * opacity
            motion = np.where(opacity > 0.5, np.array(thing.step), motion)
        frame += rng.normal(0, _SENSOR_NOISE, frame.shape)
        truth.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
        motions.append(motion.astype(np.float32))
    return truth, motions[:-1]


def _make_plate(picture: Pixels, seed: int) -> Pixels:
    """The picture at twice a frame's width or so, with grain: an enlarged picture has no detail of its own."""
    scale = max(1.3 * WIDTH / picture.shape[1], 1.4 * HEIGHT / picture.shape[0])
    plate = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, plate.shape[:2]), (0, 0), 0.8)
    grained: Pixels = np.clip(plate + (6 * grain)[..., np.newaxis], 0, 255).astype(np.uint8)
    return grained


def _make_thing(picture: Pixels, number: int, step: tuple[float, float], holes: Sequence[Pixels]) -> _Thing:
    """An ellipse cut from a picture, which crosses the hole near the middle of the clip."""
    width, height = (150, 110) if number == 0 else (80, 90)
    top, left = picture.shape[0] // 4, picture.shape[1] // 4
    pixels = picture[top : top + height, left : left + width]
    opacity = np.zeros(pixels.shape[:2], np.float32)
    size = (pixels.shape[1] // 2 - 4, pixels.shape[0] // 2 - 4)
    cv2.ellipse(opacity, (pixels.shape[1] // 2, pixels.shape[0] // 2), size, 0, 0, 360, 1.0, -1)
    passing = round(len(holes) * (0.45 + 0.15 * number))
    hole_left, hole_top, hole_width, hole_height = cv2.boundingRect(holes[passing])
    start = (
        hole_left + hole_width / 2 - pixels.shape[1] / 2 - passing * step[0],
        hole_top + hole_height / 2 - pixels.shape[0] / 3 - passing * step[1],
    )
    return _Thing(pixels, cv2.GaussianBlur(opacity, (0, 0), 1.0), start, step)


def _logo_box() -> tuple[int, int, int, int]:
    height = round((_LOGO_SHARE * WIDTH * HEIGHT / 2.4) ** 0.5)
    width = round(2.4 * height)
    return WIDTH - width - 70, 60, WIDTH - 70, 60 + height


def _logo_holes(frames: int) -> list[Pixels]:
    hole = np.zeros((HEIGHT, WIDTH), np.uint8)
    left, top, right, bottom = _logo_box()
    hole[top:bottom, left:right] = 1
    return [hole] * frames


def _moving_holes(frames: int) -> list[Pixels]:
    """An ellipse that wanders across the middle, of the logo's area."""
    holes = []
    across = round((_LOGO_SHARE * WIDTH * HEIGHT / np.pi) ** 0.5)
    for i in range(frames):
        hole = np.zeros((HEIGHT, WIDTH), np.uint8)
        centre = (round(150 + i * 330 / frames), round(180 + 60 * np.sin(i / 7)))
        cv2.ellipse(hole, centre, (across, across), 0, 0, 360, 1, -1)
        holes.append(hole)
    return holes


def _paint_logo(frame: Pixels, hole: Pixels) -> Pixels:
    """The frame with something of its own in the hole, as what is to be removed has."""
    x, _ = _grid(hole.shape)
    stripes = np.where((x // 9) % 2 == 0, 235, 30).astype(np.uint8)
    return np.where(hole[..., np.newaxis] != 0, np.dstack([stripes, 255 - stripes, stripes]), frame)


def _grid(shape: tuple[int, ...]) -> tuple[Any, Any]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return x, y


def _apply(matrix: Pixels, x: Pixels, y: Pixels) -> tuple[Pixels, Pixels]:
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2],
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2],
    )


def _invert(matrix: Pixels) -> Pixels:
    inverse: Pixels = cv2.invertAffineTransform(matrix)
    return inverse


def _compose(outer: Pixels, inner: Pixels) -> Pixels:
    """What `inner` and then `outer` do."""
    product: Pixels = np.vstack([outer, [0, 0, 1]]) @ np.vstack([inner, [0, 0, 1]])
    return product[:2]
