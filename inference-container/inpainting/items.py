"""One item, from fetched bytes to encoded result: the work that runs in a pool thread."""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2

from inpainting import masks
from inpainting.errors import Code, ItemError
from inpainting.filling import fill_holes
from inpainting.headers import Header, read_header
from inpainting.models import Model, Pixels
from inpainting.pictures import CONTENT_TYPES, decode_luminance, decode_picture, encode_picture, turn_upright

LARGE_HOLE_SHARE = 0.4


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
    """What to do with an item's bytes. `output_format` is png, jpeg, webp or source."""

    model: Model
    parameters: Any
    output_format: str
    quality: int
    pixels_max: int


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
    cpu_seconds: float


class PixelBudget:
    """Bounds the pixels that are decoded at a time over all threads, first come first served.

    One picture of the largest size passes alone; many small ones pass together.
    """

    def __init__(self, pixels_max: int) -> None:
        self._free = self._pixels_max = pixels_max
        self._condition = threading.Condition()
        self._waiting: list[object] = []

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Runs the body once that many pixels are free."""
        pixels = min(pixels, self._pixels_max)
        ticket = object()
        with self._condition:
            self._waiting.append(ticket)
            self._condition.wait_for(lambda: self._waiting[0] is ticket and self._free >= pixels)
            self._waiting.pop(0)
            self._free -= pixels
            self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._free += pixels
                self._condition.notify_all()


def process_item(
    picture_data: bytes,
    mask_data: bytes,
    job: Job,
    *,
    budget: PixelBudget,
    timings: Timings,
    check: Callable[[], None],
) -> Result:
    """Decodes, fills and encodes; raises ItemError. `check` is called between steps and may raise."""
    cpu_started = time.thread_time()
    check()
    with timings.measure("decodeMs"):
        picture_header = read_header(picture_data, name="The picture", pixels_max=job.pixels_max)
        mask_header = read_header(mask_data, name="The mask", pixels_max=job.pixels_max)
        mask_orientation = choose_mask_orientation(picture_header, mask_header)
    with budget.hold(picture_header.width * picture_header.height):
        check()
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
            format_ = picture_header.format if job.output_format == "source" else job.output_format
            data = encode_picture(picture, format_, job.quality)
            sha256, crc32 = hashlib.sha256(data).hexdigest(), zlib.crc32(data)
    return Result(
        data=data,
        content_type=CONTENT_TYPES[format_],
        sha256=sha256,
        crc32=crc32,
        width=picture.width,
        height=picture.height,
        hole_share=shares.hole,
        advice=advise(shares.hole, job.model),
        cpu_seconds=time.thread_time() - cpu_started,
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
    except (cv2.error, RuntimeError, ValueError, MemoryError) as error:
        raise ItemError(
            Code.MODEL_FAILED,
            f"{job.model.manifest.id} failed on this picture of {picture.width}x{picture.height}. Try another model.",
        ) from error
