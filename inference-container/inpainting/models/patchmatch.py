"""PatchMatch: fills a hole with patches found elsewhere in the picture. No weights; the default model."""

from __future__ import annotations

import math

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from inpainting.models import opencv
from inpainting.models.interface import Pixels
from inpainting.models.manifest import Manifest, Sizes
from inpainting.models.patchmatch_synthesis import SOURCES_MIN, synthesize
from inpainting.seams import level_seam

_VERSION = "1"
# A quarter of a microsecond for each hole pixel and pixel of its patch: one crop ends within some eight seconds.
_PATCH_VISITS_MAX = 30_000_000
_CROP_PIXELS_MIN = 256 * 256
# What is not wider than about twice this is continued better, and forty times faster, by navier-stokes.
_THIN_DISTANCE_MAX = 4.0
_THIN_RADIUS = 3
# Other holes are filled along where they are so near, and what is filled there is left out afterwards.
_FOREIGN_REACH = 6


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
    """Patches from coarse to fine, with thin holes left to navier-stokes and the seam levelled afterwards."""

    parameters = PatchMatchParameters

    def __init__(self) -> None:
        self.manifest = Manifest(
            id="patchmatch",
            version=_VERSION,
            title="PatchMatch",
            description=(
                "Fills holes with patches that fit from elsewhere in the picture (Barnes et al., PatchMatch, 2009). "
                "Keeps texture sharp; a fraction of a second to seconds. Very thin holes go to navier-stokes."
            ),
            licence="MIT",
            commercial_use=True,
            runtime="numpy",
            sizes=Sizes(crop_pixels_max=self.crop_pixels_max(PatchMatchParameters())),
        )

    def crop_pixels_max(self, parameters: PatchMatchParameters) -> int:
        """Bounded by the patch size: its area is the work for one pixel."""
        return int(max(_CROP_PIXELS_MIN, _PATCH_VISITS_MAX // (2 * parameters.patchSize + 1) ** 2))

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: PatchMatchParameters) -> Pixels:
        """Fills thin parts first, so that they are sources for the thick ones."""
        unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
        thin, thick = split_by_thickness(hole)
        if thick is not None and count_patches(unknown, parameters.patchSize) < SOURCES_MIN:
            thin, thick = hole, None
        if thin is not None or foreign is not None:
            smooth = opencv.inpaint(image, unknown, _THIN_RADIUS, cv2.INPAINT_NS)
        if thin is not None:
            image = np.where(thin[..., np.newaxis] != 0, smooth, image)
        if thick is None:
            return image
        guess, to_fill, still_unknown = image, thick, thick
        if foreign is not None:
            # Patches at the hole reach into other holes: what they see there has to be likely.
            guess = np.where(foreign[..., np.newaxis] != 0, smooth, image)
            to_fill = cv2.bitwise_or(thick, cv2.bitwise_and(foreign, _grow(thick, _FOREIGN_REACH)))
            still_unknown = cv2.bitwise_or(thick, foreign)
        filled = synthesize(guess, to_fill, still_unknown, parameters.patchSize, parameters.seed)
        return level_seam(cv2.copyTo(filled, thick, image.copy()), thick, still_unknown)


def _grow(mask: Pixels, pixels: int) -> Pixels:
    return cv2.dilate(mask, np.ones((2 * pixels + 1,) * 2, np.uint8))


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
    """How many whole patches of known pixels there are. None at the image's border is counted."""
    size = 2 * radius + 3
    known = cv2.erode(
        (unknown == 0).astype(np.uint8), np.ones((size, size), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return int(cv2.countNonZero(known))
