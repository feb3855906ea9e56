"""The bodies of `POST /v1/segments` and `POST /v1/assemble`, as the README writes them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from inpainting.errors import Code, RequestError
from inpainting.schemas import Body, Url

FRAMES_MAX = 512
SEGMENTS_MAX = 10_000
SIDE_MAX = 16_384  # H.264's
_TICKS_MAX = 2**31 - 1  # MP4's clocks have 32 bits, FFmpeg's a sign
_TIME_MAX = 2**53

Time = Annotated[int, Field(ge=-_TIME_MAX, le=_TIME_MAX)]


class SizeBody(Body):
    """Pixels of an upright frame."""

    width: Annotated[int, Field(ge=1, le=SIDE_MAX)]
    height: Annotated[int, Field(ge=1, le=SIDE_MAX)]


def ensure_size(size: SizeBody, pixels_max: int) -> None:
    """Raises RequestError(request.invalid) for frames of more pixels than that."""
    pixels = size.width * size.height
    if pixels > pixels_max:
        raise RequestError(
            Code.REQUEST_INVALID,
            f"The field size asks for {size.width}x{size.height} = {pixels} pixels; this service takes {pixels_max}. "
            "Scale the video down.",
            field="size",
        )


class SegmentFrameBody(Body):
    """One frame: where it is read, what stands in for it, and when it is shown."""

    url: Url
    fallback_url: Url | None = None
    pts: Time


class SegmentBody(Body):
    """`POST /v1/segments`."""

    task_id: UUID
    size: SizeBody
    time_base: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,9}/[1-9][0-9]{0,9}$")]
    frames: Annotated[list[SegmentFrameBody], Field(min_length=1, max_length=FRAMES_MAX)]
    end_pts: Time
    result_url: Url

    @field_validator("time_base")
    @classmethod
    def _ensure_ticks(cls, time_base: str) -> str:
        if max(map(int, time_base.split("/"))) > _TICKS_MAX:
            raise ValueError(f"neither number may be above {_TICKS_MAX}")
        return time_base

    @model_validator(mode="after")
    def _ensure_ascending(self) -> SegmentBody:
        times = [*(frame.pts for frame in self.frames), self.end_pts]
        for number, (time, later) in enumerate(pairwise(times)):
            if later <= time:
                what = f"frame {number + 1}" if number + 1 < len(self.frames) else "endPts"
                raise ValueError(f"{what} has the time {later} and frame {number} before it {time}: times must ascend")
        return self

    @property
    def seconds_per_tick(self) -> Fraction:
        return Fraction(self.time_base)


class SegmentUrlBody(Body):
    """One segment that `POST /v1/segments` has stored."""

    url: Url


class SoundBody(Body):
    """The video whose sound is kept."""

    url: Url


class AssembleBody(Body):
    """`POST /v1/assemble`."""

    task_id: UUID
    segments: Annotated[list[SegmentUrlBody], Field(min_length=1, max_length=SEGMENTS_MAX)]
    sound: SoundBody | None
    result_url: Url
