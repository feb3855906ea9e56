"""What a video is: read from its container, its timestamps and its first frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from inpainting.errors import Code, ItemError
from inpainting.videos.colours import read_rotation, read_upright_size
from inpainting.videos.sampling import sample_frames
from inpainting.videos.source import VideoSource, too_many_pixels
from inpainting.videos.timeline import Timeline, read_timeline

# How far above a video's own rate may be asked for: 30 of a video of 29.97.
_RATE_SLACK = Fraction(101, 100)
# A duration is rounded to its stream's ticks; what is shorter than this is no further sample.
_SLACK_SECONDS = 0.002
_HDR_TRANSFERS = (16, 18)
# Frames that begin a video damaged are common; one that can be decoded is looked for among these.
_FRAMES_TRIED = 30


def probe(
    source: VideoSource,
    *,
    fps: float | str | None,
    frames_max: int,
    pixels_max: int,
    check: Callable[[], None],
) -> dict[str, Any]:
    """The answer of `POST /v1/probe`; `fps` is "source", a number, or None for no samples. Raises ItemError."""
    timeline = read_timeline(source, check=check)
    rate = tell_rate(source, timeline)
    samples = [] if fps is None else choose_samples(timeline, fps, rate=rate, frames_max=frames_max, name=source.name)
    source.rewind()
    frame = next(
        (frame for _, frame in sample_frames(source, timeline.pts[:_FRAMES_TRIED].tolist(), check=check) if frame), None
    )
    if frame is None and not source.stream.width:
        # Of what may not be decoded for its size, FFmpeg keeps no size.
        source.refuse(
            f"has frames in the codec {source.codec} of a size that cannot be told: they are damaged, or above the "
            f"{pixels_max} pixels that are taken"
        )
    if frame is None:
        source.refuse(f"has frames in the codec {source.codec} that cannot be decoded: they are damaged")
    width, height = read_upright_size(frame)
    if width * height > pixels_max:
        raise too_many_pixels(source.name, width, height, pixels_max)
    notes = []
    if timeline.is_cut_off:
        told = source.stream.frames
        whole = f" of {told}" if told > len(timeline.pts) else ""
        notes.append(f"{source.name} was cut off: {len(timeline.pts)}{whole} frames are there, and these are used.")
    if frame.color_trc in _HDR_TRANSFERS:
        notes.append(f"{source.name} has a high dynamic range; its frames are kept with 8 bits and look paler.")
    return {
        "container": source.kind,
        "codec": source.codec,
        "width": width,
        "height": height,
        "rotation": read_rotation(frame),
        "durationSeconds": round(float(timeline.seconds), 6),
        "fps": f"{rate.numerator}/{rate.denominator}",
        "isVariableFrameRate": timeline.is_variable,
        "frameCount": len(timeline.pts),
        "timeBase": f"{timeline.time_base.numerator}/{timeline.time_base.denominator}",
        "firstPts": timeline.first,
        "endPts": timeline.end,
        "sound": None if source.sound_codec is None else {"codec": source.sound_codec},
        "samples": samples,
        "notes": notes,
    }


def tell_rate(source: VideoSource, timeline: Timeline) -> Fraction:
    """Frames a second on average: as the stream tells it where its timestamps agree, else as they say."""
    told = source.stream.average_rate
    if told and not timeline.is_variable and abs(told - timeline.rate) <= timeline.rate / 200:
        return Fraction(told)
    return timeline.rate.limit_denominator(100_000)


def choose_samples(timeline: Timeline, fps: float | str, *, rate: Fraction, frames_max: int, name: str) -> list[int]:
    """The timestamps to sample: sample k is the frame on display k / fps seconds after the first one begins.

    Raises ItemError: video.fps_too_high, video.too_many_frames.
    """
    if fps == "source":
        _ensure_count(len(timeline.pts), frames_max, name=name, seconds=float(timeline.seconds))
        return [int(pts) for pts in timeline.pts]
    asked = Fraction(str(fps))
    if asked > max(rate, timeline.rate) * _RATE_SLACK:
        raise ItemError(
            Code.VIDEO_FPS_TOO_HIGH,
            f"{float(asked):g} frames a second were asked for, and {name.lower()} has {float(rate):.5g} on average. "
            "Ask for at most that many, or for 'source' to get every frame.",
            asked=float(asked),
            source=round(float(rate), 5),
        )
    count = max(1, math.ceil((float(timeline.seconds) - _SLACK_SECONDS) * float(asked)))
    _ensure_count(count, frames_max, name=name, seconds=float(timeline.seconds))
    times = np.arange(count, dtype=np.float64) / float(asked)
    return [int(pts) for pts in timeline.pts[timeline.find(times, float(timeline.time_base) / 2)]]


def _ensure_count(count: int, frames_max: int, *, name: str, seconds: float) -> None:
    if count > frames_max:
        raise ItemError(
            Code.VIDEO_TOO_MANY_FRAMES,
            f"{name} of {seconds:.1f} s would give {count} frames; at most {frames_max} are taken. Ask for at most "
            f"{math.floor(1000 * frames_max / seconds) / 1000:g} frames a second, or cut it shorter.",
            found=count,
            limit=frames_max,
        )
