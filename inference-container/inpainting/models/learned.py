"""A learned model: a kernel of fixed or free size behind the interface that every model has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from inpainting.models.contract import (
    BYTE,
    Array,
    Layout,
    Levels,
    Reading,
    Runner,
    SetupError,
    Signature,
    decode,
    encode,
)
from inpainting.models.exports import COMMERCIAL_LICENCES, MULTIPLE_OF_8, Export, Family
from inpainting.models.interface import Pixels
from inpainting.models.manifest import ArrayContract, Manifest, Sizes
from inpainting.models.probe import find_reading
from inpainting.models.runners import find_runtime, load_runner
from inpainting.models.weights import Weights, get_weights, hide_query
from inpainting.seams import level_seam
from inpainting.settings import WeightsSettings

# Images in one run of a kernel that takes any number: more than this gains little and costs memory.
_BATCH_MAX = 16
_PROBE_SIDE = 256
_STEP = 8


class NoParameters(BaseModel):
    """A learned model has nothing to be told."""

    model_config = ConfigDict(extra="forbid", title="Parameters")


class LearnedModel:
    """A kernel with its reading. Crops are padded to the size that it takes by mirroring picture and hole."""

    parameters = NoParameters

    def __init__(self, manifest: Manifest, runner: Runner, reading: Reading) -> None:
        self.manifest = manifest
        self._runner = runner
        self._reading = reading

    def crop_pixels_max(self, _: NoParameters) -> int:
        """The manifest's bound, or the square of the largest side."""
        sizes = self.manifest.sizes
        return sizes.crop_pixels_max or (sizes.side_max or 2**15) ** 2

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: NoParameters) -> Pixels:
        """Foreign holes are holes to the kernel, which knows one mask."""
        unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
        filled: Pixels = self.fill_many(image[np.newaxis], unknown[np.newaxis], parameters)[0]
        return filled

    def fill_many(self, images: Pixels, holes: Pixels, _: NoParameters) -> Pixels:
        """The same for n images of one size at once (n x height x width x 3) with their holes (n x height x width)."""
        holes = np.minimum(holes, 1)
        filled = self._fill_padded(images, holes)
        if self.manifest.is_composited:
            return filled
        # What a kernel makes up all over may differ in tone from what is kept.
        together = np.where(holes[..., np.newaxis] != 0, filled, images)
        return np.stack([level_seam(each, hole, hole) for each, hole in zip(together, holes, strict=True)])

    def _fill_padded(self, images: Array, holes: Array) -> Array:
        height, width = holes.shape[1:]
        down, across = self._measure_padding(height, width)
        if down or across:
            margins = ((0, 0), (0, down), (0, across))
            images = np.pad(images, (*margins, (0, 0)), mode="symmetric")
            holes = np.pad(holes, margins, mode="symmetric")
        step = self._runner.signature.batch or _BATCH_MAX
        filled = [self._run(images[i : i + step], holes[i : i + step]) for i in range(0, len(images), step)]
        return np.concatenate(filled)[:, :height, :width]

    def _run(self, images: Array, holes: Array) -> Array:
        signature = self._runner.signature
        count = len(images)
        if signature.batch is not None and count < signature.batch:
            images = np.resize(images, (signature.batch, *images.shape[1:]))
            holes = np.resize(holes, (signature.batch, *holes.shape[1:]))
        output = self._runner.run(encode(images, holes, signature, self._reading))
        if output.shape[2:] != holes.shape[1:]:
            raise RuntimeError(f"it answered {output.shape[2:]} for a picture of {holes.shape[1:]}")
        return decode(output[:count], self._reading.output)

    def _measure_padding(self, height: int, width: int) -> tuple[int, int]:
        signature = self._runner.signature
        if signature.height is not None and signature.width is not None:
            return signature.height - height, signature.width - width
        step = _STEP if self.manifest.sizes.rule == MULTIPLE_OF_8.rule else 1
        return -height % step, -width % step


def describe_unloaded(family: Family, settings: WeightsSettings | None) -> Manifest:
    """What there is to say about a learned model that is not loaded, or not yet."""
    export = next(iter(family.exports))
    return Manifest(
        id=family.id,
        version="not loaded",
        title=family.title,
        description=family.description,
        licence=(settings and settings.licence) or export.licence or "unknown",
        commercial_use=False,
        runtime=export.runtime,
        source=None if settings is None else hide_query(settings.location),
        sha256=None if settings is None else settings.sha256,
        inputs=(),
        is_learned=True,
        sizes=export.sizes,
    )


