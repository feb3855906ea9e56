"""The model registry: which models there are, and whether each works here.

A model that needs weights joins by one more module and one line in `create_registry`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inpainting.errors import Code, RequestError
from inpainting.models.interface import Model
from inpainting.models.opencv import NAVIER_STOKES, TELEA
from inpainting.models.patchmatch import PatchMatch

DEFAULT_ALIAS = "default_inpainting"


class Registry:
    """The models by id, and the one that stands for `default_inpainting`."""

    def __init__(self, models: Iterable[Model], default: str) -> None:
        self.by_id = {model.id: model for model in models}
        if default not in self.by_id:
            raise ValueError(f"the default model '{default}' is not one of {', '.join(self.by_id)}")
        self.default = self.by_id[default]
        self._failed: set[str] = set()

    def mark_failed(self, model_id: str) -> None:
        """Takes a model that failed its self-check out of use."""
        self._failed.add(model_id)

    def is_ready(self, model_id: str) -> bool:
        """Whether the model has not failed its self-check."""
        return model_id not in self._failed

    def choose(self, name: str) -> Model:
        """The model of that id or alias; raises RequestError(model.unknown) naming those that exist."""
        model = self.default if name == DEFAULT_ALIAS else self.by_id.get(name)
        if model is None or model.id in self._failed:
            valid = [DEFAULT_ALIAS, *(id_ for id_ in self.by_id if id_ not in self._failed)]
            raise RequestError(
                Code.MODEL_UNKNOWN,
                f"There is no model '{name[:100]}'; choose one of {', '.join(valid)}.",
                models=valid,
            )
        return model

    def describe(self) -> dict[str, Any]:
        """The manifests, as `GET /v1/models` answers them."""
        return {
            "default": self.default.id,
            "models": [self._describe(model) for model in self.by_id.values()],
        }

    def _describe(self, model: Model) -> dict[str, Any]:
        return {
            "id": model.id,
            "version": model.version,
            "title": model.title,
            "licence": model.licence,
            "commercialUse": model.commercial_use,
            "runtime": model.runtime,
            "ready": self.is_ready(model.id),
            "description": model.description,
            "parameters": model.parameters.model_json_schema(),
        }


def create_registry(default: str) -> Registry:
    """Every model this installation can run."""
    return Registry((PatchMatch(), TELEA, NAVIER_STOKES), default)
