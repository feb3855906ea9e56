"""PNGs that are read and written here: the same pixels as other readers and writers, and nothing of what is damaged."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from pictures import scene
from PIL import Image, ImageCms

from inpainting.png import encode_png, inflate_png

SHAPES = ("grey", "BGR", "BGRA")
DEPTHS = (np.uint8, np.uint16)
SIZES = [(96, 80), (1, 1), (1, 70), (70, 1), (700, 210)]
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def make(shape: str, depth: type[np.unsignedinteger], size: tuple[int, int] = (96, 80)) -> np.ndarray:
    pixels = cv2.cvtColor(scene(*size), cv2.COLOR_RGB2BGR).astype(depth)
    if depth is np.uint16:
        pixels = pixels * 251 + 7
    if shape == "grey":
        return np.ascontiguousarray(pixels[..., 0])
    return pixels if shape == "BGR" else np.dstack([pixels, pixels[..., 1]])


def read(data: bytes | bytearray) -> np.ndarray | None:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def list_chunks(data: bytes | bytearray) -> list[tuple[bytes, bytes]]:
    position, chunks = 8, []
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        content = bytes(data[position + 8 : position + 8 + length])
        assert zlib.crc32(name + content) == struct.unpack_from(">I", data, position + 8 + length)[0]
        chunks.append((name, content))
        position += 12 + length
    return chunks


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_read_by_others_pixel_for_pixel(
    shape: str, depth: type[np.unsignedinteger], size: tuple[int, int]
) -> None:
    pixels = make(shape, depth, size)
    data = encode_png(pixels, None)
    assert np.array_equal(read(data), pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_inflated_is_the_same_picture(
    shape: str, depth: type[np.unsignedinteger], size: tuple[int, int]
) -> None:
    pixels = make(shape, depth, size)
    for filters in (cv2.IMWRITE_PNG_FAST_FILTERS, cv2.IMWRITE_PNG_ALL_FILTERS):
        data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_FILTER, filters])[1].tobytes()
        assert np.array_equal(read(inflate_png(data)), pixels)


def test_a_picture_with_texture_is_inflated_once_and_not_by_the_decoder() -> None:
    pixels = make("BGR", np.uint8, (700, 210))
    inflated = inflate_png(encode_png(pixels, ICC))
    (stored,) = (content for name, content in list_chunks(inflated) if name == b"IDAT")
    assert len(stored) > pixels.size
    assert len(zlib.decompress(stored)) == pixels.size + pixels.shape[0]


def test_other_chunks_stay_where_they_are() -> None:
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene()).save(target, "PNG", icc_profile=ICC, exif=exif, dpi=(72, 72))
    data = target.getvalue()
    before, after = (
        [chunk for chunk in list_chunks(each) if chunk[0] != b"IDAT"] for each in (data, inflate_png(data))
    )
    assert before == after


def test_a_profile_is_written_as_it_was() -> None:
    with Image.open(io.BytesIO(encode_png(scene(), ICC))) as image:
        assert image.info["icc_profile"] == ICC


def test_a_file_is_no_larger_than_what_opencv_writes() -> None:
    pixels = make("BGR", np.uint8, (700, 210))
    assert len(encode_png(pixels, None)) <= len(cv2.imencode(".png", pixels)[1])


# What is not understood is left to the decoder


def spoil(data: bytes, place: int) -> bytes:
    spoilt = bytearray(data)
    spoilt[place] ^= 0x55
    return bytes(spoilt)


def replace_pixels(data: bytes, content: bytes) -> bytes:
    """The file with other compressed bytes in one chunk, whose checksum fits."""
    chunk = struct.pack(">I", len(content)) + b"IDAT" + content + struct.pack(">I", zlib.crc32(b"IDAT" + content))
    return data[:33] + chunk + struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


GOOD = encode_png(make("BGR", np.uint8), None)
ROWS = zlib.decompress(b"".join(content for name, content in list_chunks(GOOD) if name == b"IDAT"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD[:20], id="a part of the header"),
        pytest.param(GOOD[:-40], id="cut off in the pixels"),
        pytest.param(GOOD[:33], id="no pixels"),
        pytest.param(spoil(GOOD, len(GOOD) // 2), id="a changed byte"),
        pytest.param(replace_pixels(GOOD, zlib.compress(ROWS[:-1])), id="a byte less"),
        pytest.param(replace_pixels(GOOD, zlib.compress(ROWS + b"x")), id="a byte more"),
        pytest.param(replace_pixels(GOOD, zlib.compress(ROWS)[:-1]), id="a stream without its end"),
        pytest.param(replace_pixels(GOOD, spoil(zlib.compress(ROWS), -1)), id="a stream with another's checksum"),
        pytest.param(replace_pixels(GOOD, b"no deflate"), id="no stream"),
        pytest.param(replace_pixels(GOOD, b""), id="an empty stream"),
    ],
)
def test_what_is_damaged_is_left_for_the_decoder_to_judge(data: bytes) -> None:
    assert inflate_png(data) == data


def test_palettes_bitmaps_interlaced_and_other_formats_are_left_to_the_decoder() -> None:
    picture = Image.fromarray(scene())
    for image, format_ in ((picture.quantize(64), "PNG"), (picture.convert("1"), "PNG"), (picture, "JPEG")):
        target = io.BytesIO()
        image.save(target, format_)
        assert inflate_png(target.getvalue()) == target.getvalue()
    interlaced = GOOD[:28] + b"\x01" + GOOD[29:]
    assert inflate_png(interlaced) == interlaced


def test_a_bomb_is_inflated_no_further_than_its_header_says() -> None:
    """64 MB of zeros behind a header of 96x80: answered at once, as it came."""
    deflater = zlib.compressobj(9)
    bomb = b"".join(deflater.compress(bytes(2**20)) for _ in range(64)) + deflater.flush()
    data = replace_pixels(GOOD, bomb)
    assert inflate_png(data) == data
