"""A segment: frames encoded as H.264 in an MP4, so that segments of one video join without encoding again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import cv2
import numpy.typing as npt
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from inpainting.errors import Code, ItemError
from inpainting.headers import read_header
from inpainting.pictures import decode_picture, to_8_bit
from inpainting.videos.colours import HD_LINES_MIN
from inpainting.videos.result_file import ResultFile

# How these were chosen is told in docs/decisions/inference-x264.md. Without B-frames each packet is shown when it
# is decoded, so the packets of two segments never interleave; one thread gives the same bytes on every machine.
_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0", "g": "120"}
# The level in a stream's header follows from size and rate, and the headers of segments must be equal: so the rate
# is the same for all. Frames have their own times.
_RATE = 60
# Without exact rounding each level is half a level too dark.
_EXACT = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
# AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic have the same numbers for these.
_BT709, _SMPTE170M = 1, 6

_ORIGIN_TAG = "comment"
_ORIGIN_PREFIX = "origin="


def decode_frame(data: bytes, *, name: str, size: tuple[int, int], pixels_max: int) -> VideoFrame:
    """A picture's file as a frame for `SegmentEncoder`, its odd last line and column doubled.

    Raises ItemError: media.undecodable, media.too_large, or segment.size_mismatch where it has not `size`.
    """
    header = read_header(data, name=name, pixels_max=pixels_max)
    if header.upright_size != size:
        raise ItemError(
            Code.SEGMENT_SIZE_MISMATCH,
            "{} has {}x{} pixels and the video {}x{}. Send frames of one size.".format(
                name, *header.upright_size, *size
            ),
        )
    pixels = to_8_bit(decode_picture(data, header, name=name).pixels)
    return to_video_frame(pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))


def to_video_frame(pixels: npt.NDArray[Any]) -> VideoFrame:
    """BGR pixels as yuv420p of limited range, by the matrix that their number of lines asks for."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return VideoFrame.from_ndarray(pixels, format="bgr24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709 if height >= HD_LINES_MIN else Colorspace.ITU601,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=_EXACT,
        threads=1,
    )


def read_origin(metadata: dict[str, str]) -> Fraction:
    """The seconds that a segment's zero stands for; below zero where its frames begin there."""
    tag = metadata.get(_ORIGIN_TAG, "")
    try:
        return Fraction(tag.removeprefix(_ORIGIN_PREFIX)) if tag.startswith(_ORIGIN_PREFIX) else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


class SegmentEncoder:
    """Writes frames with the times they are given. For one thread at a time.

    `times` are ascending, in ticks of `time_base` seconds; the last frame is shown until `end`. An MP4 has no times
    below zero, so a segment that begins there is written from zero on and tells its origin.
    """

    def __init__(
        self, target: ResultFile, *, size: tuple[int, int], time_base: Fraction, times: Sequence[int], end: int
    ) -> None:
        width, height = size
        self._time_base = time_base
        origin = min(0, times[0])
        self._times = [time - origin for time in times]
        self._durations = {
            time: later - time for time, later in zip(self._times, [*self._times[1:], end - origin], strict=True)
        }
        self._count = 0
        self._container = target.open_mp4(time_base)
        if origin:
            self._container.metadata[_ORIGIN_TAG] = f"{_ORIGIN_PREFIX}{origin * time_base}"
        self._stream: VideoStream = self._container.add_stream("libx264", rate=_RATE, options=_OPTIONS)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = width + width % 2, height + height % 2, "yuv420p"
        context.time_base = self._stream.time_base = time_base
        context.thread_count = 1
        colours = _BT709 if height >= HD_LINES_MIN else _SMPTE170M
        context.colorspace = context.color_primaries = context.color_trc = colours
        context.color_range = ColorRange.MPEG

    def add(self, frame: VideoFrame) -> None:
        """Encodes the next frame, which `decode_frame` has made."""
        frame.pts, frame.time_base = self._times[self._count], self._time_base
        self._count += 1
        self._write(self._stream.encode(frame))

    def finish(self) -> None:
        """Writes what is left, and the index in front of it all."""
        self._write(self._stream.encode(None))
        self._container.close()

    def _write(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.duration = self._durations[packet.pts or 0]
            self._container.mux(packet)
