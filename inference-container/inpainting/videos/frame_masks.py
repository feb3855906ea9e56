"""Masks of videos: the frame of a mask video that belongs to a moment, or one still mask, as black and white PNGs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from inpainting import masks
from inpainting.errors import Code, ItemError
from inpainting.headers import read_header
from inpainting.pictures import decode_luminance, turn_upright
from inpainting.videos.colours import to_upright_bgr
from inpainting.videos.sampling import sample_frames
from inpainting.videos.source import VideoSource
from inpainting.videos.timeline import read_timeline

# Two containers round the same moment differently; a frame that begins within this of a moment is on display then.
_SLACK_SECONDS = 0.001


@dataclass(frozen=True, kw_only=True)
class EncodedMask:
    """A mask of the video's size in which every pixel is 0 or 255, as a PNG."""

    data: bytes
    sha256: str
    hole_pixels: int


def encode_mask(luminance: npt.NDArray[Any], size: tuple[int, int]) -> EncodedMask:
    """Judges a mask by the mask rule as it is, and scales what it marks. Raises ItemError: mask.*."""
    masks.ensure_usable(masks.measure(luminance))
    hole = masks.find_hole(luminance)
    if hole.shape != (size[1], size[0]):
        hole = cv2.resize(hole, size, interpolation=cv2.INTER_NEAREST_EXACT)
    data = cv2.imencode(".png", hole * 255)[1].tobytes()
    return EncodedMask(data=data, sha256=hashlib.sha256(data).hexdigest(), hole_pixels=cv2.countNonZero(hole))


def encode_still_mask(data: bytes, size: tuple[int, int], *, pixels_max: int) -> EncodedMask:
    """A still mask, upright and scaled to `size`. Raises ItemError: media.undecodable, media.too_large, mask.*."""
    header = read_header(data, name="The mask", pixels_max=pixels_max)
    luminance = decode_luminance(data, header, name="The mask")
    return encode_mask(turn_upright(luminance, header.orientation), size)


class MaskFrame:
    """A frame of a mask video, encoded once however many samples it belongs to. Safe to use from many threads."""

    def __init__(self, frame: VideoFrame | None, *, place: str) -> None:
        self._frame = frame
        self._place = place
        self._lock = threading.Lock()
        self._encoded: EncodedMask | ItemError | None = None

    def encode(self, size: tuple[int, int]) -> EncodedMask:
        """The mask scaled to `size`; raises ItemError: frame.undecodable, mask.*, naming the frame."""
        with self._lock:
            if self._encoded is None:
                self._encoded = self._encode(size)
                self._frame = None
        if isinstance(self._encoded, ItemError):
            raise self._encoded
        return self._encoded

    def _encode(self, size: tuple[int, int]) -> EncodedMask | ItemError:
        if self._frame is None:
            return ItemError(
                Code.FRAME_UNDECODABLE,
                f"{self._place} is missing or damaged. Upload the mask anew, or leave this part of the video out.",
            )
        try:
            return encode_mask(cv2.cvtColor(to_upright_bgr(self._frame), cv2.COLOR_BGR2GRAY), size)
        except ItemError as error:
            return ItemError(error.code, f"{self._place}: {error.message}")


def read_mask_frames(
    source: VideoSource, moments: Sequence[float], *, check: Callable[[], None]
) -> Iterator[MaskFrame]:
    """For each moment, ascending seconds after the first frame, the mask's frame on display; its last one is held.

    Raises ItemError: what the source raises.
    """
    timeline = read_timeline(source, check=check, until_seconds=moments[-1] + 2 * _SLACK_SECONDS)
    source.rewind()
    positions = timeline.find(np.array(moments, np.float64), _SLACK_SECONDS)
    distinct = [int(position) for position in np.unique(positions)]
    frames = sample_frames(source, [int(timeline.pts[position]) for position in distinct], check=check)
    shown: MaskFrame | None = None
    at = -1
    for position in positions:
        if shown is None or position != at:
            at = int(position)
            pts, frame = next(frames)
            seconds = float((pts - timeline.first) * timeline.time_base)
            shown = MaskFrame(frame, place=f"Frame {at + 1} of the mask (at {seconds:.2f} s)")
        yield shown
