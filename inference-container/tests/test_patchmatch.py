"""PatchMatch itself: what it looks for patches in, what it leaves to navier-stokes, and one seed, one result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from pictures import scene

from inpainting.models.patchmatch import PatchMatch, PatchMatchParameters, choose_window, split_by_thickness

MODEL = PatchMatch()
DEFAULTS = PatchMatchParameters()


def hole_of(height: int, width: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    """1 in each (left, top, right, bottom)."""
    hole = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in boxes:
        hole[top:bottom, left:right] = 1
    return hole


def test_scratches_that_cross_stay_thin_and_a_box_is_thick() -> None:
    hole = np.zeros((100, 100), np.uint8)
    cv2.line(hole, (5, 5), (90, 90), 1, 3)
    cv2.line(hole, (90, 5), (5, 90), 1, 3)
    assert split_by_thickness(hole)[1] is None
    hole[30:50, 70:95] = 1
    thin, thick = split_by_thickness(hole)
    assert thin is not None
    assert thick is not None
    assert np.array_equal(thin + thick, hole)
    assert thick[35:45, 75:90].all()
    assert thin[10, 10] == 1


@pytest.mark.parametrize("box", [(0, 0, 3, 60), (0, 0, 60, 3), (57, 0, 60, 60)])
def test_a_hole_along_the_border_is_not_thin_for_being_cut_by_it(box: tuple[int, int, int, int]) -> None:
    assert split_by_thickness(hole_of(60, 60, box))[0] is None


def test_patches_are_looked_for_wider_than_high() -> None:
    hole = hole_of(600, 600, (250, 250, 350, 350))
    rows, columns = choose_window(hole, hole, 3)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (200, 400, 150, 450)


def test_the_whole_crop_is_looked_at_where_little_is_known_nearby() -> None:
    hole = hole_of(600, 600, (250, 250, 350, 350))
    unknown = hole_of(600, 600, (100, 100, 500, 500))
    assert choose_window(hole, unknown, 3) == (slice(0, 600), slice(0, 600))


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (1, 9), (9, 1), (2, 2), (3, 5), (8, 8), (70, 2), (64, 20), (64, 64)])
def test_a_crop_of_any_size_is_filled_from_its_one_known_pixel(size: tuple[int, int]) -> None:
    height, width = size
    image = np.full((height, width, 3), 255, np.uint8)
    hole = np.ones((height, width), np.uint8)
    image[-1, -1], hole[-1, -1] = 90, 0
    assert np.abs(MODEL.fill(image, hole, None, DEFAULTS).astype(int) - 90).max() <= 12


def test_other_holes_are_neither_filled_nor_looked_at() -> None:
    image = scene(160, 120)
    hole, foreign = hole_of(120, 160, (60, 40, 90, 70)), hole_of(120, 160, (20, 20, 50, 90), (100, 30, 140, 80))
    image[(hole | foreign) != 0] = (255, 0, 255)
    filled = MODEL.fill(image, hole, foreign, DEFAULTS)
    in_hole = filled[hole != 0].astype(int)
    assert (np.abs(in_hole - (255, 0, 255)).sum(axis=1) > 60).all()


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (0, 60, 30, 100), (80, 0, 160, 30), (120, 80, 160, 120)])
def test_a_hole_at_the_border_and_in_a_corner_is_textured_like_its_surroundings(box: tuple[int, int, int, int]) -> None:
    image = np.random.default_rng(4).integers(60, 200, (120, 160, 3), np.uint8)
    hole = hole_of(120, 160, box)
    damaged = image.copy()
    damaged[hole != 0] = (255, 0, 255)
    spread = MODEL.fill(damaged, hole, None, DEFAULTS)[hole != 0].std()
    assert 0.8 < spread / image[hole != 0].std() < 1.2


@pytest.mark.parametrize("radius", [1, 2, 5, 8, 15])
def test_patches_of_every_size_fill_a_hole(radius: int) -> None:
    image, hole = scene(160, 120), hole_of(120, 160, (100, 50, 125, 75))
    damaged = image.copy()
    damaged[hole != 0] = (255, 0, 255)
    filled = MODEL.fill(damaged, hole, None, PatchMatchParameters(patchSize=radius))
    assert (np.abs(filled[hole != 0].astype(int) - (255, 0, 255)).sum(axis=1) > 60).all()
    assert np.array_equal(filled[hole == 0], image[hole == 0])


def test_what_is_under_a_hole_does_not_matter() -> None:
    image, hole = scene(160, 120), hole_of(120, 160, (60, 40, 90, 70))
    foreign = hole_of(120, 160, (95, 40, 110, 70))
    other = image.copy()
    other[(hole | foreign) != 0] = (0, 255, 0)
    first, second = (MODEL.fill(each, hole, foreign, DEFAULTS)[hole != 0] for each in (image, other))
    assert np.array_equal(first, second)


def test_one_seed_gives_one_result_in_several_threads_and_another_seed_another() -> None:
    image, hole = scene(120, 100), hole_of(100, 120, (40, 30, 80, 65))
    seeds = [1, 2, 1, 2, 2, 1, 3, 1]
    alone = {seed: MODEL.fill(image, hole, None, PatchMatchParameters(seed=seed)) for seed in set(seeds)}
    assert not np.array_equal(alone[1], alone[2])
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda seed: MODEL.fill(image, hole, None, PatchMatchParameters(seed=seed)), seeds)
        for seed, filled in zip(seeds, together, strict=True):
            assert np.array_equal(filled, alone[seed])


def test_the_crop_is_bounded_so_that_the_time_is() -> None:
    for radius in (1, 3, 8, 15):
        parameters = PatchMatchParameters(patchSize=radius)
        assert 256 * 256 <= MODEL.crop_pixels_max(parameters) <= 30_000_000 // 9


def test_a_fence_goes_on_where_navier_stokes_smears_it() -> None:
    fence = np.full((160, 320, 3), (180, 160, 120), np.uint8)
    for left in range(0, 320, 20):
        fence[:, left : left + 7] = (60, 90, 140)
    hole = hole_of(160, 320, (130, 60, 180, 100))
    damaged = fence.copy()
    damaged[hole != 0] = (255, 0, 255)
    miss = np.abs(MODEL.fill(damaged, hole, None, DEFAULTS).astype(int) - fence)[hole != 0].mean()
    assert miss < 8
