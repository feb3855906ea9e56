"""The photographs that the bench damages: those that the package scikit-image ships."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2

from inpainting.models import Pixels

SIDE_MAX = 512
SCENES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "camera.png")
TEXTURES = ("brick.png", "grass.png", "gravel.png", "ihc.png", "coffee.png", "chelsea.png")


class PhotographsMissing(Exception):
    """The package that ships the photographs is not installed; the message says what to do."""


def load_photograph(name: str, *, side_max: int | None = SIDE_MAX) -> Pixels:
    """A photograph, BGR, its middle part where it is larger than `side_max`; raises PhotographsMissing."""
    pixels = cv2.imread(str(_find_folder() / name), cv2.IMREAD_COLOR)
    if pixels is None:
        raise PhotographsMissing(f"scikit-image ships no picture {name} here. Install the version that the lock names.")
    if side_max is None:
        return pixels
    height, width = pixels.shape[:2]
    top, left = max(0, height - side_max) // 2, max(0, width - side_max) // 2
    return pixels[top : top + side_max, left : left + side_max].copy()


def _find_folder() -> Path:
    # The package is not imported: only its files are wanted, and importing it takes a second.
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise PhotographsMissing(
            "The bench damages photographs that the package scikit-image ships, which is not installed here. "
            "Install what development needs: pip install --require-hashes -r requirements-dev.lock"
        )
    return Path(spec.origin).parent / "data"
