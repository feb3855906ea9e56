"""Takes the step in tone out of the edge of a filling, inside the hole alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]

_SEAM_BAND_PIXELS = 2
_SEAM_SMOOTH_PIXELS = 4.0
_SEAM_PIXELS = 4.0


def level_seam(filled: Pixels, hole: Pixels, unknown: Pixels) -> Pixels:
    """Fades the step in tone at the hole's edge out over a few pixels inside.

    The step is the smoothed difference between the bands just outside and just inside the edge; what is
    outside stays as it is.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _SEAM_BAND_PIXELS + 1,) * 2)
    outside = (cv2.dilate(hole, kernel) != 0) & (unknown == 0)
    inside = (cv2.erode(hole, kernel, borderType=cv2.BORDER_REPLICATE) == 0) & (hole != 0)
    tone_outside, share_outside = _smooth(filled, outside)
    tone_inside, share_inside = _smooth(filled, inside)
    trust = np.minimum(share_outside, share_inside)
    trust = trust / (trust + 0.05)
    distance = cv2.distanceTransform(hole, cv2.DIST_L2, 3)
    fade = np.exp(-((distance / _SEAM_PIXELS) ** 2)) * (hole != 0) * trust
    levelled = filled + (tone_outside - tone_inside) * fade[..., np.newaxis]
    result: Pixels = np.clip(np.rint(levelled), 0, 255).astype(np.uint8)
    return result


def _smooth(image: Pixels, where: Pixels) -> tuple[Pixels, Pixels]:
    """The mean tone around each pixel of those in `where`, and how large their share is there."""
    weight = where.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), _SEAM_SMOOTH_PIXELS)
    tone = cv2.GaussianBlur(image * weight[..., np.newaxis], (0, 0), _SEAM_SMOOTH_PIXELS)
    return tone / np.maximum(share, 1e-4)[..., np.newaxis], share
