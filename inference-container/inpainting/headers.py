"""The header gate: what a file says it holds, read before memory is taken for it."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass

from PIL import Image

from inpainting.errors import Code, ItemError

Image.MAX_IMAGE_PIXELS = None  # the gate below has its own limit and its own message

_EXIF_ORIENTATION = 0x0112
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Header:
    """What the first bytes of a still picture tell.

    `width` and `height` are as stored; `orientation` is EXIF's, 1 to 8, and 1 where none is given.
    """

    format: str
    width: int
    height: int
    mode: str
    is_16_bit: bool
    has_transparent_colour: bool
    orientation: int
    icc: bytes | None

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a viewer shows the picture."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def read_header(data: bytes, *, name: str, pixels_max: int) -> Header:
    """The header of a PNG, JPEG or WebP still picture.

    Raises ItemError(media.undecodable) for another format, a broken header or an animation, and
    media.too_large above `pixels_max`. `name` begins the message: "The picture" or "The mask".
    """
    if not data:
        raise ItemError(Code.MEDIA_UNDECODABLE, f"{name} is empty (0 bytes). Upload it again.")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        # Pillow takes a WebP's whole canvas when it opens it, so its size is read here first.
        width, height = _read_webp_size(data, name)
        _ensure_pixels(width, height, name, pixels_max)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
        except Exception as error:
            raise ItemError(
                Code.MEDIA_UNDECODABLE,
                f"{name} is not a PNG, JPEG or WebP that can be read ({len(data)} bytes). Upload one that opens "
                "in a picture viewer.",
            ) from error
        with image:
            _ensure_pixels(image.width, image.height, name, pixels_max)
            # A camera's multi-picture JPEG is a still picture with previews behind it.
            format_ = "jpeg" if image.format == "MPO" else str(image.format).lower()
            frames = getattr(image, "n_frames", 1)
            if format_ != "jpeg" and (frames > 1 or getattr(image, "is_animated", False)):
                raise ItemError(
                    Code.MEDIA_UNDECODABLE,
                    f"{name} is an animation of {frames} frames, not a still picture. Send one frame, or a video.",
                )
            return Header(
                format=format_,
                width=image.width,
                height=image.height,
                mode=image.mode,
                is_16_bit=data[:8] == _PNG_SIGNATURE and data[24] == 16,
                has_transparent_colour="transparency" in image.info,
                orientation=_read_orientation(image, data),
                icc=image.info.get("icc_profile") or None,
            )


def _ensure_pixels(width: int, height: int, name: str, pixels_max: int) -> None:
    if width * height > pixels_max:
        raise ItemError(
            Code.MEDIA_TOO_LARGE,
            f"{name} has {width}x{height} = {width * height} pixels; at most {pixels_max} are taken. Scale it down.",
        )


def _read_orientation(image: Image.Image, data: bytes) -> int:
    exif = Image.Exif()
    try:
        # A PNG may carry EXIF behind its image data, where Pillow looks only after decoding all of it.
        exif.load(_find_png_exif(data) if image.format == "PNG" else image.info.get("exif", b""))
        orientation = exif.get(_EXIF_ORIENTATION, 1)
    except Exception:  # EXIF is written by everyone and broken by many; without it a picture is upright
        return 1
    return orientation if orientation in range(1, 9) else 1


def _find_png_exif(data: bytes) -> bytes:
    """The content of a PNG's eXIf chunk, empty where there is none."""
    position = len(_PNG_SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"eXIf":
            return data[position + 8 : position + 8 + length]
        position += length + 12
    return b""


def _read_webp_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in a WebP's first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk = data[12:16]
    try:
        if chunk == b"VP8X":
            low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
            return (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1
        if chunk == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if chunk == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    except struct.error:
        pass
    raise ItemError(
        Code.MEDIA_UNDECODABLE, f"{name} is a WebP whose header cannot be read. Save it again, or send a PNG."
    )
