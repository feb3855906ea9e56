"""Items that fail: each with its code, alone, and storing nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import Bench, RunningService
from media_server import MediaServer
from pictures import box_mask, encode, exif_with_orientation, scene
from PIL import Image

W, H = 96, 80
PICTURE = encode(scene(W, H))
MASK = encode(box_mask(W, H, (30, 20, 60, 44)))


def assert_error(error: dict[str, Any], code: str, *words: str, retryable: bool = False) -> None:
    assert error["code"] == code, error
    assert error["retryable"] is retryable
    for word in words:
        assert word in error["message"]
    assert "Signature" not in error["message"]


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture at all",
        PICTURE[: len(PICTURE) // 2],
        PICTURE[:-12],
        PICTURE[:20],
        encode(scene(), "JPEG")[:-400],
        encode(scene(), "WEBP")[:-40],
        b"RIFF\x10\x00\x00\x00WEBPVP8X",
        b"RIFF\x10\x00\x00\x00WEBPABCDabcd",
        encode(scene(), "GIF"),
        encode(scene(), "BMP"),
        png_header(W, H),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    ],
    ids=[
        "empty", "text", "half a PNG", "a PNG without its end", "20 bytes of a PNG", "a JPEG cut off", "a WebP cut off",
        "a WebP of one chunk header", "a WebP of an unknown kind", "a GIF", "a BMP", "a PNG with too little data",
        "a PNG of zeros",
    ],
)  # fmt: skip
def test_what_is_not_a_whole_picture_is_refused(bench: Bench, data: bytes) -> None:
    assert_error(bench.refuse(data, MASK), "media.undecodable", "The picture")
    assert_error(bench.refuse(PICTURE, data), "media.undecodable", "The mask")


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_an_animation_is_not_a_still_picture(bench: Bench, format_: str) -> None:
    frames = [Image.fromarray(scene()), Image.fromarray(255 - scene())]
    data = encode(frames[0], format_, save_all=True, append_images=frames[1:])
    assert_error(bench.refuse(data, MASK), "media.undecodable", "animation", "2 frames")


def test_a_picture_that_promises_too_many_pixels_is_refused_from_its_header(bench: Bench) -> None:
    error = bench.refuse(png_header(30000, 30000), MASK)
    assert_error(error, "media.too_large", "30000x30000", "64000000")
    huge_webp = b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"
    assert_error(bench.refuse(huge_webp, MASK), "media.too_large", "16777216x16777216")


def test_sizes_that_differ_are_both_told(bench: Bench) -> None:
    error = bench.refuse(PICTURE, encode(np.zeros((H, W + 1), np.uint8)))
    assert_error(error, "media.size_mismatch", "96x80", "97x80")


def test_a_mask_of_the_stored_size_is_not_taken_for_a_half_turned_picture(bench: Bench) -> None:
    half_turned = encode(scene(W, H), exif=exif_with_orientation(3))
    assert_error(bench.refuse(half_turned, encode(np.zeros((W, H), np.uint8))), "media.size_mismatch")


def test_a_grey_mask_is_refused_with_its_share_of_grey(bench: Bench) -> None:
    mask = box_mask(W, H, (0, 0, W, H // 2)) // 2
    assert_error(bench.refuse(PICTURE, encode(mask)), "mask.not_binary", "50.0%", "3%")


def test_a_white_mask_leaves_nothing_to_fill_from(bench: Bench) -> None:
    assert_error(bench.refuse(PICTURE, encode(np.full((H, W), 255, np.uint8))), "mask.covers_everything")


@pytest.mark.parametrize(("status", "retryable"), [(500, True), (503, True), (429, True), (403, False), (404, False)])
def test_a_store_that_refuses_is_final_and_one_that_fails_is_not(bench: Bench, status: int, retryable: bool) -> None:
    url = bench.media.url(f"fail/{status}")
    for field in ("imageUrl", "maskUrl"):
        error = bench.refuse(PICTURE, MASK, changes={field: url})
        assert_error(error, "media.fetch_failed", str(status), retryable=retryable)
    error = bench.refuse(PICTURE, MASK, changes={"resultUrl": url})
    assert_error(error, "result.store_failed", str(status), retryable=retryable)


def test_a_connection_that_breaks_is_retryable(bench: Bench) -> None:
    bench.media.put("cut-off", PICTURE)
    error = bench.refuse(PICTURE, MASK, changes={"imageUrl": bench.media.url("cut/cut-off")})
    assert_error(error, "media.fetch_failed", retryable=True)


def test_a_redirect_is_not_followed(bench: Bench) -> None:
    bench.media.put("elsewhere", PICTURE)
    error = bench.refuse(PICTURE, MASK, changes={"imageUrl": bench.media.url("redirect/elsewhere")})
    assert_error(error, "media.fetch_failed", "302", "not followed")
    assert "GET objects/elsewhere" not in bench.media.requests


def test_one_bad_item_fails_alone(bench: Bench) -> None:
    items = [bench.item(PICTURE, MASK), bench.item(b"broken", MASK), bench.item(PICTURE, MASK)]
    lines = bench.send(items)
    status = {line["id"]: line["status"] for line in lines if line["type"] == "item"}
    assert [status[item["id"]] for item in items] == ["succeeded", "failed", "succeeded"]
    assert (lines[-1]["succeeded"], lines[-1]["failed"]) == (2, 1)


def test_a_result_that_its_format_cannot_hold_says_which_can(bench: Bench) -> None:
    picture = encode(np.zeros((1, 16400, 3), np.uint8))
    mask = encode(box_mask(16400, 1, (0, 0, 3, 1)))
    error = bench.refuse(picture, mask, output={"format": "webp"})
    assert_error(error, "result.unencodable", "16400x1", "16383", "PNG")


# Origins


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:{port}/objects/x",
        "http://localhost:{port}/objects/x",
        "http://127.0.0.1:{other}/objects/x",
        "http://127.0.0.1/objects/x",
        "https://127.0.0.1:{port}/objects/x",
        "http://user:word@127.0.0.1:{port}/objects/x",
        "http://127.0.0.1:{port}@example.com/objects/x",
        "http://example.com#@127.0.0.1:{port}/",
        "http://example.com\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\t.example.com/",
        "http://127.1:{port}/objects/x",
        "http://2130706433:{port}/objects/x",
        "http://[::1]:{port}/objects/x",
        "http://127.0.0.1:99999/objects/x",
        "http://127.0.0.1:x/objects/x",
        "//127.0.0.1:{port}/objects/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/objects/x",
        "data:image/png;base64,AAAA",
        "http://",
        "x",
    ],
)
def test_only_the_media_origins_are_talked_to(bench: Bench, url: str) -> None:
    port = bench.media.server_address[1]
    url = url.format(port=port, other=port + 1)
    for field in ("imageUrl", "maskUrl", "resultUrl"):
        assert_error(bench.refuse(PICTURE, MASK, changes={field: url}), "origin.refused", field)


def test_an_origin_is_the_same_however_its_name_is_cased(bench: Bench) -> None:
    item = bench.item(PICTURE, MASK)
    item["imageUrl"] = item["imageUrl"].replace("http://", "HTTP://")
    assert bench.send([item])[0]["status"] == "succeeded"


# Limits, in a service with small ones


@pytest.fixture(scope="module")
def narrow(start: Callable[..., RunningService], media: MediaServer) -> Bench:
    return Bench(
        start(
            INFERENCE_MEDIA_BYTES_MAX="60000",
            INFERENCE_PICTURE_PIXELS_MAX="20000",
            INFERENCE_TRANSFER_SECONDS_MAX="1",
        ),
        media,
    )


def test_a_file_with_too_many_bytes_is_refused_by_its_length(narrow: Bench) -> None:
    error = narrow.refuse(PICTURE + b"\0" * 60000, MASK)
    assert_error(error, "media.too_large", "60000", "The picture")


def test_a_file_without_a_length_is_cut_off_at_the_limit(narrow: Bench) -> None:
    error = narrow.refuse(PICTURE, MASK, changes={"maskUrl": narrow.media.url("endless")})
    assert_error(error, "media.too_large", "60000", "The mask")


def test_a_picture_with_too_many_pixels_is_refused(narrow: Bench) -> None:
    assert_error(narrow.refuse(encode(np.zeros((200, 101, 3), np.uint8)), MASK), "media.too_large", "101x200", "20000")


def test_a_store_that_does_not_answer_is_given_up(narrow: Bench) -> None:
    picture = narrow.media.put("slow-picture", PICTURE).replace("/objects/", "/held/never/")
    error = narrow.refuse(PICTURE, MASK, changes={"imageUrl": picture})
    assert_error(error, "media.fetch_failed", "1 s", retryable=True)


def test_an_item_that_takes_too_long_ends_with_a_timeout(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = Bench(start(INFERENCE_ITEM_SECONDS_MAX="1"), media)
    # Holes so far apart that each is a step of its own.
    places = range(130, 1650, 330)
    mask = encode(box_mask(1650, 1650, *((x, y, x + 80, y + 80) for x in places for y in places)))
    error = bench.refuse(encode(scene(1650, 1650)), mask, model="patchmatch", parameters={"patchSize": 7})
    assert_error(error, "item.timeout", "1 s", "telea")
