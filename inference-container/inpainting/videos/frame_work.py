"""What `POST /v1/frames` does: frames decoded in one thread, encoded in the pool, and stored, all at a time."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
from av.video.frame import VideoFrame

from inpainting.course import Course, stopping_error
from inpainting.errors import Code, ItemError
from inpainting.videos.colours import to_upright_bgr
from inpainting.videos.frame_budget import FrameBudget, FrameShare
from inpainting.videos.frame_masks import EncodedMask, MaskFrame, encode_still_mask, read_mask_frames
from inpainting.videos.frame_schemas import FramesBody, MaskStillBody, MaskVideoBody, SampleBody
from inpainting.videos.sampling import sample_frames
from inpainting.videos.source import VideoSource
from inpainting.workshop import Workshop

log = logging.getLogger("inpainting")

# Frames of one video in hand per thread: one is encoded while others are stored.
_IN_HAND_PER_THREAD = 4
PNG = "image/png"

T = TypeVar("T")
Emit = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A frame, or None where there is none, for the samples that ask for it. `moment` is in seconds after the first."""

    samples: list[SampleBody]
    moment: float
    frame: VideoFrame | None
    mask: MaskFrame | None


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A frame as a PNG, and its mask."""

    data: bytes
    sha256: str
    mask: EncodedMask | None


class FrameWork:
    """The work on one request. `left` has the samples without a line, and `is_mask_left` tells of the still mask."""

    def __init__(self, body: FramesBody, workshop: Workshop, course: Course, budget: FrameBudget, emit: Emit) -> None:
        self.left = {sample.index: sample for sample in body.samples}
        self.is_mask_left = isinstance(body.mask, MaskStillBody) and body.mask.result_url is not None
        self._body = body
        self._size = (body.size.width, body.size.height)
        self._workshop = workshop
        self._course = course
        self._emit = emit
        self._share = FrameShare(
            budget,
            pixels=body.size.width * body.size.height,
            frames_max=_IN_HAND_PER_THREAD * workshop.settings.threads,
        )

    async def run(self) -> None:
        """Emits a line for each sample as it ends; raises ItemError for what ends those that are left."""
        decoded: asyncio.Queue[Decoded | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def post(one: Decoded) -> None:
            loop.call_soon_threadsafe(decoded.put_nowait, one)

        try:
            async with asyncio.TaskGroup() as tasks:
                if self.is_mask_left:
                    tasks.create_task(self._make_still_mask())
                if not self._body.samples:
                    return
                reading = loop.run_in_executor(self._workshop.readers, lambda: self._read(post))
                reading.add_done_callback(lambda _: decoded.put_nowait(None))
                while (one := await decoded.get()) is not None:
                    tasks.create_task(self._finish(one))
            await reading
        finally:
            self._share.close()

    # In a reader's thread

    def _read(self, post: Callable[[Decoded], None]) -> None:
        """Decodes the samples' frames, posting each, never more than the share allows; raises ItemError."""
        body = self._body
        groups = [list(group) for _, group in itertools.groupby(body.samples, key=lambda sample: sample.pts)]
        times = [group[0].pts for group in groups]
        with ExitStack() as closing:
            source = closing.enter_context(self._open(body.video.url, "video.url", "The video"))
            moments = [max(0.0, float((pts - body.video.first_pts) * source.time_base)) for pts in times]
            mask_frames: Iterator[MaskFrame | None] = itertools.repeat(None)
            if isinstance(body.mask, MaskVideoBody):
                mask = closing.enter_context(self._open(body.mask.url, "mask.url", "The mask"))
                mask_frames = read_mask_frames(mask, moments, check=self._course.check)
            frames = sample_frames(source, times, check=self._course.check)
            for group, moment in zip(groups, moments, strict=True):
                self._share.take(self._course.check)
                if self._workshop.is_stopping:
                    raise stopping_error()
                _, frame = next(frames)
                post(Decoded(samples=group, moment=moment, frame=frame, mask=next(mask_frames)))

    def _open(self, url: str, field: str, name: str) -> VideoSource:
        settings = self._workshop.settings
        file = self._workshop.files.open(
            url, name=name, field=field, bytes_max=settings.video_bytes_max, check=self._course.check
        )
        return VideoSource(file, name=name, pixels_max=settings.picture_pixels_max)

    # In the pool, and around it

    async def _finish(self, decoded: Decoded) -> None:
        """Encodes and stores a frame, for each sample that asks for it."""
        try:
            encoded = await self._compute(lambda: self._encode(decoded))
        except Exception as error:
            for sample in decoded.samples:
                await self._tell_failure(sample, error)
        else:
            for sample in decoded.samples:
                try:
                    await self._store(sample, encoded)
                except Exception as error:
                    await self._tell_failure(sample, error)
                else:
                    await self._tell(sample, describe_success(sample, self._size, encoded))
        finally:
            self._share.give_back()

    def _encode(self, decoded: Decoded) -> Encoded:
        self._course.check()
        if decoded.frame is None:
            raise ItemError(
                Code.FRAME_UNDECODABLE,
                f"The video's frame at {decoded.moment:.2f} s is missing or damaged, and is left out. Upload a whole "
                "copy to have it.",
            )
        mask = None if decoded.mask is None else decoded.mask.encode(self._size)
        done, data = cv2.imencode(".png", to_upright_bgr(decoded.frame, self._size))
        if not done:
            raise ItemError(Code.RESULT_UNENCODABLE, "The frame could not be written as PNG. Scale the video down.")
        encoded = data.tobytes()
        return Encoded(data=encoded, sha256=hashlib.sha256(encoded).hexdigest(), mask=mask)

    async def _store(self, sample: SampleBody, encoded: Encoded) -> None:
        media = self._workshop.media
        if encoded.mask is not None and sample.mask_url is not None:
            await media.store(sample.mask_url, encoded.mask.data, content_type=PNG)
        await media.store(sample.image_url, encoded.data, content_type=PNG)

    async def _make_still_mask(self) -> None:
        mask = self._body.mask
        assert isinstance(mask, MaskStillBody)  # noqa: S101 - asked before
        assert mask.result_url is not None  # noqa: S101 - asked before
        line: dict[str, Any]
        try:
            data = bytes(await self._workshop.media.fetch(mask.url, name="The mask", field="mask.url"))
            pixels_max = self._workshop.settings.picture_pixels_max
            encoded = await self._compute(lambda: encode_still_mask(data, self._size, pixels_max=pixels_max))
            await self._workshop.media.store(mask.result_url, encoded.data, content_type=PNG)
            line = {"status": "succeeded", "width": self._size[0], "height": self._size[1], **describe_mask(encoded)}
        except Exception as error:
            line = {"status": "failed", "error": as_item_error(error).describe()}
        self.is_mask_left = False
        await self._emit({"type": "mask", **line})

    async def _tell_failure(self, sample: SampleBody, error: Exception) -> None:
        await self._tell(sample, describe_failure(sample, as_item_error(error)))

    async def _tell(self, sample: SampleBody, line: dict[str, Any]) -> None:
        del self.left[sample.index]
        await self._emit(line)

    async def _compute(self, step: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workshop.pool, step)


