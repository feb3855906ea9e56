"""A model's manifest: what `GET /v1/models` says about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT_ALIAS = "default_inpainting"


class Status(StrEnum):
    """STARTING -> READY or FAILED. NOT_CONFIGURED is a model whose weights were not named."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    NOT_CONFIGURED = "notConfigured"


@dataclass(frozen=True, kw_only=True)
class ArrayContract:
    """One array of a kernel. `levels` are the values of black and white, of known and hole."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    levels: str

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "levels": self.levels}


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Which sizes a kernel takes, and what is done so that any crop fits.

    Pixels a side, or of a crop; None is no bound. `side_min` is the least context that a crop is given where
    the picture has it: a kernel of a fixed size costs the same with it.
    """

    rule: str = "any"
    padding: str = "none"
    side_min: int = 0
    side_max: int | None = None
    crop_pixels_max: int | None = None

    def describe(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "padding": self.padding,
            "sideMin": self.side_min,
            "sideMax": self.side_max,
            "cropPixelsMax": self.crop_pixels_max,
        }


_PICTURE = ("height", "width", 3)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a model is, before anybody has run it.

    `source` is a path or URL without its query, and None where the model is a package's. `inputs` and `output` are
    the kernel's arrays: requests send encoded pictures, whatever the model.
    """

    id: str
    version: str
    title: str
    description: str
    licence: str
    commercial_use: bool
    runtime: str
    device: str = "cpu"
    source: str | None = None
    sha256: str | None = None
    inputs: tuple[ArrayContract, ...] = (
        ArrayContract(name="image", dtype="uint8", shape=_PICTURE, levels="BGR 0 to 255"),
        ArrayContract(name="mask", dtype="uint8", shape=_PICTURE[:2], levels="0 known, 1 hole"),
    )
    output: ArrayContract = ArrayContract(name="image", dtype="uint8", shape=_PICTURE, levels="BGR 0 to 255")
    is_composited: bool = True
    is_learned: bool = False
    sizes: Sizes = Sizes()

    def describe(self) -> dict[str, Any]:
        """The manifest's part of the model's entry, as JSON has it."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "description": self.description,
            "licence": self.licence,
            "commercialUse": self.commercial_use,
            "runtime": self.runtime,
            "device": self.device,
            "source": self.source,
            "sha256": self.sha256,
            "inputs": [array.describe() for array in self.inputs],
            "learned": self.is_learned,
            "output": {**self.output.describe(), "composited": self.is_composited},
            "sizes": self.sizes.describe(),
        }
