"""PatchMatch: fills a hole with patches found elsewhere in the picture. No weights; the default model."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import patchmatch
from pydantic import BaseModel, ConfigDict, Field

from inpainting.crops import Box
from inpainting.models import opencv
from inpainting.models.interface import Pixels
from inpainting.models.manifest import Manifest, Sizes
from inpainting.seams import level_seam

# A quarter of a microsecond for each hole pixel and pixel of its patch: one crop ends within some eight seconds.
_PATCH_VISITS_MAX = 30_000_000
_CROP_PIXELS_MIN = 256 * 256
# What is not wider than about twice this is continued better, and forty times faster, by navier-stokes.
_THIN_DISTANCE_MAX = 4.0
_THIN_RADIUS = 3
# A box of 64 pixels has a window of 126 with it: past 128 each place is searched in one round more.
_CONTEXT_PIXELS_MIN = 31
# Without patches to copy the library leaves a hole black.
_PATCHES_MIN = 64


class PatchMatchParameters(BaseModel):
    """What PatchMatch may be told."""

    model_config = ConfigDict(extra="forbid", title="Parameters")

    seed: int = Field(
        default=1, ge=0, le=2**32 - 1, description="Another seed gives another filling; the same one the same."
    )
    patchSize: int = Field(
        default=3,
        ge=1,
        le=15,
        description="Radius of the compared patches in pixels: larger follows larger structures, slower.",
    )


class PatchMatch:
    """pypatchmatch, with thin holes left to navier-stokes and the seam levelled afterwards."""

    parameters = PatchMatchParameters

    def __init__(self) -> None:
        self.manifest = Manifest(
            id="patchmatch",
            version=patchmatch.__version__,
            title="PatchMatch",
            description=(
                "Fills holes with patches that fit from elsewhere in the picture (Barnes et al., PatchMatch, 2009). "
                "Keeps texture sharp; a fraction of a second to seconds. Very thin holes go to navier-stokes."
            ),
            licence="MIT",
            commercial_use=True,
            runtime="pypatchmatch",
            sizes=Sizes(crop_pixels_max=self.crop_pixels_max(PatchMatchParameters())),
        )
        self._seeds = _SeedGate()

    def crop_pixels_max(self, parameters: PatchMatchParameters) -> int:
        """Bounded by the patch size: its area is the work for one pixel."""
        return int(max(_CROP_PIXELS_MIN, _PATCH_VISITS_MAX // (2 * parameters.patchSize + 1) ** 2))

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: PatchMatchParameters) -> Pixels:
        """Fills thin parts first, so that they are sources for the thick ones."""
        unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
        thin, thick = split_by_thickness(hole)
        if thick is not None and count_patches(unknown, parameters.patchSize) < _PATCHES_MIN:
            thin, thick = hole, None
        if thin is not None:
            smooth = opencv.inpaint(image, unknown, _THIN_RADIUS, cv2.INPAINT_NS)
            image = np.where(thin[..., np.newaxis] != 0, smooth, image)
        if thick is None:
            return image
        window = choose_window(thick, unknown, parameters.patchSize)
        filled = image.copy()
        filled[window] = self._synthesize(
            np.ascontiguousarray(image[window]),
            np.ascontiguousarray(thick[window]),
            None if foreign is None else np.ascontiguousarray(foreign[window]),
            parameters,
        )
        return filled

    def _synthesize(
        self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: PatchMatchParameters
    ) -> Pixels:
        with self._seeds.hold(parameters.seed):
            filled = patchmatch.inpaint(image, hole, global_mask=foreign, patch_size=parameters.patchSize)
        return level_seam(filled, hole, hole if foreign is None else cv2.bitwise_or(hole, foreign))


def split_by_thickness(hole: Pixels) -> tuple[Pixels | None, Pixels | None]:
    """The hole's thin and thick parts as masks, None for a kind that is not there.

    Thick is what a disc fits into, and thin what is left: where scratches cross, only the knot may be thick.
    """
    # A border of "known" would make a hole at the image's edge look thin: extend it instead.
    border = math.ceil(_THIN_DISTANCE_MAX) + 2
    framed = cv2.copyMakeBorder(hole, border, border, border, border, cv2.BORDER_REPLICATE)
    deep = (cv2.distanceTransform(framed, cv2.DIST_L2, 5) > _THIN_DISTANCE_MAX).astype(np.uint8)
    if not deep.any():
        return hole, None
    near = cv2.distanceTransform(1 - deep, cv2.DIST_L2, 5) <= _THIN_DISTANCE_MAX + 1
    thick = np.ascontiguousarray((near & (framed != 0))[border:-border, border:-border]).astype(np.uint8)
    if not thick.any():
        return hole, None
    thin = cv2.subtract(hole, thick)
    return (thin if thin.any() else None), thick


def count_patches(unknown: Pixels, radius: int) -> int:
    """How many whole patches of known pixels there are. The library uses none that touches the image's border."""
    size = 2 * radius + 3
    known = cv2.erode(
        (unknown == 0).astype(np.uint8), np.ones((size, size), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return int(cv2.countNonZero(known))


def choose_window(hole: Pixels, unknown: Pixels, radius: int) -> tuple[slice, slice]:
    """The part of a crop to look for patches in: as far sideways as the hole is wide, half as far up and down.

    What is left and right of a place is more often like it than what is above and below (ground, water, walls,
    horizons), and what is not searched costs no time. Where little is known there, the window is the whole crop.
    """
    height, width = hole.shape
    left, top, across, down = cv2.boundingRect(hole)
    box = Box(left, top, left + across, top + down)
    window = box.grow(max(_CONTEXT_PIXELS_MIN, across), max(_CONTEXT_PIXELS_MIN, down // 2), width, height)
    if count_patches(np.ascontiguousarray(unknown[window.slices]), radius) < max(_PATCHES_MIN, across * down // 2):
        return slice(0, height), slice(0, width)
    return window.slices


class _SeedGate:
    """The library's seed is one for the whole process: calls run together only while they share it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._seed: int | None = None
        self._running = 0

    @contextmanager
    def hold(self, seed: int) -> Iterator[None]:
        """Runs the body with this seed set, after those that run with another have ended."""
        with self._condition:
            self._condition.wait_for(lambda: self._running == 0 or self._seed == seed)
            if self._seed != seed:
                patchmatch.set_random_seed(seed)
                self._seed = seed
            self._running += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= 1
                self._condition.notify_all()
