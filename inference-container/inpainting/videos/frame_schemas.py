"""The bodies of `POST /v1/probe` and `POST /v1/frames`, as the README writes them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from inpainting.schemas import Body, Url
from inpainting.videos.segment_schemas import SizeBody, Time

SAMPLES_MAX = 256


class SamplingBody(Body):
    """How many frames a second to take; `source` is all of them."""

    fps: Literal["source"] | Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class ProbeBody(Body):
    """`POST /v1/probe`."""

    url: Url
    name: Literal["video", "mask"] = "video"
    sampling: SamplingBody | None = None
    frames_max: Annotated[int, Field(ge=1, le=10_000_000)]


class VideoBody(Body):
    """The video that frames are taken from, and when its first one is shown."""

    url: Url
    first_pts: Time


class MaskVideoBody(Body):
    """A mask that has a frame for each of the video's."""

    kind: Literal["video"]
    url: Url


class MaskStillBody(Body):
    """A mask for all frames; scaled to the video's size and stored where `resultUrl` says so."""

    kind: Literal["still"]
    url: Url
    result_url: Url | None = None


class SampleBody(Body):
    """One frame to take: which, and where it and its mask are written."""

    index: Annotated[int, Field(ge=0, le=10_000_000)]
    pts: Time
    image_url: Url
    mask_url: Url | None = None


class FramesBody(Body):
    """`POST /v1/frames`."""

    task_id: UUID
    video: VideoBody
    size: SizeBody
    mask: Annotated[MaskVideoBody | MaskStillBody, Field(discriminator="kind")] | None = None
    samples: Annotated[list[SampleBody], Field(max_length=SAMPLES_MAX)]

    @model_validator(mode="after")
    def _ensure_ordered(self) -> FramesBody:
        for sample, later in pairwise(self.samples):
            if later.pts < sample.pts or later.index <= sample.index:
                raise ValueError(f"sample {later.index} follows sample {sample.index}: index and pts must ascend")
        return self

    @model_validator(mode="after")
    def _ensure_masks(self) -> FramesBody:
        is_needed = isinstance(self.mask, MaskVideoBody)
        for sample in self.samples:
            if (sample.mask_url is not None) is not is_needed:
                what = "has no maskUrl, which a mask video needs" if is_needed else "has a maskUrl and no mask video"
                raise ValueError(f"sample {sample.index} {what}")
        return self
