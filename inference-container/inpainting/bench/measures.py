"""How near a filling is to the truth: in the hole only, and by numbers that reward blur (look at the sheets too)."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models import Pixels

_SSIM_SIGMA = 1.5
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
PSNR_MAX = 60.0


class Score(NamedTuple):
    """PSNR in the hole in dB, SSIM there, and sharpness: the energy of the Laplacian over the truth's."""

    psnr: float
    ssim: float
    sharpness: float


def score(filled: Pixels, truth: Pixels, hole: Pixels) -> Score:
    """The score of a filling; both pictures are BGR, `hole` 0 or 1."""
    where = hole != 0
    error = float(np.mean((filled[where].astype(np.float64) - truth[where]) ** 2))
    psnr = PSNR_MAX if error == 0 else min(PSNR_MAX, 10 * float(np.log10(255**2 / error)))
    grey_filled, grey_truth = (cv2.cvtColor(each, cv2.COLOR_BGR2GRAY).astype(np.float32) for each in (filled, truth))
    ssim = float(_ssim(grey_filled, grey_truth)[where].mean())
    return Score(psnr, ssim, _sharpness(grey_filled, where) / max(_sharpness(grey_truth, where), 1e-6))


def average(scores: list[Score]) -> Score:
    """The mean score; of sharpness, which is a ratio, the geometric mean."""
    psnr, ssim, sharpness = np.array(scores, np.float64).T
    return Score(float(psnr.mean()), float(ssim.mean()), float(np.exp(np.log(np.maximum(sharpness, 1e-6)).mean())))


def _sharpness(grey: Pixels, where: Pixels) -> float:
    return float(np.mean(cv2.Laplacian(grey, cv2.CV_32F)[where] ** 2))


def _ssim(first: Pixels, second: Pixels) -> Pixels:
    """The structural similarity at each pixel (Wang et al., 2004, gaussian window of sigma 1.5)."""

    def blur(values: Pixels) -> Pixels:
        return cv2.GaussianBlur(values, (0, 0), _SSIM_SIGMA)

    mean_first, mean_second = blur(first), blur(second)
    variance_first = blur(first * first) - mean_first**2
    variance_second = blur(second * second) - mean_second**2
    covariance = blur(first * second) - mean_first * mean_second
    ssim: Pixels = ((2 * mean_first * mean_second + _SSIM_C1) * (2 * covariance + _SSIM_C2)) / (
        (mean_first**2 + mean_second**2 + _SSIM_C1) * (variance_first + variance_second + _SSIM_C2)
    )
    return ssim
