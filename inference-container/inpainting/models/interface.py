"""What a model is, and how its parameters are read."""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt
from pydantic import BaseModel, ValidationError

from inpainting.errors import Code, RequestError
from inpainting.models.manifest import Manifest

Pixels = npt.NDArray[Any]


class Described(Protocol):
    """What is known of a model wherever it is loaded."""

    @property
    def manifest(self) -> Manifest:
        """What there is to say about the model; its sizes are those of its default parameters."""
        ...

    @property
    def parameters(self) -> type[BaseModel]:
        """What a request may set; unknown names are refused."""
        ...


class Model(Described, Protocol):
    """Fills holes in 8-bit BGR crops. Called from several threads at once."""

    def crop_pixels_max(self, parameters: Any) -> int:
        """How large a crop may be before it is worked on at a smaller scale."""
        ...

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: Any) -> Pixels:
        """An image of the same size with every pixel filled where `hole` is not 0.

        `image` is height x width x 3, BGR, no larger than the manifest's sizes and `crop_pixels_max`. `hole` and
        `foreign` are height x width: 0 or not. Pixels where `foreign` is not 0 belong to other holes: they are
        neither filled nor looked at. What is returned outside the hole is ignored. At least one pixel is known.
        """
        ...


class BatchModel(Model, Protocol):
    """A model that fills several crops at once, which is what a GPU is quick at."""

    def fill_many(self, images: Pixels, holes: Pixels, parameters: Any) -> Pixels:
        """`fill` for n images of one size (n x height x width x 3) and what is unknown in them (n x height x width).

        `holes` are 0 or not. Any n will do: more than the kernel takes at once are as many runs.
        """
        ...


def read_parameters(model: Described, values: dict[str, Any]) -> BaseModel:
    """The model's parameters; raises RequestError(model.parameters_invalid) naming those that are valid."""
    try:
        return model.parameters.model_validate(values, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "parameters"
        valid = model.parameters.model_json_schema()["properties"]
        ranges = ", ".join(f"{key} ({_describe_range(schema)})" for key, schema in valid.items()) or "none"
        raise RequestError(
            Code.MODEL_PARAMETERS_INVALID,
            f"{model.manifest.id} cannot use {name} = {str(first.get('input'))[:100]!r}: {first['msg']}. "
            f"Its parameters are: {ranges}.",
            parameters=valid,
        ) from error


def _describe_range(schema: dict[str, Any]) -> str:
    return f"{schema['type']} {schema['minimum']} to {schema['maximum']}, {schema['default']} if left out"
