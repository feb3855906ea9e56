"""What a crop past a model's size gets back: the detail of its surroundings, and no blur."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inpainting.crops import find_crops
from inpainting.detail import add_detail
from inpainting.models import Pixels
from inpainting.models.learned import NoParameters
from inpainting.models.manifest import Sizes
from inpainting.models.opencv import TELEA
from inpainting.scaling import fill_to_scale


class Oracle:
    """A model of a small fixed size whose filling is right, at its scale."""

    parameters = NoParameters
    manifest = replace(TELEA.manifest, sizes=Sizes(side_min=128, side_max=128))

    def __init__(self, truth: Pixels) -> None:
        self.truth = truth
        self.sizes: list[tuple[int, ...]] = []

    def crop_pixels_max(self, _: NoParameters) -> int:
        return 128 * 128

    def fill(self, image: Pixels, hole: Pixels, _foreign: Pixels | None, _: NoParameters) -> Pixels:
        self.sizes.append(image.shape)
        small = cv2.resize(self.truth, hole.shape[::-1], interpolation=cv2.INTER_AREA)
        return np.where(hole[..., None] > 0, small, image)


def texture(kind: str, side: int = 384) -> Pixels:
    """Pictures with detail that a third of their size does not hold."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    base = 120 + 40 * np.sin(x / 40) + 30 * np.cos(y / 55)
    if kind == "grain":
        detail = cv2.GaussianBlur(rng.normal(0, 60, (side, side)).astype(np.float32), (0, 0), 1)
    elif kind == "weave":
        detail = 25 * np.sin(x * 1.3) * np.sin(y * 1.3) + 10 * np.sin(x / 5)
    else:
        blobs = cv2.GaussianBlur(rng.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 5)
        detail = cv2.GaussianBlur(np.where(blobs > 0, np.float32(35), np.float32(-35)), (0, 0), 0.7)
    return np.clip(np.dstack([base + detail, 0.9 * base + detail, 0.8 * base + detail]), 0, 255).astype(np.uint8)


def measure_sharpness(result: Pixels, truth: Pixels, hole: Pixels) -> float:
    """Laplacian energy in the hole over the truth's."""
    inside = cv2.erode(hole, np.ones((5, 5), np.uint8)) != 0
    energies = [
        (cv2.Laplacian(cv2.cvtColor(each, cv2.COLOR_BGR2GRAY), cv2.CV_32F)[inside] ** 2).sum()
        for each in (result, truth)
    ]
    return float(energies[0] / energies[1])


def hole_in(side: int = 384) -> Pixels:
    hole = np.zeros((side, side), np.uint8)
    hole[120:270, 110:280] = 1
    return hole


@pytest.mark.parametrize("kind", ["grain", "weave", "stones"])
def test_a_filling_made_small_is_as_sharp_as_its_surroundings(kind: str) -> None:
    truth, hole = texture(kind), hole_in()
    model = Oracle(truth)
    filled = fill_to_scale(np.where(hole[..., None] > 0, np.uint8(0), truth), hole, None, model, NoParameters())
    assert model.sizes == [(128, 128, 3)]
    soft = cv2.resize(cv2.resize(truth, (128, 128), interpolation=cv2.INTER_AREA), (384, 384))
    assert measure_sharpness(soft, truth, hole) < 0.3
    assert 0.8 <= measure_sharpness(filled, truth, hole) <= 1.2


def test_a_smooth_surrounding_stays_smooth() -> None:
    ramp = np.linspace(40, 200, 384, dtype=np.float32)
    truth = np.repeat((ramp[:, None] / 2 + ramp / 2)[..., None], 3, axis=2).astype(np.uint8)
    hole = hole_in()
    damaged = np.where(hole[..., None] > 0, np.uint8(0), truth)
    filled = fill_to_scale(damaged, hole, None, Oracle(truth), NoParameters())
    assert np.abs(filled.astype(int) - truth)[hole > 0].max() <= 3


def test_detail_comes_from_what_is_known_alone() -> None:
    truth, hole = texture("grain"), hole_in()
    soft = cv2.GaussianBlur(truth, (0, 0), 2)
    results = []
    for marker in (0, 255):
        image = np.where(hole[..., None] > 0, np.uint8(marker), truth)
        results.append(add_detail(image, hole, hole, soft, 1 / 3))
    assert np.array_equal(*results)
    assert np.array_equal(results[0][hole == 0], soft[hole == 0])


def test_where_nothing_known_is_wide_enough_the_filling_stays_as_it_is() -> None:
    truth = texture("grain", 64)
    hole = np.ones((64, 64), np.uint8)
    hole[:3] = 0
    soft = cv2.GaussianBlur(truth, (0, 0), 2)
    assert np.array_equal(add_detail(truth, hole, hole, soft, 0.5), soft)


@pytest.mark.parametrize("box", [(0, 0, 3, 3), (597, 397, 600, 400), (300, 200, 340, 220), (0, 190, 600, 200)])
def test_a_crop_is_as_wide_as_a_fixed_model_where_the_picture_is(box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    hole = np.zeros((400, 600), np.uint8)
    hole[top:bottom, left:right] = 1
    (crop,) = find_crops(hole, side_min=512, side_max=512)
    assert (crop.context.width, crop.context.height) == (max(512, right - left), 400)
    assert crop.context.union(crop.hole) == crop.context
    assert crop.context.left >= 0 and crop.context.right <= 600


def test_a_crop_keeps_to_a_models_size_as_long_as_half_the_context_is_left() -> None:
    hole = np.zeros((2000, 2000), np.uint8)
    hole[900:1100, 900:1100] = 1
    assert find_crops(hole)[0].context.width == 600
    assert find_crops(hole, side_min=512, side_max=512)[0].context.width == 512
    hole[800:1200, 800:1200] = 1
    assert find_crops(hole, side_min=512, side_max=512)[0].context.width == 800
