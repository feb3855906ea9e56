"""What every model keeps: the same promises, held to each model of the registry."""

from __future__ import annotations

import hashlib
import io
import json
import zlib

import numpy as np
import pytest
from conftest import MODELS, Bench
from pictures import box_mask, decode, encode, encode_16_bit, exif_with_orientation, scene
from PIL import Image, ImageCms, ImageOps
from promises import HOLE, H, W, assert_filled, assert_kept_outside, damaged

pytestmark = pytest.mark.parametrize("model", MODELS)


def test_the_suite_runs_against_every_model_there_is(bench: Bench, model: str) -> None:
    assert {entry["id"] for entry in bench.service.http.get("/v1/models").json()["models"]} == set(MODELS)


def test_pixels_outside_the_hole_are_byte_identical_and_the_hole_is_filled(bench: Bench, model: str) -> None:
    picture = damaged()
    line, data = bench.inpaint(encode(picture), encode(HOLE), model=model)
    result = decode(data)
    assert_kept_outside(result, picture, HOLE)
    assert_filled(result, HOLE, 255)
    assert (line["width"], line["height"], line["contentType"]) == (W, H, "image/png")
    assert line["holeShare"] == pytest.approx((HOLE > 0).mean(), abs=1e-6)


def test_the_filling_looks_like_its_surroundings(bench: Bench, model: str) -> None:
    y, x = np.mgrid[0:H, 0:W]
    truth = np.dstack([60 + x, 40 + y, 100 + (x + y) // 2]).astype(np.uint8)
    picture = truth.copy()
    picture[HOLE > 0] = (255, 0, 255)
    result = decode(bench.inpaint(encode(picture), encode(HOLE), model=model)[1])
    assert np.abs(result.astype(int) - truth)[HOLE > 0].mean() < 20


def test_the_line_tells_the_size_and_digest_of_what_was_stored(bench: Bench, model: str) -> None:
    line, data = bench.inpaint(encode(damaged()), encode(HOLE), model=model)
    assert line["sizeBytes"] == len(data)
    assert line["sha256"] == hashlib.sha256(data).hexdigest()
    assert line["crc32"] == zlib.crc32(data)
    assert line["model"] == model


def test_a_mask_that_is_not_quite_black_and_white_is_cut_at_128(bench: Bench, model: str) -> None:
    picture = damaged()
    soft = np.where(HOLE > 0, 235, 20).astype(np.uint8)
    soft[20, 30:50] = 128
    soft[20, 50:60] = 127
    result = decode(bench.inpaint(encode(picture), encode(soft), model=model)[1])
    assert_kept_outside(result, picture, soft)


def test_a_jpeg_mask_marks_the_same_hole(bench: Bench, model: str) -> None:
    picture = damaged()
    mask = encode(HOLE, "JPEG", quality=75)
    result = decode(bench.inpaint(encode(picture), mask, model=model)[1])
    assert_kept_outside(result, picture, decode(mask))


def test_alpha_is_kept_outside_and_continued_inside(bench: Bench, model: str) -> None:
    alpha = np.full((H, W), 255, np.uint8)
    alpha[:, :20] = np.arange(H, dtype=np.uint8)[:, None] * 3
    picture = np.dstack([damaged(), alpha])
    picture[HOLE > 0, 3] = 0
    result = decode(bench.inpaint(encode(picture), encode(HOLE), model=model)[1])
    assert_kept_outside(result, picture, HOLE)
    assert (result[HOLE > 0, 3] >= 250).all()


def test_a_16_bit_picture_keeps_its_depth(bench: Bench, model: str) -> None:
    rng = np.random.default_rng(1)
    picture = damaged().astype(np.uint16) * 256 + rng.integers(0, 256, (H, W, 3), dtype=np.uint16)
    picture[HOLE > 0] = 65535
    result = decode(bench.inpaint(encode_16_bit(picture), encode(HOLE), model=model)[1])
    assert_kept_outside(result, picture, HOLE)
    assert (result[HOLE > 0] % 257 == 0).all()
    assert_filled(result, HOLE, 65535)


def test_a_16_bit_grey_picture_stays_grey_with_16_bits(bench: Bench, model: str) -> None:
    picture = damaged()[..., 0].astype(np.uint16) * 256 + 7
    result = decode(bench.inpaint(encode_16_bit(picture), encode(HOLE), model=model)[1])
    assert_kept_outside(result, picture, HOLE)


def test_a_16_bit_picture_with_alpha_keeps_both(bench: Bench, model: str) -> None:
    picture = np.dstack([damaged().astype(np.uint16) * 256 + 3, np.full((H, W), 40000, np.uint16)])
    result = decode(bench.inpaint(encode_16_bit(picture), encode(HOLE), model=model)[1])
    assert_kept_outside(result, picture, HOLE)
    assert (result[HOLE > 0, 3] == 40000).all()


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
def test_a_16_bit_picture_comes_with_8_bits_where_its_format_has_no_more(
    bench: Bench, model: str, format_: str
) -> None:
    picture = damaged().astype(np.uint16) * 257
    output = {"format": format_, "quality": 100}
    result = decode(bench.inpaint(encode_16_bit(picture), encode(HOLE), model=model, output=output)[1])
    assert result.dtype == np.uint8
    # WebP halves the colours' resolution, and there is noise in them.
    assert np.abs(result.astype(int) - damaged())[HOLE < 128].mean() < (3 if format_ == "jpeg" else 12)


def test_alpha_is_kept_in_a_webp_of_the_source(bench: Bench, model: str) -> None:
    alpha = np.tile(np.linspace(0, 255, W, dtype=np.uint8), (H, 1))
    data = encode(np.dstack([scene(), alpha]), "WEBP", lossless=True, exact=True)
    line, stored = bench.inpaint(data, encode(HOLE), model=model, output={"format": "source", "quality": 100})
    assert line["contentType"] == "image/webp"
    assert np.array_equal(decode(stored)[HOLE < 128, 3], alpha[HOLE < 128])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_result_is_upright_whatever_the_exif_orientation(bench: Bench, model: str, orientation: int) -> None:
    stored = encode(damaged(), "JPEG", quality=95, subsampling=0, exif=exif_with_orientation(orientation))
    image = Image.open(io.BytesIO(stored))

    upright = np.array(ImageOps.exif_transpose(image))
    mask = box_mask(upright.shape[1], upright.shape[0], (10, 14, 40, 30))
    line, data = bench.inpaint(stored, encode(mask), model=model)
    result = decode(data)
    assert (line["width"], line["height"]) == (upright.shape[1], upright.shape[0])
    # Two JPEG decoders may differ by a level or two.
    assert np.abs(result.astype(int) - upright)[mask < 128].max() <= 3
    assert Image.open(io.BytesIO(data)).getexif().get(0x0112, 1) == 1


def test_a_mask_of_the_stored_size_is_turned_with_its_picture(bench: Bench, model: str) -> None:
    picture = damaged()
    turned = encode(picture, "PNG", exif=exif_with_orientation(6))
    result = decode(bench.inpaint(turned, encode(HOLE), model=model)[1])
    assert_kept_outside(result, np.rot90(picture, -1), np.rot90(HOLE, -1))


def test_a_mask_with_the_orientation_of_its_picture_is_turned_once(bench: Bench, model: str) -> None:
    picture = damaged()
    exif = exif_with_orientation(8)
    result = decode(bench.inpaint(encode(picture, exif=exif), encode(HOLE, exif=exif), model=model)[1])
    assert_kept_outside(result, np.rot90(picture, 1), np.rot90(HOLE, 1))


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_the_colour_profile_is_kept(bench: Bench, model: str, format_: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = encode(damaged(), icc_profile=profile)
    _, data = bench.inpaint(picture, encode(HOLE), model=model, output={"format": format_})
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == profile


def test_a_grey_picture_stays_grey(bench: Bench, model: str) -> None:
    picture = damaged()[..., 0]
    result = decode(bench.inpaint(encode(picture), encode(HOLE), model=model)[1])
    assert_kept_outside(result, picture, HOLE)
    assert_filled(result, HOLE, 255)


def test_a_palette_picture_comes_back_in_full_colour(bench: Bench, model: str) -> None:
    indexed = Image.fromarray(damaged()).quantize(32)
    result = decode(bench.inpaint(encode(indexed), encode(HOLE), model=model)[1])
    assert_kept_outside(result, np.array(indexed.convert("RGB")), HOLE)


def test_a_palette_picture_with_a_transparent_colour_keeps_it(bench: Bench, model: str) -> None:
    indexed = Image.fromarray(damaged()).quantize(32)
    data = encode(indexed, transparency=3)
    result = decode(bench.inpaint(data, encode(HOLE), model=model)[1])
    assert_kept_outside(result, np.array(Image.open(io.BytesIO(data)).convert("RGBA")), HOLE)


def test_grey_with_alpha_and_one_bit_pictures_are_read(bench: Bench, model: str) -> None:
    grey = Image.fromarray(damaged()[..., 0])
    with_alpha = grey.convert("LA")
    result = decode(bench.inpaint(encode(with_alpha), encode(HOLE), model=model)[1])
    assert_kept_outside(result, np.array(with_alpha.convert("RGBA")), HOLE)
    bitmap = grey.convert("1")
    result = decode(bench.inpaint(encode(bitmap), encode(HOLE), model=model)[1])
    assert_kept_outside(result, np.array(bitmap.convert("L")), HOLE)


def test_a_cmyk_jpeg_comes_back_in_its_true_colours(bench: Bench, model: str) -> None:
    flat = np.zeros((H, W, 3), np.uint8)
    flat[:, : W // 2], flat[:, W // 2 :] = (220, 30, 40), (20, 90, 200)
    data = encode(Image.fromarray(flat).convert("CMYK"), "JPEG", quality=95)
    result = decode(bench.inpaint(data, encode(HOLE), model=model)[1])
    assert np.abs(result[:, [4, -4]].astype(int) - flat[:, [4, -4]]).max() <= 12


def test_an_all_black_mask_gives_the_picture_unchanged(bench: Bench, model: str) -> None:
    picture = scene()
    line, data = bench.inpaint(encode(picture), encode(np.zeros((H, W), np.uint8)), model=model)
    assert np.array_equal(decode(data), picture)
    assert line["holeShare"] == 0
    assert line["advice"] is None


@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_a_lossy_source_is_kept_as_decoded(bench: Bench, model: str, format_: str) -> None:
    data = encode(damaged(), format_, quality=90)
    result = decode(bench.inpaint(data, encode(HOLE), model=model, output={"format": "png"})[1])
    outside = HOLE < 128
    assert np.abs(result.astype(int) - decode(data))[outside].max() <= 3
    assert_filled(result, HOLE, 255)


def test_source_output_is_each_pictures_own_format(bench: Bench, model: str) -> None:
    for format_, content_type in (("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")):
        picture = encode(damaged(), format_)
        line, data = bench.inpaint(picture, encode(HOLE), model=model, output={"format": "source"})
        assert Image.open(io.BytesIO(data)).format == format_
        assert line["contentType"] == content_type
        assert content_type in bench.media.content_types.values()


def test_a_multi_picture_jpeg_of_a_camera_is_a_still_picture(bench: Bench, model: str) -> None:
    image = Image.fromarray(damaged())
    data = encode(image, "MPO", save_all=True, append_images=[image.resize((24, 20))])
    result = decode(bench.inpaint(data, encode(HOLE), model=model)[1])
    assert result.shape == (H, W, 3)


def test_transparency_is_laid_on_white_where_the_format_has_none(bench: Bench, model: str) -> None:
    picture = np.dstack([scene(), np.zeros((H, W), np.uint8)])
    _, data = bench.inpaint(encode(picture), encode(HOLE), model=model, output={"format": "jpeg", "quality": 95})
    assert decode(data).min() >= 250


def test_the_same_request_gives_the_same_bytes_whatever_runs_beside_it(bench: Bench, model: str) -> None:
    picture, mask = encode(damaged()), encode(HOLE)
    alone = bench.inpaint(picture, mask, model=model)[0]["sha256"]
    lines = bench.send([bench.item(picture, mask) for _ in range(8)], model=model)
    assert {line["sha256"] for line in lines if line["type"] == "item"} == {alone}


def test_the_manifest_says_what_the_model_takes(bench: Bench, model: str) -> None:
    answer = bench.service.http.get("/v1/models").json()
    manifest = next(entry for entry in answer["models"] if entry["id"] == model)
    assert manifest["ready"] is True
    assert manifest["parameters"]["additionalProperties"] is False
    assert manifest["licence"] and manifest["commercialUse"] is True
    for name, schema in manifest["parameters"]["properties"].items():
        fields = {"model": model, "parameters": {name: schema["minimum"]}}
        assert bench.inpaint(encode(damaged()), encode(HOLE), **fields)
        response = bench.service.http.post(
            "/v1/inpaint",
            json=bench.body([bench.item(b"", b"")], model=model, parameters={name: schema["maximum"] + 1}),
        )
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "model.parameters_invalid"
        assert name in json.dumps(response.json()["error"]["parameters"])