def as_item_error(error: Exception) -> ItemError:
    """The error as lines tell it: a fault of this service's own is logged and may be tried again."""
    if isinstance(error, ItemError):
        return error
    if isinstance(error, MemoryError) or getattr(error, "code", None) == cv2.Error.StsNoMem:
        return ItemError(
            Code.ITEM_OUT_OF_MEMORY, "This frame needs more memory than one video may take. Scale the video down."
        )
    log.error("frame failed unexpectedly", exc_info=error)
    return ItemError(Code.SERVICE_FAILED, "The service failed on this frame. Send it again.", retryable=True)


def describe_success(sample: SampleBody, size: tuple[int, int], encoded: Encoded) -> dict[str, Any]:
    """The line of a frame that was stored."""
    return {
        "type": "frame",
        "index": sample.index,
        "status": "succeeded",
        "width": size[0],
        "height": size[1],
        "image": {"sizeBytes": len(encoded.data), "sha256": encoded.sha256},
        "mask": None if encoded.mask is None else describe_mask(encoded.mask),
    }


def describe_failure(sample: SampleBody, error: ItemError) -> dict[str, Any]:
    """The line of a frame that was not."""
    return {"type": "frame", "index": sample.index, "status": "failed", "error": error.describe()}


def describe_mask(mask: EncodedMask) -> dict[str, Any]:
    return {"sizeBytes": len(mask.data), "sha256": mask.sha256, "holePixels": mask.hole_pixels}
