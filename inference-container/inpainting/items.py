"""One item, from fetched bytes to encoded result: the work that a process does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
from isal import isal_zlib

from inpainting import masks
from inpainting.errors import Code, ItemError
from inpainting.filling import fill_holes
from inpainting.headers import Header, read_header
from inpainting.models import Model, Pixels
from inpainting.pictures import (
    CONTENT_TYPES,
    Picture,
    decode_luminance,
    decode_picture,
    encode_picture,
    turn_upright,
)

LARGE_HOLE_SHARE = 0.4
# While a picture is decoded: its pixels, the same turned or with alpha apart, and the mask's.
_DECODED_COPIES = 3


@dataclass
class Timings:
    """Milliseconds by stage."""

    milliseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Adds the time that the body takes to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = (time.perf_counter() - started) * 1000
            self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + elapsed


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to do with an item's bytes. `output_format` is png, jpeg, webp or source; `bytes_max` bounds its memory."""

    model: Model
    parameters: Any
    output_format: str
    quality: int
    pixels_max: int
    bytes_max: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """An encoded result and what there is to say about it."""

    data: bytes
    content_type: str
    sha256: str
    crc32: int
    width: int
    height: int
    hole_share: float
    advice: str | None

    def describe(self) -> dict[str, Any]:
        """What the service is told of it, beside its bytes."""
        return {
            "contentType": self.content_type,
            "sizeBytes": len(self.data),
            "sha256": self.sha256,
            "crc32": self.crc32,
            "width": self.width,
            "height": self.height,
            "holeShare": self.hole_share,
            "advice": self.advice,
        }


def process_item(
    picture_data: bytes,
    mask_data: bytes,
    job: Job,
    *,
    ask: Callable[[int], None],
    timings: Timings,
    check: Callable[[], None],
) -> Result:
    """Decodes, fills and encodes; raises ItemError.

    `ask` is called with the number of pixels before they are decoded, and returns when they may be. `check` is called
    between steps. Both may raise.
    """
    with timings.measure("decodeMs"):
        picture_header = read_header(picture_data, name="The picture", pixels_max=job.pixels_max)
        mask_header = read_header(mask_data, name="The mask", pixels_max=job.pixels_max)
        mask_orientation = choose_mask_orientation(picture_header, mask_header)
        _ensure_memory(picture_header, job.bytes_max)
    ask(picture_header.width * picture_header.height)
    check()
    try:
        with timings.measure("decodeMs"):
            values = decode_luminance(mask_data, mask_header, name="The mask")
            shares = masks.measure(values)
            masks.ensure_usable(shares)
            hole = turn_upright(masks.find_hole(values), mask_orientation)
            del values
            picture = decode_picture(picture_data, picture_header, name="The picture")
        check()
        with timings.measure("inpaintMs"):
            if shares.hole > 0:
                _fill(picture, hole, job, check)
        check()
        with timings.measure("encodeMs"):
            return encode_result(picture, picture_header.format, job, shares.hole)
    except Exception as error:
        if _is_out_of_memory(error):
            raise _out_of_memory(picture_header, job.bytes_max) from error
        raise


def encode_result(picture: Picture, source_format: str, job: Job, hole_share: float) -> Result:
    """The picture as the job wants it; raises ItemError(result.unencodable)."""
    format_ = source_format if job.output_format == "source" else job.output_format
    data = encode_picture(picture, format_, job.quality)
    return Result(
        data=data,
        content_type=CONTENT_TYPES[format_],
        sha256=hashlib.sha256(data).hexdigest(),
        crc32=isal_zlib.crc32(data),
        width=picture.width,
        height=picture.height,
        hole_share=hole_share,
        advice=advise(hole_share, job.model),
    )


def choose_mask_orientation(picture: Header, mask: Header) -> int:
    """The EXIF orientation to apply to the mask; raises ItemError(media.size_mismatch).

    A mask is drawn on the upright view, so that view is tried first. A mask of the stored size is turned
    like the picture, where sizes tell the two apart and the mask has no orientation of its own.
    """
    if mask.upright_size == picture.upright_size:
        return mask.orientation
    if mask.orientation == 1 and (mask.width, mask.height) == (picture.width, picture.height):
        return picture.orientation
    sizes = ["{}x{}".format(*picture.upright_size), "{}x{}".format(*mask.upright_size)]
    raise ItemError(
        Code.MEDIA_SIZE_MISMATCH,
        f"The picture has {sizes[0]} pixels and the mask {sizes[1]}. Make the mask on the picture, at its size.",
    )


def advise(hole_share: float, model: Model) -> str | None:
    """A sentence for the user where the result may disappoint, else None."""
    if hole_share > LARGE_HOLE_SHARE and not model.manifest.is_learned:
        return (
            f"The mask covers {hole_share:.0%} of the picture; {model.manifest.id} continues what is around a hole and "
            "invents nothing. A learned model would serve better here, or a smaller mask."
        )
    return None


def _fill(picture: Any, hole: Pixels, job: Job, check: Callable[[], None]) -> None:
    try:
        fill_holes(picture, hole, job.model, job.parameters, check=check)
    except (cv2.error, RuntimeError, ValueError) as error:
        if _is_out_of_memory(error):
            raise
        raise ItemError(
            Code.MODEL_FAILED,
            f"{job.model.manifest.id} failed on this picture of {picture.width}x{picture.height}. Try another model.",
        ) from error


def _ensure_memory(header: Header, bytes_max: int | None) -> None:
    """Refuses what cannot even be decoded: some decoders take a lack of memory for damage."""
    channels = {"L": 1, "RGB": 3, "RGBA": 4}.get(header.mode, 4)
    needed = header.width * header.height * channels * (2 if header.is_16_bit else 1) * _DECODED_COPIES
    if bytes_max is not None and needed > bytes_max:
        raise _out_of_memory(header, bytes_max)


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, ItemError):
        error = error.__cause__ or error
    return isinstance(error, MemoryError) or getattr(error, "code", None) == cv2.Error.StsNoMem


def _out_of_memory(header: Header, bytes_max: int | None) -> ItemError:
    bound = "this service has" if bytes_max is None else f"the {bytes_max >> 20} MiB that one item may take"
    return ItemError(
        Code.ITEM_OUT_OF_MEMORY,
        f"This picture of {header.width}x{header.height} pixels needs more memory than {bound}. Scale it down, or "
        "mask less of it at a time.",
    )
