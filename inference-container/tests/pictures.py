"""Pictures and masks for tests, made on the spot, and the way back from bytes to pixels."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image

RNG_SEED = 5


def scene(width: int = 96, height: int = 80) -> np.ndarray:
    """A textured RGB picture: no two places alike, so that a changed pixel shows."""
    rng = np.random.default_rng(RNG_SEED)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [120 + 60 * np.sin(x / 9 + k) + 40 * np.cos(y / 7 + 2 * k) for k in range(3)]
    noise = rng.integers(-20, 21, (height, width, 3))
    return np.clip(np.dstack(waves) + noise, 0, 255).astype(np.uint8)


def box_mask(width: int, height: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A mask that is white in each (left, top, right, bottom)."""
    mask = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return mask


def encode(pixels: np.ndarray | Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    """Pixels (RGB order) as a file, by Pillow."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    target = io.BytesIO()
    image.save(target, format_, **options)
    return target.getvalue()


def encode_16_bit(pixels: np.ndarray) -> bytes:
    """A PNG with 16 bits a channel from grey, RGB or RGBA pixels; Pillow writes no colour of that depth."""
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", pixels)[1].tobytes()


def decode(data: bytes) -> np.ndarray:
    """A file's pixels as stored (RGB order), by Pillow; 16-bit files by OpenCV."""
    image = Image.open(io.BytesIO(data))
    if data[:4] == b"\x89PNG" and data[24] == 16:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels.ndim == 3:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)
        return pixels
    return np.array(image)


def exif_with_orientation(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()
