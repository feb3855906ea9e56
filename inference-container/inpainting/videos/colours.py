"""Decoded frames as pixels: upright, with the colours that their stream means."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation

Pixels = npt.NDArray[Any]

# From this many lines up, what says nothing about its colours is taken for high definition.
HD_LINES_MIN = 720

# AVColorSpace, as frames carry it, to the matrices of swscale.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def read_rotation(frame: VideoFrame) -> int:
    """By how much the frame has to be turned clockwise to be upright: 0, 90, 180 or 270 degrees."""
    return round(-frame.rotation / 90) % 4 * 90


def read_upright_size(frame: VideoFrame) -> tuple[int, int]:
    """Width and height of the frame as it is shown."""
    turned = read_rotation(frame) in (90, 270)
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def to_upright_bgr(frame: VideoFrame, size: tuple[int, int] | None = None) -> Pixels:
    """The frame as height x width x 3 of 8 bits in BGR order, upright, scaled to `size` where its own differs.

    The frame must not be used by another thread at the same time.
    """
    rotation = read_rotation(frame)
    shown = size or read_upright_size(frame)
    width, height = (shown[1], shown[0]) if rotation in (90, 270) else shown
    untagged = Colorspace.ITU709 if frame.height >= HD_LINES_MIN else Colorspace.ITU601
    pixels = frame.reformat(
        width=width,
        height=height,
        format="bgr24",
        src_colorspace=_MATRICES.get(frame.colorspace, untagged),
        interpolation=_EXACT,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    ).to_ndarray()
    turn = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}.get(rotation)
    return np.ascontiguousarray(pixels) if turn is None else cv2.rotate(pixels, turn)
