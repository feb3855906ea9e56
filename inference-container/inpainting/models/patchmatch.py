"""PatchMatch: fills a hole with patches found elsewhere in the picture. No weights; the default model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import patchmatch
from pydantic import BaseModel, ConfigDict, Field

from inpainting.models import opencv
from inpainting.models.interface import Pixels
from inpainting.models.manifest import Manifest, Sizes
from inpainting.seams import level_seam

# A quarter of a microsecond for each hole pixel and pixel of its patch: one crop ends within some eight seconds.
_PATCH_VISITS_MAX = 30_000_000
_CROP_PIXELS_MIN = 256 * 256
# A hole nowhere wider than about twice this is continued better, and forty times faster, by navier-stokes.
_THIN_DISTANCE_MAX = 2.0
_THIN_RADIUS = 3


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
        thin, thick = split_by_thickness(hole)
        if thin is not None:
            unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
            smooth = opencv.inpaint(image, unknown, _THIN_RADIUS, cv2.INPAINT_NS)
            image = np.where(thin[..., np.newaxis] != 0, smooth, image)
        if thick is None:
            return image
        return self._synthesize(image, thick, foreign, parameters)

    def _synthesize(
        self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: PatchMatchParameters
    ) -> Pixels:
        with self._seeds.hold(parameters.seed):
            filled = patchmatch.inpaint(image, hole, global_mask=foreign, patch_size=parameters.patchSize)
        return level_seam(filled, hole, hole if foreign is None else cv2.bitwise_or(hole, foreign))


def split_by_thickness(hole: Pixels) -> tuple[Pixels | None, Pixels | None]:
    """The hole's thin and thick connected parts as masks, None for a kind that is not there."""
    # A border of "known" would make a hole at the image's edge look thin: extend it instead.
    framed = cv2.copyMakeBorder(hole, 4, 4, 4, 4, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[4:-4, 4:-4]
    if distance.max() <= _THIN_DISTANCE_MAX:
        return hole, None
    count, labels = cv2.connectedComponents(hole, connectivity=8)
    is_thick = np.zeros(count, np.uint8)
    is_thick[labels[distance > _THIN_DISTANCE_MAX]] = 1
    is_thick[0] = 0
    if is_thick[1:].all():
        return None, hole
    thick = is_thick[labels]
    return hole - thick, thick


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
