"""Functions that stand for TorchScript modules: the same arrays in and out, and an average for a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np


@dataclass(frozen=True)
class WeightsFile:
    """What is told of a file that is not there."""

    md5: str
    sha256: str = "0" * 64
    source: str = "/models/model.pt"
    path: Path = Path("/models/model.pt")


def lama_traced(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """big-lama.pt: picture 0 to 1 and mask 1 = hole, sides of multiples of 8; the same picture with the hole filled."""
    assert image.dtype == mask.dtype == np.float32
    assert image.shape[1] == 3
    assert mask.shape == (image.shape[0], 1, *image.shape[2:])
    assert image.shape[0] == 1
    assert image.shape[2] % 8 == image.shape[3] % 8 == 0
    assert set(np.unique(mask)) <= {0, 1}
    image = np.clip(image, 0, 1)
    return image * (1 - mask) + _average(image[0], 1 - mask[0, 0]) * mask


def migan_traced(joined: np.ndarray) -> np.ndarray:
    """migan_traced.pt: (0.5 - hole, rgb -1 to 1, 0 in the hole) of 512 x 512; a picture -1 to 1, all of it made up."""
    assert joined.dtype == np.float32
    assert joined.shape == (1, 4, 512, 512)
    known = joined[0, 0] + 0.5
    assert set(np.unique(known)) <= {0, 1}
    return _average((np.clip(joined[0, 1:], -1, 1) + 1) / 2, known) * 2 - 1


def _average(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    weights = np.ascontiguousarray(known, np.float32)
    planes = []
    for plane in image:
        near = [cv2.blur(values, (49, 49)) + 1e-3 * values.mean() for values in (plane * weights, weights)]
        planes.append(near[0] / near[1])
    return np.stack(planes)[np.newaxis].astype(np.float32)
