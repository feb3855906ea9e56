"""What a kernel's arrays mean, and the way between pictures and them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class SetupError(Exception):
    """A model cannot be used here. The message says why, and what to do, to the person who runs the service."""


class Levels(NamedTuple):
    """The values that stand for black and for white."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:g} to {self.white:g}"


UNIT = Levels(0, 1)
BYTE = Levels(0, 255)
SIGNED = Levels(-1, 1)


class Layout(StrEnum):
    """Whether picture and mask are two arrays, or one whose first channel is the mask."""

    SEPARATE = "separate"
    JOINED = "joined"


class Reading(NamedTuple):
    """One way to understand a kernel: the levels of its picture, which end of its mask is the hole, what it answers."""

    image: Levels
    is_hole_high: bool
    output: Levels

    def __str__(self) -> str:
        mask = "high = hole" if self.is_hole_high else "high = keep"
        return f"picture {self.image}, mask {mask}, output {self.output}"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A kernel's arrays as its file tells them. None stands for any size."""

    layout: Layout
    names: tuple[str, ...]
    dtype: str
    mask_dtype: str
    output_name: str
    output_dtype: str
    batch: int | None = None
    height: int | None = None
    width: int | None = None


class Runner(Protocol):
    """A loaded kernel. Called from several threads at once; raises RuntimeError where it fails."""

    @property
    def signature(self) -> Signature: ...

    @property
    def device(self) -> str:
        """cpu or cuda: where it really runs."""
        ...

    def run(self, arrays: Sequence[Array]) -> Array:
        """The output for inputs in the signature's order."""
        ...


def encode(images: Array, holes: Array, signature: Signature, reading: Reading) -> list[Array]:
    """Arrays for a kernel from images (n x height x width x 3, BGR, uint8) and holes (n x height x width, 0 or 1).

    What is in a hole is blanked, so that nothing of it can come back.
    """
    known = 1 - holes[:, np.newaxis]
    high = holes[:, np.newaxis] if reading.is_hole_high else known
    rgb = np.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2))
    if signature.dtype == "uint8":
        picture: Array = rgb * known
    else:
        low, span = reading.image.black, reading.image.white - reading.image.black
        picture = ((rgb * np.float32(span / 255) + np.float32(low)) * known).astype(signature.dtype)
    if signature.layout is Layout.JOINED:
        return [np.concatenate([(0.5 - high).astype(signature.dtype), picture], axis=1)]
    mask = (high * np.uint8(255)) if signature.mask_dtype == "uint8" else high.astype(signature.mask_dtype)
    return [picture, mask]


def decode(output: Array, levels: Levels) -> Array:
    """Images (n x height x width x 3, BGR, uint8) from a kernel's output (n x 3 x height x width).

    Raises ValueError where values are no numbers.
    """
    values = output.transpose(0, 2, 3, 1)[..., ::-1]
    if values.dtype == np.uint8 and levels == BYTE:
        return np.ascontiguousarray(values)
    scaled = (values.astype(np.float32) - np.float32(levels.black)) * np.float32(255 / (levels.white - levels.black))
    if not np.isfinite(scaled).all():
        raise ValueError("the output has values that are no numbers")
    return np.ascontiguousarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))
