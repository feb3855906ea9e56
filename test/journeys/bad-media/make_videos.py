"""Writes the clips of the suite of bad media: `python make_videos.py OUT_DIR`.

`OUT_DIR/clips` gets videos that are taken, `OUT_DIR/clip-masks` mask videos that are taken, and `OUT_DIR/wrong-clips`
what wrong videos are made of.
"""

from __future__ import annotations

import io
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[3] / "inference-container/tests/videos"))

from clips import FRAGMENTED, H, W, make_attached_cover, make_clip, make_sound_only, paint, paint_mask, with_index_first

FRAMES = 3
PAIRS = {
    "mp4": ("libx264", "libx265", "libvpx-vp9", "libsvtav1", "mpeg4", "mjpeg"),
    "mov": ("libx264", "libx265", "mpeg4", "mjpeg", "prores_ks"),
    "avi": ("libx264", "mpeg4", "mjpeg", "msmpeg4", "ffv1"),
    "matroska": ("libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "mpeg4", "mjpeg", "ffv1", "mpeg2video"),
    "webm": ("libvpx", "libvpx-vp9", "libsvtav1"),
}
ENDINGS = {"matroska": "mkv"}
PIXEL_FORMATS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


def make_pairs() -> dict[str, bytes]:
    """A clip of each container with each codec."""
    clips = {}
    for container, codecs in PAIRS.items():
        for codec in codecs:
            name = f"{codec.removeprefix('lib')}.{ENDINGS.get(container, container)}"
            pixel_format = PIXEL_FORMATS.get(codec, "yuv420p")
            rate = 25 if codec == "mpeg2video" else 10
            clips[name] = make_clip(FRAMES, codec=codec, container=container, pixel_format=pixel_format, rate=rate)
    return clips


def make_varieties() -> dict[str, bytes]:
    plain = make_clip(FRAMES)
    return {
        **{f"turned-{angle}.mp4": make_clip(FRAMES, rotation=angle) for angle in (90, 180, 270)},
        "turned-90.mov": make_clip(FRAMES, container="mov", rotation=90),
        "variable-rate.mp4": make_clip(FRAMES, pts=[0, 1, 7]),
        "variable-rate.mkv": make_clip(FRAMES, container="matroska", pts=[0, 3, 4]),
        "one-frame.mp4": make_clip(1),
        "late-start.mp4": make_clip(FRAMES, pts=[20, 21, 22]),
        "odd-size.mp4": make_clip(FRAMES, size=(97, 65), pixel_format="yuv444p"),
        "odd-size.mkv": make_clip(FRAMES, size=(97, 65), codec="ffv1", container="matroska", pixel_format="yuv444p"),
        "ten-bits.mp4": make_clip(FRAMES, pixel_format="yuv420p10le"),
        "4-2-2.mp4": make_clip(FRAMES, pixel_format="yuv422p"),
        "full-range.mp4": make_clip(FRAMES, pixel_format="yuvj420p"),
        "bt709.mp4": make_clip(FRAMES, colorspace=1),
        "with-sound.mp4": make_clip(FRAMES, sound="aac"),
        "with-sound.webm": make_clip(FRAMES, codec="libvpx-vp9", container="webm", sound="libopus"),
        "index-first.mp4": with_index_first(plain),
        "fragmented.mp4": make_clip(FRAMES, container_options=FRAGMENTED),
        "ntsc-rate.mp4": make_clip(FRAMES, rate=Fraction(30000, 1001)),
        "trailing.mp4": plain + b"\0\0\0\x10free" + bytes(8),
        "b-frames.mp4": make_clip(5, options={"bf": "2", "preset": "medium"}),
    }


def level(value: int):
    return lambda _number, width, height: np.full((height, width, 3), value, np.uint8)


def grey_from(first: int):
    """A mask that is grey in its left half from a frame on."""

    def painter(number: int, width: int, height: int) -> np.ndarray:
        frame = paint_mask(number, width, height)
        if number >= first:
            frame[:, : width // 2] = 128
        return frame

    return painter


def make_masks() -> dict[str, bytes]:
    return {
        "same.mp4": make_clip(FRAMES, painter=paint_mask),
        "same.webm": make_clip(FRAMES, painter=paint_mask, codec="libvpx-vp9", container="webm"),
        "same.avi": make_clip(FRAMES, painter=paint_mask, codec="mjpeg", container="avi", pixel_format="yuvj420p"),
        "longer.mp4": make_clip(3 * FRAMES, painter=paint_mask),
        "shorter.mp4": make_clip(1, painter=paint_mask),
        "larger.mp4": make_clip(FRAMES, painter=paint_mask, size=(2 * W, 2 * H)),
        "turned.mp4": make_clip(
            FRAMES, painter=lambda n, w, h: np.rot90(paint_mask(n, h, w)), size=(H, W), rotation=90
        ),
        "black.mp4": make_clip(FRAMES, painter=level(0)),
        "other-rate.mp4": make_clip(2 * FRAMES, painter=paint_mask, rate=20),
    }


def make_many_frames(count: int) -> bytes:
    """One coded picture shown again and again: more frames than are taken, in few bytes."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mjpeg", rate=100)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuvj420p"
        picture = av.VideoFrame.from_ndarray(paint(1, 16, 16), "rgb24")
        data = b"".join(bytes(packet) for packet in stream.encode(picture))
        for number in range(count):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 100)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            output.mux(packet)
    return file.getvalue()


def make_sound(container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        resampler = av.AudioResampler(format=stream.codec_context.format.name, layout="mono", rate=48000)
        frames = [*resampler.resample(frame), *resampler.resample(None)]
        for part in frames:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


def make_transport_stream() -> bytes:
    return make_clip(FRAMES, container="mpegts")


def make_wrong() -> dict[str, bytes]:
    small = make_clip(FRAMES, codec="mjpeg", container="matroska", pixel_format="yuvj420p")
    return {
        "plain.mp4": make_clip(FRAMES),
        "index-first.mp4": with_index_first(make_clip(6)),
        "fragmented.mp4": make_clip(FRAMES, container_options=FRAGMENTED),
        "plain.mkv": make_clip(FRAMES, container="matroska"),
        "plain.webm": make_clip(FRAMES, codec="libvpx-vp9", container="webm"),
        "plain.avi": make_clip(FRAMES, codec="mpeg4", container="avi"),
        "30000x30000.mkv": with_mkv_size(small, 30_000, 30_000),
        "9000x9000.mkv": with_mkv_size(small, 9_000, 9_000),
        "sound-only.mp4": make_sound_only(),
        "sound-only.mkv": make_sound("matroska", "pcm_s16le"),
        "sound-only.webm": make_sound("webm", "libopus"),
        "sound-only.avi": make_sound("avi", "pcm_s16le"),
        "cover-only.mp4": make_attached_cover(),
        "many-frames.mkv": make_many_frames(10_001),
        "sound.wav": make_sound("wav", "pcm_s16le"),
        "sound.ogg": make_sound("ogg", "libopus"),
        "sound.flac": make_sound("flac", "flac"),
        "stream.ts": make_transport_stream(),
        "film.flv": make_clip(FRAMES, codec="flv", container="flv"),
        "wmv2.avi": make_clip(FRAMES, codec="wmv2", container="avi"),
        "rawvideo.avi": make_clip(FRAMES, codec="rawvideo", container="avi"),
        "mask-grey.mp4": make_clip(FRAMES, painter=level(128)),
        "mask-grey-later.mp4": make_clip(FRAMES, painter=grey_from(2)),
        "mask-white.mp4": make_clip(FRAMES, painter=level(255)),
        "mask-film.webm": make_clip(FRAMES, codec="libvpx-vp9", container="webm"),
    }


def with_mkv_size(data: bytes, width: int, height: int) -> bytes:
    """A Matroska file of JPEGs whose track (PixelWidth b0, PixelHeight ba) and pictures say another size."""
    changed = bytearray(data)
    for element, value in ((b"\xb0", width), (b"\xba", height)):
        track = changed.index(b"\x16\x54\xae\x6b")
        at = changed.index(element + b"\x81", changed.index(b"\xe0", track + 20))
        changed[at : at + 3] = element + b"\x82" + struct.pack(">H", value)
    at = changed.find(b"\xff\xc0")
    while at >= 0:
        changed[at + 5 : at + 9] = struct.pack(">HH", height, width)
        at = changed.find(b"\xff\xc0", at + 2)
    return bytes(changed)


def make_still_masks() -> dict[str, bytes]:
    mask = Image.fromarray(paint_mask(10)[..., 0])
    sizes = {
        "still.png": (W, H),
        "still-odd.png": (97, 65),
        "still-large.png": (2 * W, 2 * H),
        "still-upright.png": (H, W),
    }
    files = {}
    for name, size in sizes.items():
        target = io.BytesIO()
        mask.resize(size, Image.Resampling.NEAREST).save(target, "PNG")
        files[name] = target.getvalue()
    return files


def main() -> None:
    folder = Path(sys.argv[1])
    groups = {
        "clips": make_pairs() | make_varieties(),
        "clip-masks": make_masks() | make_still_masks(),
        "wrong-clips": make_wrong(),
    }
    for group, files in groups.items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / group / name).write_bytes(data)


if __name__ == "__main__":
    main()
