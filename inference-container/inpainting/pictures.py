"""Pictures in memory: decoded upright, and encoded again with what belongs to them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from inpainting.errors import Code, ItemError
from inpainting.headers import Header
from inpainting.png import encode_png, inflate_png

Pixels = npt.NDArray[Any]

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_SIDE_MAX = {"png": 2**31 - 1, "jpeg": 65500, "webp": 16383}
_ICC_COLOUR_SPACE = slice(16, 20)


@dataclass
class Picture:
    """An upright still picture.

    `pixels` is height x width x 3 in BGR order, or height x width where the picture is grey; uint8 or
    uint16. `alpha` is height x width of the same type. `icc` fits the channels of `pixels`.
    """

    pixels: Pixels
    alpha: Pixels | None
    icc: bytes | None

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def is_16_bit(self) -> bool:
        return self.pixels.dtype == np.uint16


def decode_picture(data: bytes, header: Header, *, name: str) -> Picture:
    """The picture in a file whose header has passed the gate; raises ItemError(media.undecodable)."""
    try:
        pixels, icc = _decode_stored(data, header)
    except (OSError, SyntaxError, ValueError, cv2.error) as error:
        raise _undecodable(name, header) from error
    if pixels.shape[:2] != (header.height, header.width):
        raise _undecodable(name, header)
    pixels = turn_upright(pixels, header.orientation)
    alpha = None
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = np.ascontiguousarray(pixels[..., 3])
        pixels = np.ascontiguousarray(pixels[..., :3])
    if pixels.ndim == 3 and header.mode in ("L", "LA") and icc and icc[_ICC_COLOUR_SPACE] == b"GRAY":
        pixels, icc = _to_srgb_levels(pixels, icc), None
    wanted = b"GRAY" if pixels.ndim == 2 else b"RGB "
    return Picture(pixels, alpha, icc if icc and icc[_ICC_COLOUR_SPACE] == wanted else None)


def decode_luminance(data: bytes, header: Header, *, name: str) -> Pixels:
    """A mask's luminance as stored (not turned), 8 bit, its alpha composited over black."""
    try:
        pixels, _ = _decode_stored(data, header)
    except (OSError, SyntaxError, ValueError, cv2.error) as error:
        raise _undecodable(name, header) from error
    if pixels.shape[:2] != (header.height, header.width):
        raise _undecodable(name, header)
    pixels = to_8_bit(pixels)
    if pixels.ndim == 2:
        return pixels
    grey = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY)
    if pixels.shape[2] == 4:
        grey = cv2.multiply(grey, np.ascontiguousarray(pixels[..., 3]), scale=1 / 255)
    return grey


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Applies an EXIF orientation (1 to 8) to stored pixels."""
    if orientation in (5, 6, 7, 8):
        pixels = cv2.transpose(pixels)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else cv2.flip(pixels, flip)


def to_8_bit(pixels: Pixels) -> Pixels:
    """Pixels with 8 bits a channel: 65535 becomes 255, each level the nearest."""
    if pixels.dtype == np.uint16:
        return cv2.convertScaleAbs(pixels, alpha=1 / 257)
    return pixels


def encode_picture(picture: Picture, format_: str, quality: int) -> bytes:
    """The picture as `png`, `jpeg` or `webp`; raises ItemError(result.unencodable).

    PNG keeps depth, alpha and grey. JPEG and WebP have 8 bits; JPEG has no alpha, so it is laid on white.
    """
    if max(picture.width, picture.height) > _SIDE_MAX[format_]:
        raise ItemError(
            Code.RESULT_UNENCODABLE,
            f"The result has {picture.width}x{picture.height} pixels and a {format_} has at most "
            f"{_SIDE_MAX[format_]} a side. Ask for PNG, which has no such limit.",
        )
    pixels, alpha, icc = picture.pixels, picture.alpha, picture.icc
    if format_ != "png":
        pixels, alpha = to_8_bit(pixels), None if alpha is None else to_8_bit(alpha)
    if format_ == "jpeg" and alpha is not None:
        pixels, alpha = _lay_on_white(pixels, alpha), None
    if alpha is not None or (format_ == "webp" and pixels.ndim == 2):
        if pixels.ndim == 2:
            # A grey profile does not fit three channels.
            pixels, icc = cv2.cvtColor(_to_srgb_levels(pixels, icc), cv2.COLOR_GRAY2BGR), None
        if alpha is not None:
            pixels = cv2.merge((*cv2.split(pixels), alpha))
    if format_ == "png":
        return encode_png(pixels, icc)
    return _encode_lossy(picture, pixels, icc, format_, quality)


def _encode_lossy(picture: Picture, pixels: Pixels, icc: bytes | None, format_: str, quality: int) -> bytes:
    parameters: list[int] = []
    if format_ == "jpeg":
        sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if quality >= 90 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        parameters = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    elif format_ == "webp":
        parameters = [cv2.IMWRITE_WEBP_QUALITY, quality]
    extension = {"jpeg": ".jpg", "webp": ".webp"}[format_]
    try:
        if icc is None:
            done, encoded = cv2.imencode(extension, pixels, parameters)
        else:
            profile = np.frombuffer(icc, np.uint8).reshape(1, -1)
            done, encoded = cv2.imencodeWithMetadata(
                extension, pixels, [cv2.IMAGE_METADATA_ICCP], [profile], parameters
            )
    except cv2.error as error:
        raise _unencodable(picture, format_) from error
    if not done:
        raise _unencodable(picture, format_)
    return encoded.tobytes()


def _decode_stored(data: bytes, header: Header) -> tuple[Pixels, bytes | None]:
    """Stored pixels (grey, BGR or BGRA) and the colour profile that describes them."""
    if header.mode == "CMYK":
        return _decode_cmyk(data, header.icc)
    if not header.is_16_bit and (header.has_transparent_colour or header.mode not in ("L", "RGB", "RGBA")):
        with Image.open(io.BytesIO(data), formats=(header.format,)) as image:
            return _decode_rare(image, header), header.icc
    pixels = cv2.imdecode(np.frombuffer(inflate_png(data), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise OSError("not decodable")
    return pixels, header.icc


def _decode_rare(image: Image.Image, header: Header) -> Pixels:
    """Palettes, bitmaps, grey with alpha and transparent colours, expanded to grey, BGR or BGRA."""
    if header.has_transparent_colour or image.mode in ("LA", "PA", "La"):
        return cv2.cvtColor(np.asarray(image.convert("RGBA")), cv2.COLOR_RGBA2BGRA)
    if image.mode in ("1", "L", "I;16", "I"):
        return np.array(image.convert("L"))
    return cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR)


def _decode_cmyk(data: bytes, icc: bytes | None) -> tuple[Pixels, bytes | None]:
    """A printer's JPEG in sRGB: by its own profile where it has a usable one, else by complement."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        rgb = None
        if icc is not None:
            try:
                source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
                rgb = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            except (ImageCms.PyCMSError, OSError):  # the profile does not fit; it is no profile
                rgb = None
        rgb = image.convert("RGB") if rgb is None else rgb
        return cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR), None


