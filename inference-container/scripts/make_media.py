"""Makes media at real sizes, to try the product with and to measure it.

python scripts/make_media.py clip  OUT_DIR [--seconds 10]     clip.mp4 with sound and a moving logo, and its mask video
python scripts/make_media.py zip   OUT_DIR [--pairs 3000]     pairs.zip of pictures of 512x512 with their masks
python scripts/make_media.py video OUT_DIR [--megabytes 500]  large.mp4 of 1280x720 and a still mask
"""

from __future__ import annotations

import argparse
import math
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

LOGO = 48


def draw_scene(width: int, height: int, shift: float, noise: int = 0) -> np.ndarray:
    """RGB of a landscape of waves that moves by `shift` pixels; `noise` makes it hard to compress."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x += shift
    red = 128 + 90 * np.sin(x / 41) * np.cos(y / 37)
    green = 128 + 80 * np.sin((x + y) / 53)
    blue = 128 + 70 * np.cos(x / 29 - y / 61)
    scene = np.stack([red, green, blue], -1)
    if noise:
        scene += np.random.default_rng(int(shift)).integers(-noise, noise + 1, scene.shape)
    return scene.clip(0, 255).astype(np.uint8)


def place_logo(width: int, height: int, at: float) -> tuple[int, int]:
    """Where the logo's corner is, at a share of the film from 0 to 1."""
    return round((width - LOGO) * at), round((height - LOGO) * (0.5 + 0.4 * math.sin(at * 6)))


def write_sound(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    """A tone of 440 Hz."""
    rate, size = 44_100, 1024
    for first in range(0, int(seconds * rate), size):
        samples = np.arange(first, first + size)
        tone = (0.3 * np.sin(2 * np.pi * 440 * samples / rate)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def make_clip(folder: Path, seconds: float) -> None:
    """`clip.mp4` (640x360, 30 frames a second, AAC) and `clip-mask.mp4`."""
    width, height, rate = 640, 360, 30
    with av.open(str(folder / "clip.mp4"), "w") as film, av.open(str(folder / "clip-mask.mp4"), "w") as masks:
        pictures = film.add_stream("libx264", rate=rate, width=width, height=height, pix_fmt="yuv420p")
        sound = film.add_stream("aac", rate=44_100, layout="stereo")
        holes = masks.add_stream("libx264", rate=rate, width=width, height=height, pix_fmt="yuv420p")
        for stream in (pictures, holes):
            stream.options = {"crf": "18", "preset": "veryfast"}
        count = int(seconds * rate)
        for index in range(count):
            left, top = place_logo(width, height, index / count)
            scene = draw_scene(width, height, index * 2)
            cv2.rectangle(scene, (left, top), (left + LOGO - 1, top + LOGO - 1), (250, 40, 40), -1)
            mask = np.zeros((height, width, 3), np.uint8)
            cv2.rectangle(mask, (left - 4, top - 4), (left + LOGO + 3, top + LOGO + 3), (255, 255, 255), -1)
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(scene, format="rgb24")))
            masks.mux(holes.encode(av.VideoFrame.from_ndarray(mask, format="rgb24")))
        film.mux(pictures.encode(None))
        masks.mux(holes.encode(None))
        write_sound(film, sound, seconds)


def draw_pair(number: int, size: int) -> Iterator[bytes]:
    """A picture as JPEG and its mask as PNG."""
    scene = draw_scene(size, size, number * 7, noise=12)
    left, top = place_logo(size, size, (number % 97) / 97)
    mask = np.zeros((size, size), np.uint8)
    mask[top : top + LOGO, left : left + LOGO] = 255
    scene[top : top + LOGO, left : left + LOGO] = (250, 40, 40)
    yield cv2.imencode(".jpg", scene[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
    yield cv2.imencode(".png", mask)[1].tobytes()


def make_zip(folder: Path, pairs: int) -> None:
    """`pairs.zip` with folders of a hundred pairs."""
    with zipfile.ZipFile(folder / "pairs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, pairs + 1):
            picture, mask = draw_pair(number, 512)
            group = f"group_{(number - 1) // 100 + 1}"
            archive.writestr(f"{group}/image_{number}.jpg", picture)
            archive.writestr(f"{group}/mask_{number}.png", mask)


def make_video(folder: Path, megabytes: int) -> None:
    """`large.mp4` of at least that many megabytes, and `large-mask.png`."""
    width, height, rate = 1280, 720, 30
    mask = np.zeros((height, width), np.uint8)
    mask[40:140, 1000:1240] = 255
    cv2.imwrite(str(folder / "large-mask.png"), mask)
    scenes = [draw_scene(width, height, index * 3, noise=60) for index in range(30)]
    path = folder / "large.mp4"
    with av.open(str(path), "w") as film:
        pictures = film.add_stream("libx264", rate=rate, width=width, height=height, pix_fmt="yuv420p")
        pictures.options = {"preset": "ultrafast", "b": "80M", "maxrate": "80M", "bufsize": "80M"}
        written = 0
        index = 0
        while written < megabytes * 1_000_000:
            for packet in pictures.encode(av.VideoFrame.from_ndarray(scenes[index % 30], format="rgb24")):
                written += packet.size
                film.mux(packet)
            index += 1
        film.mux(pictures.encode(None))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["clip", "zip", "video"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--megabytes", type=int, default=500)
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    if wanted.kind == "clip":
        make_clip(wanted.folder, wanted.seconds)
    elif wanted.kind == "zip":
        make_zip(wanted.folder, wanted.pairs)
    else:
        make_video(wanted.folder, wanted.megabytes)


if __name__ == "__main__":
    main()
