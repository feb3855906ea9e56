"""Clips as they come out of the service's own encoder: their noise is no longer the sensor's."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import av

from inpainting.bench.clips import Clip
from inpainting.models import Pixels
from inpainting.videos.colours import to_upright_bgr
from inpainting.videos.encoding import SegmentEncoder, to_video_frame
from inpainting.videos.result_file import ResultFile

_TIME_BASE = Fraction(1, 30)


def compress(clip: Clip) -> Clip:
    """The clip with what was shown encoded and decoded again. Its truth stays what was filmed."""
    return replace(clip, name=f"{clip.name}, H.264", shown=_decode(_encode(clip.shown)))


def _encode(frames: list[Pixels]) -> bytes:
    height, width = frames[0].shape[:2]
    target = ResultFile()
    try:
        encoder = SegmentEncoder(
            target, size=(width, height), time_base=_TIME_BASE, times=range(len(frames)), end=len(frames)
        )
        for frame in frames:
            encoder.add(to_video_frame(frame))
        encoder.finish()
        return asyncio.run(_read(target))
    finally:
        target.close()


async def _read(file: ResultFile) -> bytes:
    with ThreadPoolExecutor(1) as executor:
        return b"".join([chunk async for chunk in file.chunks(executor)])


def _decode(data: bytes) -> list[Pixels]:
    with av.open(io.BytesIO(data), "r") as container:
        return [to_upright_bgr(frame) for frame in container.decode(video=0)]
