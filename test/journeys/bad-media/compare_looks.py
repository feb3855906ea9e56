"""Compares results with what a viewer shows of their sources: `python compare_looks.py JOBS.json`, prints JSON.

A job is {"name", "kind": "picture"|"video", "source", "mask", "png", "jpeg"} or {…, "result"}; all but the first two
are paths. Differences are in levels of 0 to 255, outside the hole.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps

_SRGB = ImageCms.createProfile("sRGB")
_SPACES = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}


def show(data: bytes) -> np.ndarray:
    """RGBA in sRGB, upright, as floats: by the picture's own profile where it has one that fits."""
    with Image.open(io.BytesIO(data)) as opened:
        image, icc, depth = opened, opened.info.get("icc_profile"), data[24] if data[:4] == b"\x89PNG" else 8
        if image.mode == "P" or "transparency" in image.info:
            image = image.convert("RGBA")
        upright = ImageOps.exif_transpose(image)
        alpha = upright.getchannel("A") if "A" in upright.mode else Image.new("L", upright.size, 255)
        colours = upright.convert({"LA": "L", "RGBA": "RGB", "1": "L"}.get(upright.mode, upright.mode))
        if depth == 16:
            return _show_wide(data, icc)
        rgb = _by_profile(colours, icc)
    return np.dstack((np.asarray(rgb), np.asarray(alpha))).astype(np.float64)


def _by_profile(colours: Image.Image, icc: bytes | None) -> Image.Image:
    if icc and icc[16:20] == _SPACES.get(colours.mode):
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            return ImageCms.profileToProfile(colours, profile, _SRGB, outputMode="RGB")
        except ImageCms.PyCMSError:
            pass
    return colours.convert("RGB")


def _show_wide(data: bytes, icc: bytes | None) -> np.ndarray:
    """16 bits a channel, which Pillow narrows."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.dtype == np.uint16
    if pixels.ndim == 2:
        pixels = np.dstack((pixels,) * 3)
    rgba = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGBA if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA) / 257
    if icc and icc[16:20] == b"RGB ":
        narrow = Image.fromarray(np.rint(rgba[..., :3]).astype(np.uint8))
        rgba = np.dstack((np.asarray(_by_profile(narrow, icc)), rgba[..., 3:]))
    return rgba


def read_hole(data: bytes) -> np.ndarray:
    """Whether each pixel is to be removed: its luminance over black is 128 or more."""
    with Image.open(io.BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened)
        if upright.mode == "I;16":
            return np.asarray(upright) >= 128 * 257
        rgba = np.asarray(upright.convert("RGBA")).astype(np.float64)
    luminance = rgba[..., :3] @ (0.299, 0.587, 0.114)
    return np.rint(luminance * rgba[..., 3] / 255) >= 128


def compare_picture(job: dict[str, str]) -> dict[str, object]:
    source, png = show(Path(job["source"]).read_bytes()), show(Path(job["png"]).read_bytes())
    jpeg = show(Path(job["jpeg"]).read_bytes())
    hole = read_hole(Path(job["mask"]).read_bytes())
    sizes = [list(picture.shape[1::-1]) for picture in (source, png, jpeg)]
    if sizes[0] != sizes[1] or sizes[0] != sizes[2]:
        return {"sizes": sizes}
    kept = ~hole
    visible = kept & (source[..., 3] > 0)
    on_white = source[..., :3] * source[..., 3:] / 255 + 255 - source[..., 3:]
    changed = np.abs(png[..., :3] - source[..., :3]).max(-1)
    return {
        "sizes": sizes,
        "colour": float(changed[visible].max(initial=0)),
        "alpha": float(np.abs(png[..., 3] - source[..., 3])[kept].max(initial=0)),
        "jpeg": float(np.abs(jpeg[..., :3] - on_white)[kept].mean()) if kept.any() else 0.0,
        "holePixels": int(hole.sum()),
        "filledShare": float((changed[hole] > 0).mean()) if hole.any() else 1.0,
    }


def read_frames(path: str) -> Iterator[tuple[float, np.ndarray]]:
    """Seconds from the first frame, and the upright frame in RGB."""
    with av.open(path) as container:
        first = None
        for packet in container.demux(container.streams.video[0]):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:  # what was cut off in its last picture is shown until there
                continue
            for frame in frames:
                first = frame.pts if first is None else first
                pixels = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                yield float((frame.pts - first) * frame.time_base), pixels


def compare_video(job: dict[str, str]) -> dict[str, object]:
    """Of frames the mean difference over their lower half and right side, where no mask of the suite is."""
    source, result = list(read_frames(job["source"])), list(read_frames(job["result"]))
    height, width = source[0][1].shape[:2]
    different = 0.0
    for (_, before), (_, after) in zip(source, result, strict=False):
        cut = after[:height, :width]
        if cut.shape == before.shape:
            region = (slice(height // 2, None), slice(width // 2, None))
            different = max(different, float(np.abs(before[region].astype(float) - cut[region]).mean()))
    return {
        "sizes": [[width, height], list(result[0][1].shape[1::-1])],
        "times": [[round(seconds, 3) for seconds, _ in frames] for frames in (source, result)],
        "colour": different,
    }


def main() -> None:
    jobs = json.loads(Path(sys.argv[1]).read_text())
    compare = {"picture": compare_picture, "video": compare_video}
    print(json.dumps({job["name"]: compare[job["kind"]](job) for job in jobs}))


if __name__ == "__main__":
    main()
