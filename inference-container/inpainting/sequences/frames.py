"""One frame of a sequence: its pixels and hole while others are filled from it, and its result."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from weakref import WeakValueDictionary

import cv2
import numpy as np

from inpainting import masks
from inpainting.errors import Code, ItemError
from inpainting.filling import paint
from inpainting.headers import read_header
from inpainting.items import Job, Result, Timings, choose_mask_orientation, encode_result
from inpainting.models import Pixels
from inpainting.pictures import Picture, decode_luminance, decode_picture, to_8_bit, turn_upright
from inpainting.sequences.memory import FRAME_BYTES_PER_PIXEL


class Hole:
    """What is to be filled: height x width, 1 or 0, and its share of the frame."""

    def __init__(self, pixels: Pixels, share: float) -> None:
        self.pixels = pixels
        self.share = share


class MaskKey(NamedTuple):
    """Masks that are equal in this have the same hole."""

    sha256: bytes
    orientation: int


class HoleStore:
    """Frames that have the same mask share one hole, as long as any of them is held."""

    def __init__(self) -> None:
        self._holes: WeakValueDictionary[MaskKey, Hole] = WeakValueDictionary()

    def decode(self, key: MaskKey, data: bytes, *, pixels_max: int) -> Hole:
        """The hole in a mask; raises ItemError(media.undecodable or mask.not_binary)."""
        hole = self._holes.get(key)
        if hole is None:
            values = decode_luminance(data, read_header(data, name="The mask", pixels_max=pixels_max), name="The mask")
            shares = masks.measure(values)
            if not shares.is_binary:
                masks.ensure_usable(shares)
            self._holes[key] = hole = Hole(turn_upright(masks.find_hole(values), key.orientation), shares.hole)
        return hole


class Frame:
    """A frame from its files; raises ItemError for one that cannot be used, as early as its headers tell."""

    def __init__(self, picture: bytes, mask: bytes, *, pixels_max: int) -> None:
        self._header = read_header(picture, name="The picture", pixels_max=pixels_max)
        mask_header = read_header(mask, name="The mask", pixels_max=pixels_max)
        orientation = choose_mask_orientation(self._header, mask_header)
        self.mask_key = MaskKey(hashlib.sha256(mask).digest(), orientation)
        self._picture: bytes | None = picture
        self._mask: bytes | None = mask
        self._pixels_max = pixels_max
        self._icc: bytes | None = None
        self._pixels: Pixels | None = None
        self._hole: Hole | None = None
        self.size = self._header.upright_size
        self.file_bytes = len(picture)
        self.timings = Timings()

    def measure_bytes(self, *, is_filled: bool) -> int:
        """The memory that this takes at most, from its file to its pixels, without its hole."""
        file_bytes = 0 if self._picture is None else len(self._picture)
        decoded_bytes = FRAME_BYTES_PER_PIXEL * self.size[0] * self.size[1]
        if self._pixels is not None:
            return decoded_bytes + file_bytes
        header = self._header
        is_all = header.mode == "RGB" and not header.is_16_bit and not header.has_transparent_colour
        return max(decoded_bytes, file_bytes) + (file_bytes if is_filled and not is_all else 0)

    def decode(self, holes: HoleStore, *, is_filled: bool) -> None:
        """Makes `pixels` and `hole`; a frame that `is_filled` keeps what its result needs. Raises ItemError."""
        if self._pixels is not None:
            return
        assert self._picture is not None and self._mask is not None  # noqa: S101 - held until now
        with self.timings.measure("decodeMs"):
            picture = decode_picture(self._picture, self._header, name="The picture")
            hole = holes.decode(self.mask_key, self._mask, pixels_max=self._pixels_max)
            if hole.pixels.shape != picture.pixels.shape[:2]:
                raise ItemError(Code.MEDIA_SIZE_MISMATCH, "The mask has not the size of the picture.")
            pixels = to_8_bit(picture.pixels)
            self._pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels
            self._hole, self._icc, self._mask = hole, picture.icc, None
            # Colours of 8 bits without alpha are all there is; of anything else the file is read again.
            if not is_filled or (self._pixels is picture.pixels and picture.alpha is None):
                self._picture = None

    @property
    def pixels(self) -> Pixels:
        """Height x width x 3, BGR, 8 bits."""
        assert self._pixels is not None  # noqa: S101 - decoded before
        return self._pixels

    @property
    def hole(self) -> Hole:
        assert self._hole is not None  # noqa: S101 - decoded before
        return self._hole

    def make_result(self, filled: Pixels, job: Job) -> Result:
        """The frame with its hole as in `filled`; raises ItemError(result.unencodable)."""
        with self.timings.measure("encodeMs"):
            if self._picture is None:
                picture = Picture(np.ascontiguousarray(filled), None, self._icc)
            else:
                picture = decode_picture(self._picture, self._header, name="The picture")
                paint(picture, self.hole.pixels, filled)
            return encode_result(picture, self._header.format, job, self.hole.share)
