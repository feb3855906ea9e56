"""What fills the holes of videos keeps and promises."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest

from inpainting.models import Pixels
from inpainting.models.opencv import inpaint
from inpainting.temporal import PairStore, fill_window, plan_windows

WIDTH, HEIGHT = 200, 128


def fill_still(image: Pixels, hole: Pixels, foreign: Pixels | None) -> Pixels:
    unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
    return inpaint(np.ascontiguousarray(image), np.ascontiguousarray(unknown), 3, cv2.INPAINT_TELEA)


def plate(width: int = 640, height: int = 300, seed: int = 5) -> Pixels:
    """A scene with detail at several scales, no two places alike."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for size in (2, 6, 20):
        noise = rng.normal(0, 1, (height // size + 2, width // size + 2, 3)).astype(np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * size**0.5 * 9
    return np.clip(total + 128, 0, 255).astype(np.uint8)


def pan(count: int, step: int = 4, seed: int = 5) -> list[Pixels]:
    scene = plate(seed=seed)
    return [scene[20 : 20 + HEIGHT, 20 + step * i : 20 + step * i + WIDTH].copy() for i in range(count)]


def static_holes(count: int, box: tuple[int, int, int, int] = (90, 40, 130, 64)) -> list[Pixels]:
    left, top, right, bottom = box
    hole = np.zeros((HEIGHT, WIDTH), np.uint8)
    hole[top:bottom, left:right] = 1
    return [hole] * count


def damage(frames: Sequence[Pixels], holes: Sequence[Pixels]) -> list[Pixels]:
    stripes = np.where(np.arange(frames[0].shape[1]) // 5 % 2 == 0, 240, 10).astype(np.uint8)[np.newaxis, :, np.newaxis]
    return [np.where(hole[..., np.newaxis] != 0, stripes, frame) for frame, hole in zip(frames, holes, strict=True)]


def fill(frames: Sequence[Pixels], holes: Sequence[Pixels], kept: range | None = None) -> list[Pixels]:
    filled = []
    pairs = PairStore()
    for window in plan_windows(kept or range(len(frames)), len(frames)):
        look = slice(window.look.start, window.look.stop)
        filled += fill_window(
            frames[look],
            holes[look],
            first=window.look.start,
            keep=window.keep,
            fill_still=fill_still,
            check=lambda: None,
            pairs=pairs,
        )
    return filled


def psnr(truth: Sequence[Pixels], filled: Sequence[Pixels], holes: Sequence[Pixels]) -> float:
    errors = [
        (a[h != 0].astype(float) - b[h != 0]) ** 2 for a, b, h in zip(truth, filled, holes, strict=True) if h.any()
    ]
    return float(10 * np.log10(255**2 / max(np.concatenate(errors).mean(), 1e-6)))


def assert_kept(frames: Sequence[Pixels], filled: Sequence[Pixels], holes: Sequence[Pixels]) -> None:
    for frame, result, hole in zip(frames, filled, holes, strict=True):
        assert result.dtype == np.uint8
        assert np.array_equal(frame[hole == 0], result[hole == 0])


@pytest.fixture(scope="module")
def panned() -> tuple[list[Pixels], list[Pixels], list[Pixels], list[Pixels]]:
    truth = pan(40)
    holes = static_holes(40)
    shown = damage(truth, holes)
    return truth, holes, shown, fill(shown, holes)


def test_every_pixel_outside_the_holes_stays(panned: tuple[list[Pixels], ...]) -> None:
    _, holes, shown, filled = panned
    assert_kept(shown, filled, holes)


def test_what_other_frames_show_is_brought_in(panned: tuple[list[Pixels], ...]) -> None:
    truth, holes, shown, filled = panned
    alone = [fill_still(frame, hole, None) for frame, hole in zip(shown, holes, strict=True)]
    assert psnr(truth, filled, holes) > psnr(truth, alone, holes) + 6


def test_the_pixels_are_the_same_however_the_video_is_cut(panned: tuple[list[Pixels], ...]) -> None:
    _, holes, shown, filled = panned
    again = fill(shown, holes, range(24, 40))
    assert all(np.array_equal(a, b) for a, b in zip(filled[24:], again, strict=True))


def test_the_frames_handed_in_are_not_changed(panned: tuple[list[Pixels], ...]) -> None:
    truth, holes, shown, _ = panned
    assert all(np.array_equal(a, b) for a, b in zip(shown, damage(truth, holes), strict=True))


def test_a_change_of_exposure_leaves_no_step() -> None:
    holes = static_holes(20)
    truth = [np.clip(f * (0.75 + 0.02 * i), 0, 255).astype(np.uint8) for i, f in enumerate(pan(20))]
    filled = fill(damage(truth, holes), holes)
    tone = [
        abs(float(a[h != 0].mean()) - float(b[h != 0].mean())) for a, b, h in zip(truth, filled, holes, strict=True)
    ]
    assert max(tone) < 6


def test_a_thing_that_passes_behind_a_static_hole_is_carried_on() -> None:
    scene, thing = plate()[:HEIGHT, :WIDTH], plate(seed=8)[:56, :60] // 4 + 190
    truth = []
    for i in range(24):
        frame = scene.copy()
        left = 4 + 6 * i
        frame[30:86, left : left + 60] = thing[:, : max(0, WIDTH - left)]
        truth.append(frame)
    holes = static_holes(24, (90, 44, 118, 70))
    shown = damage(truth, holes)
    alone = [fill_still(frame, hole, None) for frame, hole in zip(shown, holes, strict=True)]
    behind = slice(10, 14)
    filled = fill(shown, holes)
    assert psnr(truth[behind], filled[behind], holes[behind]) > psnr(truth[behind], alone[behind], holes[behind]) + 5


def test_what_no_frame_shows_stays_put_across_windows() -> None:
    rng = np.random.default_rng(1)
    scene = plate()[:HEIGHT, :WIDTH].astype(np.int16)
    frames = [np.clip(scene + rng.integers(-2, 3, scene.shape), 0, 255).astype(np.uint8) for _ in range(30)]
    holes = static_holes(30)
    filled = fill(damage(frames, holes), holes)
    where = holes[0] != 0
    changes = [float(np.abs(a[where].astype(float) - b[where]).mean()) for a, b in pairwise(filled)]
    assert max(changes) < 2


def test_what_comes_after_a_cut_changes_nothing_before_it() -> None:
    holes = static_holes(12)
    filled = [fill(damage(pan(6) + [255 - f for f in pan(6, seed=seed)], holes), holes)[:6] for seed in (9, 10)]
    assert all(np.array_equal(a, b) for a, b in zip(*filled, strict=True))


def test_frames_without_a_hole_stay_and_are_sources() -> None:
    truth = pan(8, step=0)
    holes = static_holes(8)
    holes = [np.zeros_like(hole) if i == 5 else hole for i, hole in enumerate(holes)]
    shown = damage(truth, holes)
    filled = fill(shown, holes)
    assert np.array_equal(filled[5], shown[5])
    assert psnr(truth, filled, holes) > 35


def test_a_hole_over_all_of_one_frame_is_filled_from_its_neighbours() -> None:
    truth = pan(9, step=0)
    holes = [np.full((HEIGHT, WIDTH), int(i == 4), np.uint8) for i in range(9)]
    filled = fill(damage(truth, holes), holes)
    assert_kept(truth, filled, holes)
    assert filled[4].shape == truth[4].shape


@pytest.mark.parametrize("count", [1, 2])
def test_a_video_of_a_frame_or_two_is_filled(count: int) -> None:
    holes = static_holes(count)
    shown = damage(pan(count), holes)
    filled = fill(shown, holes)
    assert_kept(shown, filled, holes)
    assert all(not np.array_equal(a, b) for a, b in zip(shown, filled, strict=True))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 9), (15, 15), (17, 33)])
def test_tiny_frames_are_filled(width: int, height: int) -> None:
    frames = [plate()[:height, i : i + width].copy() for i in range(4)]
    holes = [np.zeros((height, width), np.uint8) for _ in frames]
    if width * height > 1:
        for hole in holes:
            hole[height // 2, width // 2] = 1
    assert_kept(frames, fill(frames, holes), holes)


def test_the_work_ends_where_it_is_told_to() -> None:
    def check() -> None:
        raise TimeoutError

    holes = static_holes(4)
    with pytest.raises(TimeoutError):
        fill_window(pan(4), holes, first=0, keep=range(4), fill_still=fill_still, check=check)
