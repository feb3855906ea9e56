"""Makes the small sample files that docs/samples holds beside its pictures: the same versions make the same bytes.

python scripts/make_samples.py OUT_DIR    film.mp4 and broken.webp with logo-mask.png, pairs.zip
"""

from __future__ import annotations

import argparse
import struct
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
from make_media import draw_scene

WIDTH, HEIGHT, RATE, SECONDS = 160, 96, 30, 10
LOGO = np.s_[8:28, 116:152]
# An entry of an archive has a time of change: with the clock's, no two runs would make the same bytes.
CHANGED = (2026, 1, 1, 0, 0, 0)


def make_film(folder: Path) -> None:
    """`film.mp4`, ten seconds with a logo that stays in its corner."""
    with av.open(str(folder / "film.mp4"), "w", options={"fflags": "+bitexact"}) as film:
        pictures = film.add_stream("libx264", rate=RATE, width=WIDTH, height=HEIGHT, pix_fmt="yuv420p")
        pictures.options = {"crf": "32", "preset": "slow", "threads": "1"}
        for index in range(SECONDS * RATE):
            scene = draw_scene(WIDTH, HEIGHT, index)
            scene[LOGO] = (250, 40, 40)
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(scene, format="rgb24")))
        film.mux(pictures.encode(None))


def make_archive(folder: Path) -> None:
    """`pairs.zip`: two folders with a pair each, and a text that is ignored."""
    with zipfile.ZipFile(folder / "pairs.zip", "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, CHANGED), content, zipfile.ZIP_DEFLATED)

        for number, group in enumerate(["harbour", "meadow"], start=1):
            scene = draw_scene(WIDTH, HEIGHT, number * 40)
            scene[LOGO] = (250, 40, 40)
            add(f"{group}/image_{number}.jpg", encode(".jpg", scene[..., ::-1]))
            add(f"{group}/mask_{number}.png", encode(".png", draw_mask()))
        add("meadow/notes.txt", b"Texts in an archive are ignored.\n")


def make_broken(folder: Path) -> None:
    """`broken.webp`: lengths and header are right, so it is taken; its image data are noise, so it fails alone."""
    noise = bytes(index * 7919 % 251 for index in range(4000))
    first_partition = 2000
    tag = first_partition << 5 | 0x10
    frame = struct.pack("<I", tag)[:3] + b"\x9d\x01\x2a" + struct.pack("<HH", WIDTH, HEIGHT) + noise
    chunk = b"WEBPVP8 " + struct.pack("<I", len(frame)) + frame
    (folder / "broken.webp").write_bytes(b"RIFF" + struct.pack("<I", len(chunk)) + chunk)


def draw_mask() -> np.ndarray:
    """White where the logo is, and two pixels around."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    rows, columns = LOGO
    mask[rows.start - 2 : rows.stop + 2, columns.start - 2 : columns.stop + 2] = 255
    return mask


def encode(extension: str, picture: np.ndarray) -> bytes:
    """The bytes of a picture file."""
    return cv2.imencode(extension, picture)[1].tobytes()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    make_film(folder)
    make_archive(folder)
    make_broken(folder)
    (folder / "logo-mask.png").write_bytes(encode(".png", draw_mask()))


if __name__ == "__main__":
    main()
