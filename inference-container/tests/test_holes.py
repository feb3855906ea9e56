"""Holes of every size and place, held to each model of the registry."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import LEARNED_MODELS, MODELS, Bench
from pictures import box_mask, decode, encode
from promises import H, W, assert_filled, assert_kept_outside, damaged

pytestmark = pytest.mark.parametrize("model", MODELS)


@pytest.mark.parametrize(
    "box", [(0, 0, 20, 20), (76, 60, 96, 80), (0, 0, 96, 12), (40, 0, 50, 80), (0, 30, 96, 50), (94, 0, 96, 80)]
)
def test_a_hole_at_the_border_is_filled(bench: Bench, model: str, box: tuple[int, int, int, int]) -> None:
    mask = box_mask(W, H, box)
    picture = damaged(mask)
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert_kept_outside(result, picture, mask)
    assert_filled(result, mask, 255)


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (2, 2), (3, 3), (1, 40), (5, 4), (9, 9)])
def test_tiny_pictures_are_filled(bench: Bench, model: str, size: tuple[int, int]) -> None:
    width, height = size
    picture = np.full((height, width, 3), 90, np.uint8)
    mask = box_mask(width, height, (0, 0, 1, 1))
    picture[0, 0] = 255
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert np.abs(result.astype(int) - 90).max() <= 12


def test_a_picture_of_one_pixel_passes_through(bench: Bench, model: str) -> None:
    picture = np.full((1, 1, 3), 77, np.uint8)
    assert np.array_equal(
        decode(bench.inpaint(encode(picture), encode(np.zeros((1, 1), np.uint8)), model=model)[1]), picture
    )


def test_a_hole_of_one_line_is_filled(bench: Bench, model: str) -> None:
    mask = np.zeros((H, W), np.uint8)
    cv2.line(mask, (3, 5), (90, 70), 255, 1)
    picture = damaged(mask)
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert_kept_outside(result, picture, mask)
    assert_filled(result, mask, 255)


def test_several_holes_are_all_filled(bench: Bench, model: str) -> None:
    mask = box_mask(
        400, 300, (10, 10, 30, 30), (370, 20, 390, 60), (200, 150, 204, 154), (20, 280, 60, 300), (32, 10, 50, 14)
    )
    picture = damaged(mask)
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert_kept_outside(result, picture, mask)
    assert_filled(result, mask, 255)


def test_a_mask_of_a_thousand_specks_is_filled(bench: Bench, model: str) -> None:
    rng = np.random.default_rng(2)
    mask = (rng.random((300, 400)) < 0.01).astype(np.uint8) * 255
    picture = damaged(mask)
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert_kept_outside(result, picture, mask)
    assert_filled(result, mask, 255)


def test_a_very_large_hole_is_filled_and_comes_with_advice_where_a_learned_model_would_do_better(
    bench: Bench, model: str
) -> None:
    mask = box_mask(W, H, (2, 2, 94, 78))
    picture = damaged(mask)
    line, data = bench.inpaint(encode(picture), encode(mask), model=model)
    assert_kept_outside(decode(data), picture, mask)
    assert_filled(decode(data), mask, 255)
    assert line["advice"] is None if model in LEARNED_MODELS else "91%" in line["advice"]


def test_a_crop_past_the_models_bound_is_filled_at_a_smaller_scale(bench: Bench, model: str) -> None:
    mask = box_mask(1100, 900, (400, 300, 700, 600))
    picture = damaged(mask)
    fields = {"parameters": {"radius": 20}} if model in ("telea", "navier-stokes") else {}
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model, **fields)[1])
    assert_kept_outside(result, picture, mask)
    assert_filled(result, mask, 255)


def test_soft_edges_of_what_is_removed_do_not_leak_into_the_filling(bench: Bench, model: str) -> None:
    mask = box_mask(W, H, (30, 20, 60, 44))
    cover = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None] / 255
    picture = np.rint(np.full((H, W, 3), 60) * (1 - cover) + 255 * cover).astype(np.uint8)
    result = decode(bench.inpaint(encode(picture), encode(mask), model=model)[1])
    assert result[24:40, 34:56].mean() < 75