def _to_srgb_levels(grey: Pixels, icc: bytes | None) -> Pixels:
    """Grey levels as they are in sRGB, by the profile that describes them where it is usable."""
    if icc is None:
        return grey
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(1, -1))
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        shown = ImageCms.profileToProfile(ramp, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return grey
    levels = np.asarray(shown)[0, :, 0]
    if grey.dtype == np.uint8:
        return cv2.LUT(grey, levels)
    return np.rint(np.interp(grey, np.arange(256) * 257, levels * 257.0)).astype(np.uint16)


def _lay_on_white(pixels: Pixels, alpha: Pixels) -> Pixels:
    weight = (alpha if pixels.ndim == 2 else alpha[..., np.newaxis]).astype(np.float32) / 255
    return np.rint(pixels * weight + 255 * (1 - weight)).astype(np.uint8)


def _undecodable(name: str, header: Header) -> ItemError:
    return ItemError(
        Code.MEDIA_UNDECODABLE,
        f"{name} says it is a {header.format} of {header.width}x{header.height}, but its data is damaged or "
        "ends early. Upload a copy that opens in a picture viewer.",
    )


def _unencodable(picture: Picture, format_: str) -> ItemError:
    return ItemError(
        Code.RESULT_UNENCODABLE,
        f"The result of {picture.width}x{picture.height} could not be written as {format_}. Ask for PNG.",
    )