def load_learned(
    family: Family,
    settings: WeightsSettings,
    *,
    folder: Path,
    bytes_max: int,
    device: str,
    allows_noncommercial: bool,
) -> LearnedModel:
    """The model with the weights that were named, probed; raises SetupError with what to do.

    Blocks for as long as a download takes.
    """
    runtime = find_runtime(hide_query(settings.location))
    weights = get_weights(settings.location, settings.sha256, folder=folder, bytes_max=bytes_max)
    export = family.find(sha256=weights.sha256, md5=weights.md5, runtime=runtime)
    licence = _ensure_allowed(family, export, settings, allows_noncommercial)
    runner = load_runner(weights.path, export, device=device)
    return adapt(family, export, runner, weights, licence)


def adapt(family: Family, export: Export, runner: Runner, weights: Weights, licence: str) -> LearnedModel:
    """The model around a loaded kernel; raises SetupError where the probe finds no way to use it."""
    sizes = _find_sizes(export, runner.signature)
    finding = find_reading(
        runner,
        export.reading,
        side=max(_PROBE_SIDE, sizes.side_max or 0),
        is_known=weights.sha256 == export.sha256 or (export.md5 is not None and weights.md5 == export.md5),
        is_composited=export.is_composited,
    )
    manifest = Manifest(
        id=family.id,
        version=export.version if export.version != "unknown" else weights.sha256[:12],
        title=export.title,
        description=family.description,
        licence=licence,
        commercial_use=licence in COMMERCIAL_LICENCES,
        runtime=export.runtime,
        device=runner.device,
        source=weights.source,
        sha256=weights.sha256,
        inputs=_describe_inputs(runner.signature, finding.reading),
        output=_describe_output(runner.signature, finding.reading.output),
        is_composited=finding.is_composited,
        is_learned=True,
        sizes=sizes,
    )
    return LearnedModel(manifest, runner, finding.reading)


def _ensure_allowed(family: Family, export: Export, settings: WeightsSettings, allows_noncommercial: bool) -> str:
    """The licence of weights that may be used here."""
    licence = export.licence or settings.licence
    if licence is None:
        raise SetupError(
            f"its weights are no export that is known, so that their licence is not known either: set "
            f"{family.setting}_LICENCE to its name, such as Apache-2.0 or CC-BY-NC-4.0."
        )
    if licence not in COMMERCIAL_LICENCES and not allows_noncommercial:
        raise SetupError(
            f"its weights are under {licence}, which is not known to allow commercial use (those that are: "
            f"{', '.join(sorted(COMMERCIAL_LICENCES))}). Where your use is not commercial, set "
            "INFERENCE_ALLOW_NONCOMMERCIAL=1."
        )
    return licence


def _find_sizes(export: Export, signature: Signature) -> Sizes:
    """The file's own fixed size where it has one, else the export's rule."""
    if signature.height is None or signature.width is None:
        return MULTIPLE_OF_8 if export.sizes.rule.startswith("fixed") else export.sizes
    side = min(signature.height, signature.width)
    size = f"{signature.width}x{signature.height}"
    return replace(
        export.sizes,
        rule=f"fixed {side}" if signature.height == signature.width else f"fixed {size}",
        padding=f"symmetric to {size}",
        side_min=side,
        side_max=side,
        crop_pixels_max=side * side,
    )


def _describe_inputs(signature: Signature, reading: Reading) -> tuple[ArrayContract, ...]:
    def shape(channels: int) -> tuple[int | str, ...]:
        return signature.batch or "n", channels, signature.height or "height", signature.width or "width"

    ends = ("hole", "keep") if reading.is_hole_high else ("keep", "hole")
    if signature.layout is Layout.JOINED:
        levels = f"first channel 0.5 - mask, 1 = {ends[0]}; then RGB {reading.image}, 0 in the hole"
        return (ArrayContract(name=signature.names[0], dtype=signature.dtype, shape=shape(4), levels=levels),)
    high = "255" if signature.mask_dtype == "uint8" else "1"
    image = BYTE if signature.dtype == "uint8" else reading.image
    return (
        ArrayContract(name=signature.names[0], dtype=signature.dtype, shape=shape(3), levels=f"RGB {image}"),
        ArrayContract(
            name=signature.names[1],
            dtype=signature.mask_dtype,
            shape=shape(1),
            levels=f"{high} = {ends[0]}, 0 = {ends[1]}",
        ),
    )


def _describe_output(signature: Signature, levels: Levels) -> ArrayContract:
    shape = (signature.batch or "n", 3, signature.height or "height", signature.width or "width")
    return ArrayContract(name=signature.output_name, dtype=signature.output_dtype, shape=shape, levels=f"RGB {levels}")
