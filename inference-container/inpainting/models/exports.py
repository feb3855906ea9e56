"""The public exports of learned models, by the hash of their files, and what is known of their licences."""

from __future__ import annotations

from dataclasses import dataclass

from inpainting.models.contract import BYTE, SIGNED, UNIT, Layout, Reading, Signature
from inpainting.models.manifest import Sizes

ONNX = "onnxruntime"
TORCHSCRIPT = "torchscript"

# Licences under which weights may be used in a product that is sold. Any other is taken to forbid it.
COMMERCIAL_LICENCES = frozenset(
    {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC0-1.0", "CC-BY-4.0", "MPL-2.0", "Unlicense"}
)

FIXED_512 = Sizes(rule="fixed 512", padding="symmetric to 512x512", side_min=512, side_max=512)
# Wide enough to see structure, small enough that one crop takes memory like two of 512 a side.
MULTIPLE_OF_8 = Sizes(
    rule="multiple of 8", padding="symmetric to multiples of 8", side_min=256, crop_pixels_max=768 * 768
)
# It scales the surroundings of the hole to 512 a side itself, and what it scales up again is smooth.
ANY_AROUND_512 = Sizes(rule="any", padding="none", side_min=512, side_max=512)


@dataclass(frozen=True, kw_only=True)
class Export:
    """What is known of a file of weights.

    `sha256` is None where only `md5` was published, and both are None for a family's other files. `signature` is
    told for files that do not tell it themselves. `is_composited` is None where it is not known.
    """

    title: str
    version: str
    runtime: str
    reading: Reading
    sizes: Sizes
    is_composited: bool | None = None
    licence: str | None = None
    sha256: str | None = None
    md5: str | None = None
    signature: Signature | None = None


_LAMA_ABOUT = (
    "Understands what is around a hole and continues structure and texture (Suvorov et al., Resolution-robust Large "
    "Mask Inpainting with Fourier Convolutions, 2021). Seconds on a processor, milliseconds on a GPU; for objects "
    "and large holes."
)
_MIGAN_ABOUT = (
    "Invents what fits around a hole with a small network (Sargsyan et al., MI-GAN: A Simple Baseline for Image "
    "Inpainting on Mobile Devices, 2023). A fraction of LaMa's time; for objects and large holes."
)

_LAMA_READING = Reading(UNIT, True, BYTE)
_LAMA_TORCH = Signature(
    layout=Layout.SEPARATE,
    names=("image", "mask"),
    dtype="float32",
    mask_dtype="float32",
    output_name="output",
    output_dtype="float32",
    batch=1,
)
_MIGAN_TORCH = Signature(
    layout=Layout.JOINED,
    names=("input",),
    dtype="float32",
    mask_dtype="float32",
    output_name="output",
    output_dtype="float32",
    batch=1,
    height=512,
    width=512,
)


@dataclass(frozen=True, kw_only=True)
class Family:
    """A learned model: its known files, and what to try first with one that is not known, by runtime."""

    id: str
    title: str
    description: str
    setting: str
    exports: tuple[Export, ...]
    others: dict[str, Export]

    def find(self, *, sha256: str, md5: str, runtime: str) -> Export:
        """The export with that hash, else what is tried with any file."""
        for export in self.exports:
            if sha256 == export.sha256 or (export.md5 is not None and md5 == export.md5):
                return export
        return self.others[runtime]


LAMA = Family(
    id="lama",
    title="LaMa",
    description=_LAMA_ABOUT,
    setting="INFERENCE_LAMA",
    exports=(
        Export(
            title="LaMa (ONNX, 512)",
            version="big-lama-fp32",
            runtime=ONNX,
            reading=_LAMA_READING,
            sizes=FIXED_512,
            is_composited=True,
            licence="Apache-2.0",
            sha256="1faef5301d78db7dda502fe59966957ec4b79dd64e16f03ed96913c7a4eb68d6",
        ),
        Export(
            title="LaMa (OpenCV zoo, 512)",
            version="2025jan",
            runtime=ONNX,
            reading=_LAMA_READING,
            sizes=FIXED_512,
            licence="Apache-2.0",
            sha256="7df918ac3921d3daf0aae1d219776cf0dc4e4935f035af81841b40adcf74fdf2",
        ),
        Export(
            title="LaMa (TorchScript)",
            version="big-lama",
            runtime=TORCHSCRIPT,
            reading=Reading(UNIT, True, UNIT),
            sizes=MULTIPLE_OF_8,
            is_composited=True,
            licence="Apache-2.0",
            md5="e3aa4aaa15225a33ec84f9f4bc47e500",
            signature=_LAMA_TORCH,
        ),
    ),
    others={
        ONNX: Export(title="LaMa (ONNX)", version="unknown", runtime=ONNX, reading=_LAMA_READING, sizes=MULTIPLE_OF_8),
        TORCHSCRIPT: Export(
            title="LaMa (TorchScript)",
            version="unknown",
            runtime=TORCHSCRIPT,
            reading=Reading(UNIT, True, UNIT),
            sizes=MULTIPLE_OF_8,
            signature=_LAMA_TORCH,
        ),
    },
)

MIGAN = Family(
    id="migan",
    title="MI-GAN",
    description=_MIGAN_ABOUT,
    setting="INFERENCE_MIGAN",
    exports=(
        Export(
            title="MI-GAN (ONNX pipeline)",
            version="pipeline-v2",
            runtime=ONNX,
            reading=Reading(BYTE, False, BYTE),
            sizes=ANY_AROUND_512,
            is_composited=True,
            licence="MIT",
            sha256="6f1f3530a1a2324b19752018ce756088b07973cda8d7d890034ace5c8a48c40b",
        ),
        Export(
            title="MI-GAN (TorchScript, 512)",
            version="traced",
            runtime=TORCHSCRIPT,
            reading=Reading(SIGNED, True, SIGNED),
            sizes=FIXED_512,
            is_composited=False,
            licence="MIT",
            md5="76eb3b1a71c400ee3290524f7a11b89c",
            signature=_MIGAN_TORCH,
        ),
    ),
    others={
        ONNX: Export(
            title="MI-GAN (ONNX)",
            version="unknown",
            runtime=ONNX,
            reading=Reading(BYTE, False, BYTE),
            sizes=ANY_AROUND_512,
        ),
        TORCHSCRIPT: Export(
            title="MI-GAN (TorchScript)",
            version="unknown",
            runtime=TORCHSCRIPT,
            reading=Reading(SIGNED, True, SIGNED),
            sizes=FIXED_512,
            signature=_MIGAN_TORCH,
        ),
    },
)

FAMILIES = (LAMA, MIGAN)
