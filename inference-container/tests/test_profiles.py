"""Colour profiles that do not fit: the look stays, whatever becomes of the profile."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pictures import encode, scene
from PIL import Image

from inpainting.headers import read_header
from inpainting.pictures import decode_picture


def linear_grey_profile() -> bytes:
    """A profile of grey levels that are as bright as they are high."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, 256) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = ((b"wtpt", white), (b"kTRC", curve))
    table = struct.pack(">I", len(tags))
    body = b""
    for name, content in tags:
        table += name + struct.pack(">II", 156 + len(body), len(content))
        body += content
    header = struct.pack(">I", 156 + len(body)) + bytes(4) + b"\x02\x40\0\0mntrGRAYXYZ " + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


def test_grey_with_alpha_and_a_profile_looks_as_the_profile_says() -> None:
    levels = np.tile(np.arange(0, 250, 10, dtype=np.uint8), (4, 1))
    grey = Image.merge("LA", (Image.fromarray(levels), Image.new("L", (25, 4), 200)))
    data = encode(grey, "PNG", icc_profile=linear_grey_profile())
    picture = decode_picture(data, read_header(data, name="x", pixels_max=1000), name="x")
    light = levels / 255
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert picture.icc is None
    assert np.abs(picture.pixels[..., 0] - shown).max() <= 1


@pytest.mark.parametrize("profile", [b"no profile" * 30, b"x"])
def test_cmyk_whose_profile_is_none_is_read_without_it(profile: bytes) -> None:
    cmyk = Image.fromarray(scene()).convert("CMYK")
    with_it = encode(cmyk, "JPEG", quality=95, icc_profile=profile)
    without = encode(cmyk, "JPEG", quality=95)
    read = [decode_picture(d, read_header(d, name="x", pixels_max=10**5), name="x") for d in (with_it, without)]
    assert np.array_equal(read[0].pixels, read[1].pixels)
