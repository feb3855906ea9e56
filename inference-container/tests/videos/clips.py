"""Clips made for tests: a bar that tells each frame's number on a ground of three colours."""

from __future__ import annotations

import io
import random
import struct
import tempfile
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

W, H = 128, 96
# Left, middle and right third of every frame, in RGB.
GROUND = ((200, 60, 30), (40, 160, 70), (60, 80, 190))
_BITS = 8
# One thread each: a short clip comes out the same, however busy the machine is.
_QUICK = {
    "libx264": {"preset": "ultrafast", "crf": "10", "threads": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime"},
    "libsvtav1": {"preset": "12"},
}
Painter = Callable[[int, int, int], np.ndarray]


def paint(number: int, width: int = W, height: int = H) -> np.ndarray:
    """A frame in RGB whose upper quarter spells its number in black and white fields, the lowest bit left."""
    frame = np.zeros((height, width, 3), np.uint8)
    for third, colour in enumerate(GROUND):
        frame[:, third * width // 3 : (third + 1) * width // 3] = colour
    for bit in range(_BITS):
        frame[: height // 4, bit * width // _BITS : (bit + 1) * width // _BITS] = 255 if number >> bit & 1 else 0
    return frame


def read_number(frame: np.ndarray) -> int:
    """The number that `paint` spelled in a frame (grey, or of any order of channels)."""
    height, width = frame.shape[:2]
    middle = frame[height // 8]
    fields = [middle[(2 * bit + 1) * width // (2 * _BITS)].mean() > 127 for bit in range(_BITS)]
    return sum(1 << bit for bit, is_white in enumerate(fields) if is_white)


def paint_mask(number: int, width: int = W, height: int = H) -> np.ndarray:
    """A mask whose white square moves down by its number of pixels."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[number : number + 16, 16:48] = 255
    return frame


def make_clip(
    frames: int = 20,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    rate: int | Fraction = 10,
    pts: Iterable[int] | None = None,
    size: tuple[int, int] = (W, H),
    painter: Painter = paint,
    pixel_format: str = "yuv420p",
    rotation: int | None = None,
    colorspace: int | None = None,
    matrix: int | None = None,
    color_range: int | None = None,
    sound: str | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> bytes:
    """A clip. `pts` are in frames' durations; `rotation` is counter-clockwise; `colorspace` is an AVColorSpace that the
    stream tells, `matrix` one that it is coded with and does not tell."""
    file = io.BytesIO()
    quick = _QUICK.get(codec, {})
    with av.open(file, "w", format=container, container_options=container_options or {}) as output:
        stream: Any = output.add_stream(codec, rate=rate, options={**quick, **(options or {})})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        if codec in ("mpeg4", "mjpeg"):
            stream.codec_context.bit_rate = 8_000_000
        if colorspace is not None:
            stream.codec_context.colorspace = colorspace
        if color_range is not None:
            stream.codec_context.color_range = color_range
        if rotation is not None:
            stream.set_display_rotation(rotation)
        audio = _add_sound(output, sound) if sound else None
        swscale_matrix = {1: 1, 9: 9}.get(matrix or colorspace or 0, 5)
        for number, time in enumerate(range(frames) if pts is None else pts):
            frame = av.VideoFrame.from_ndarray(painter(number, *size), "rgb24").reformat(
                format=pixel_format, dst_colorspace=swscale_matrix, dst_color_range=color_range
            )
            frame.pts, frame.time_base = time, 1 / Fraction(rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if audio is not None:
            _write_sound(output, audio, frames / float(rate))
    return file.getvalue()


def with_display_matrix(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """An mp4 whose track is shown by the matrix a, b, c, d of ISO 14496-12, in place of the one that it has."""
    unity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    a, b, c, d = (value << 16 for value in matrix)
    at = data.index(unity, data.index(b"tkhd"))
    return data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000) + data[at + len(unity) :]


def make_sound_only(seconds: float = 1.0) -> bytes:
    """An mp4 without a picture."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        _write_sound(output, _add_sound(output, "aac"), seconds)
    return file.getvalue()


def make_attached_cover() -> bytes:
    """Sound with a still cover picture, as music files have."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        audio = _add_sound(output, "aac")
        cover: Any = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = W, H, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        for packet in cover.encode(av.VideoFrame.from_ndarray(paint(1), "rgb24")):
            output.mux(packet)
        _write_sound(output, audio, 1)
    return file.getvalue()


def flip_bytes(data: bytes, start: int, end: int, seed: int, count: int = 12) -> bytes:
    """The data with some of its bytes between two places replaced by others."""
    dice = random.Random(seed)
    changed = bytearray(data)
    for _ in range(count):
        changed[dice.randrange(start, min(end, len(data)))] = dice.randrange(256)
    return bytes(changed)


def with_index_first(data: bytes) -> bytes:
    """An mp4's packets copied to one that has its index in front, as files for the web have."""
    with tempfile.TemporaryDirectory() as folder:
        # The index is moved by reading the file again, which memory cannot be.
        path = Path(folder) / "clip.mp4"
        with (
            av.open(io.BytesIO(data)) as source,
            av.open(str(path), "w", container_options={"movflags": "faststart"}) as output,
        ):
            stream = output.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    output.mux(packet)
        return path.read_bytes()


FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def _add_sound(output: Any, codec: str) -> Any:
    return output.add_stream(codec, rate=48000, layout="mono")


def _write_sound(output: Any, stream: Any, seconds: float) -> None:
    for start in range(0, int(48000 * seconds), 960):
        wave = np.sin(np.arange(start, start + 960) / 17).astype(np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(wave, "fltp" if stream.codec_context.format.is_planar else "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        output.mux(stream.encode(frame))
    output.mux(stream.encode())
