"""The two classic methods in OpenCV: quick, good for thin damage, smooth inside larger holes."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from inpainting.models.interface import Pixels
from inpainting.models.manifest import Manifest, Sizes

# The kernels visit radius^2 neighbours for each hole pixel: this keeps one call near ten seconds at worst.
_HOLE_VISITS_MAX = 200_000_000


class RadiusParameters(BaseModel):
    """How far around a hole pixel the known pixels count, in pixels."""

    model_config = ConfigDict(extra="forbid", title="Parameters")

    radius: int = Field(
        default=3, ge=1, le=20, description="How far around a pixel its known neighbours count, in pixels."
    )


class OpenCvModel:
    """`cv2.inpaint` with one of its two methods."""

    parameters = RadiusParameters

    def __init__(self, *, id_: str, method: int, title: str, description: str) -> None:
        self.manifest = Manifest(
            id=id_,
            version=cv2.__version__,
            title=title,
            description=description,
            licence="Apache-2.0",
            commercial_use=True,
            runtime="opencv",
            sizes=Sizes(crop_pixels_max=self.crop_pixels_max(RadiusParameters())),
        )
        self._method = method

    def crop_pixels_max(self, parameters: RadiusParameters) -> int:
        """Bounded by the radius: its square is the work for one pixel."""
        return _HOLE_VISITS_MAX // max(9, parameters.radius**2)

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: RadiusParameters) -> Pixels:
        """Continues the surrounding colours; foreign holes are filled along, as the kernel knows one mask."""
        unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
        return inpaint(image, unknown, parameters.radius, self._method)


def inpaint(image: Pixels, hole: Pixels, radius: int, method: int) -> Pixels:
    """`cv2.inpaint` on an image with a border: without one navier-stokes overshoots along the image's edge."""
    framed = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    framed_hole = cv2.copyMakeBorder(hole, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    filled = cv2.inpaint(framed, framed_hole, radius, method)
    return np.ascontiguousarray(filled[1:-1, 1:-1])


TELEA = OpenCvModel(
    id_="telea",
    method=cv2.INPAINT_TELEA,
    title="Telea (fast marching)",
    description=(
        "Continues the surrounding colours into the hole along its distance (A. Telea, An Image Inpainting "
        "Technique Based on the Fast Marching Method, 2004). Milliseconds; for scratches, dust and thin text. "
        "Larger holes come out smooth."
    ),
)

NAVIER_STOKES = OpenCvModel(
    id_="navier-stokes",
    method=cv2.INPAINT_NS,
    title="Navier-Stokes",
    description=(
        "Continues lines of equal brightness into the hole (Bertalmio, Bertozzi, Sapiro, Navier-Stokes, Fluid "
        "Dynamics, and Image and Video Inpainting, 2001). Milliseconds; the best of the quick ones for very "
        "thin holes. Larger holes come out smooth."
    ),
)
