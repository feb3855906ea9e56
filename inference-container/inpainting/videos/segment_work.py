"""What the segment routes do: frames fetched ahead and encoded, segments joined, results stored."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, TypeVar

from av.video.frame import VideoFrame

from inpainting.course import Course
from inpainting.errors import Code, ItemError
from inpainting.videos.encoding import SegmentEncoder, decode_frame
from inpainting.videos.joining import Joiner
from inpainting.videos.remote_file import RemoteFile
from inpainting.videos.result_file import ResultFile
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody
from inpainting.videos.source import VideoSource
from inpainting.workshop import Workshop

CONTENT_TYPE = "video/mp4"

# Frames in hand before the encoder takes them: enough to hide their fetching, few enough to stay small.
_FRAMES_AHEAD_MAX = 8
_PIXELS_AHEAD_MAX = 32_000_000
# A frame that can never be used is replaced. One that may be there the next time is not: the whole is sent again.
_REPLACED = frozenset({Code.MEDIA_FETCH_FAILED, Code.MEDIA_UNDECODABLE, Code.MEDIA_TOO_LARGE})

T = TypeVar("T")


class VideoWork:
    """What the work on one request shares with those who tell of it: `count_frames` says how far it is."""

    def __init__(self, workshop: Workshop, course: Course) -> None:
        self.workshop = workshop
        self.course = course
        self.count_frames: Callable[[], int] = lambda: 0

    async def compute(self, executor: Executor, step: Callable[[], T]) -> T:
        """Runs a step in a thread, where the course still allows it."""

        def run() -> T:
            self.course.check()
            return step()

        return await asyncio.get_running_loop().run_in_executor(executor, run)

    async def _read_on(self, result: ResultFile) -> AsyncIterator[bytes]:
        async for chunk in result.chunks(self.workshop.readers):
            self.course.check()
            yield chunk

    async def store(self, url: str, result: ResultFile) -> dict[str, Any]:
        """Puts a result to its URL; what the end line tells of its bytes."""
        size_bytes = result.size_bytes
        chunks = self._read_on(result)
        await self.workshop.media.store_chunks(url, chunks, size_bytes=size_bytes, content_type=CONTENT_TYPE)
        return {
            "sizeBytes": size_bytes,
            "sha256": result.sha256,
            "crc32": result.crc32,
            "contentType": CONTENT_TYPE,
        }


async def encode_segment(body: SegmentBody, work: VideoWork) -> dict[str, Any]:
    """The fields of the end line; raises ItemError."""
    pool = work.workshop.pool
    size = (body.size.width, body.size.height)
    ahead_max = max(1, min(_FRAMES_AHEAD_MAX, _PIXELS_AHEAD_MAX // (size[0] * size[1])))
    done = 0
    work.count_frames = lambda: done
    replaced = []
    ahead: deque[asyncio.Task[tuple[VideoFrame, bool]]] = deque()
    with closing(ResultFile()) as result:
        encoder = SegmentEncoder(
            result,
            size=size,
            time_base=body.seconds_per_tick,
            times=[frame.pts for frame in body.frames],
            end=body.end_pts,
        )
        try:
            for position in range(len(body.frames)):
                while len(ahead) < ahead_max and position + len(ahead) < len(body.frames):
                    ahead.append(asyncio.create_task(_load_frame(body, position + len(ahead), size, work)))
                frame, is_replaced = await ahead.popleft()
                await work.compute(pool, lambda frame=frame: encoder.add(frame))  # type: ignore[misc]
                done = position + 1
                if is_replaced:
                    replaced.append(position)
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)
        await work.compute(pool, encoder.finish)
        stored = await work.store(body.result_url, result)
    return {"frameCount": done, **stored, "replaced": replaced}


async def _load_frame(
    body: SegmentBody, position: int, size: tuple[int, int], work: VideoWork
) -> tuple[VideoFrame, bool]:
    """A frame, and whether it is the one that stands in."""
    frame = body.frames[position]
    name = f"Frame {position} (counted from 0)"
    try:
        return await _fetch_frame(frame.url, f"frames.{position}.url", name, size, work), False
    except ItemError as error:
        if frame.fallback_url is None or error.retryable or error.code not in _REPLACED:
            raise
    name = f"What stands in for frame {position} (counted from 0)"
    return await _fetch_frame(frame.fallback_url, f"frames.{position}.fallbackUrl", name, size, work), True


async def _fetch_frame(url: str, field: str, name: str, size: tuple[int, int], work: VideoWork) -> VideoFrame:
    data = bytes(await work.workshop.media.fetch(url, name=name, field=field))
    pixels_max = work.workshop.settings.picture_pixels_max
    return await work.compute(
        work.workshop.pool, lambda: decode_frame(data, name=name, size=size, pixels_max=pixels_max)
    )


async def assemble(body: AssembleBody, work: VideoWork) -> dict[str, Any]:
    """The fields of the end line; raises ItemError."""
    workshop, course = work.workshop, work.course
    pixels_max = workshop.settings.picture_pixels_max

    def open_file(url: str, field: str, name: str) -> RemoteFile:
        bytes_max = workshop.settings.video_bytes_max
        return workshop.files.open(url, name=name, field=field, bytes_max=bytes_max, check=course.check)

    def open_source() -> AbstractContextManager[VideoSource | None]:
        if body.sound is None:
            return nullcontext()
        file = open_file(body.sound.url, "sound.url", "The video with the sound")
        return VideoSource(file, name="The video with the sound", pixels_max=pixels_max)

    with closing(ResultFile()) as result:
        joiner = Joiner(
            count=len(body.segments),
            open_segment=lambda number: open_file(
                body.segments[number].url, f"segments.{number}.url", f"Segment {number} (counted from 0)"
            ),
            target=result,
            pixels_max=pixels_max,
            check=course.check,
        )
        work.count_frames = lambda: joiner.frame_count

        def join() -> Any:
            with open_source() as source:
                return joiner.join(source)

        joined = await work.compute(workshop.readers, join)
        stored = await work.store(body.result_url, result)
    return {
        "frameCount": joined.frame_count,
        "durationSeconds": round(float(joined.seconds), 6),
        "width": joined.width,
        "height": joined.height,
        **stored,
        "sound": joined.sound,
        "notes": joined.notes,
    }
