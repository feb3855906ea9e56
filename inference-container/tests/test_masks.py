"""The mask rule, held to the table of examples that every implementation is held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Bench
from pictures import encode, scene
from PIL import Image

from inpainting import masks
from inpainting.errors import ItemError
from inpainting.headers import read_header
from inpainting.pictures import decode_luminance

EXAMPLES = json.loads((Path(__file__).parent / "mask-examples.json").read_text())
by_name = pytest.mark.parametrize("example", EXAMPLES, ids=[example["name"] for example in EXAMPLES])


def paint(example: dict[str, Any]) -> np.ndarray:
    """The example as pixels: grey, or RGBA where any level is a colour."""
    in_colour = any("rgba" in level for level in example["levels"])
    runs = []
    for level in example["levels"]:
        value = level.get("value")
        colour = level.get("rgba", [value, value, value, 255]) if in_colour else [value]
        runs.append(np.tile(np.array(colour, np.uint8), (level["pixels"], 1)))
    shape = (example["height"], example["width"], 4) if in_colour else (example["height"], example["width"])
    return np.concatenate(runs).reshape(shape)


def read(example: dict[str, Any]) -> np.ndarray:
    data = encode(paint(example))
    return decode_luminance(data, read_header(data, name="The mask", pixels_max=10**6), name="The mask")


@by_name
def test_a_mask_is_accepted_or_refused_as_the_table_says(example: dict[str, Any]) -> None:
    shares = masks.measure(read(example))
    assert shares.is_binary is example["accepted"]
    assert shares.grey == pytest.approx(example["greyShare"], abs=1e-9)
    assert shares.hole == pytest.approx(example["holeShare"], abs=1e-9)


@by_name
def test_the_hole_has_the_share_that_the_table_says(example: dict[str, Any]) -> None:
    hole = masks.find_hole(read(example))
    assert set(np.unique(hole)) <= {0, 1}
    assert hole.mean() == pytest.approx(example["holeShare"])


@by_name
def test_a_refusal_tells_the_share_of_grey(example: dict[str, Any]) -> None:
    shares = masks.measure(read(example))
    if example["accepted"] and example["holeShare"] < 1:
        masks.ensure_usable(shares)
        return
    with pytest.raises(ItemError) as refusal:
        masks.ensure_usable(shares)
    if example["accepted"]:
        assert refusal.value.code == "mask.covers_everything"
    else:
        assert refusal.value.code == "mask.not_binary"
        assert f"{example['greyShare']:.1%}" in refusal.value.message


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA", "RGB", "RGBA"])
def test_a_mask_may_be_of_any_mode(bench: Bench, mode: str) -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[10:20, 10:30] = 255
    line, _ = bench.inpaint(encode(scene(50, 40)), encode(Image.fromarray(mask).convert(mode)))
    assert line["holeShare"] == pytest.approx(0.1)


def test_a_16_bit_mask_is_read(bench: Bench) -> None:
    mask = np.zeros((40, 50), np.uint16)
    mask[10:20, 10:30] = 65535
    assert bench.inpaint(encode(scene(50, 40)), encode(mask))[0]["holeShare"] == pytest.approx(0.1)
