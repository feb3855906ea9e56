"""The model registry: which models there are, and whether each works here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from inpainting.errors import Code, RequestError
from inpainting.models.contract import SetupError
from inpainting.models.exports import FAMILIES, Family
from inpainting.models.interface import Model
from inpainting.models.learned import NoParameters, describe_unloaded, load_learned
from inpainting.models.manifest import DEFAULT_ALIAS, Manifest, Status
from inpainting.models.opencv import NAVIER_STOKES, TELEA
from inpainting.models.patchmatch import PatchMatch
from inpainting.models.selfcheck import PROBE_PICTURE, check_model, measure_speed
from inpainting.settings import Settings

log = logging.getLogger("inpainting")


class Entry:
    """A model's place in the registry. `load` is None where its weights were not named."""

    def __init__(
        self,
        manifest: Manifest,
        load: Callable[[], Model] | None,
        *,
        needs_weights: bool = False,
        reason: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.needs_weights = needs_weights
        self.status = Status.NOT_CONFIGURED if load is None else Status.STARTING
        self.reason = reason
        self.model: Model | None = None
        self.milliseconds: float | None = None
        self._load = load

    def set_up(self) -> None:
        """Loads the model, lets it inpaint a small picture, and measures it; READY or FAILED with a reason after."""
        assert self._load is not None  # noqa: S101 - what is not configured is not set up
        try:
            model = self._load()
            self.manifest = model.manifest
            self.reason = check_model(model)
            if self.reason is None:
                self.milliseconds = measure_speed(model)
                self.model = model
        except SetupError as error:
            self.reason = str(error)
        except Exception as error:
            log.exception("model failed unexpectedly", extra={"fields": {"model": self.manifest.id}})
            self.reason = f"it could not be set up ({type(error).__name__}: {error})"
        self.status = Status.READY if self.reason is None else Status.FAILED

    def describe(self, *, is_default: bool) -> dict[str, Any]:
        """The entry of `GET /v1/models`."""
        parameters = NoParameters if self.model is None else self.model.parameters
        speed = None
        if self.milliseconds is not None:
            speed = {
                "milliseconds": round(self.milliseconds, 1),
                "picture": PROBE_PICTURE,
                "device": self.manifest.device,
            }
        return {
            **self.manifest.describe(),
            "status": self.status,
            "ready": self.status is Status.READY,
            "reason": self.reason,
            "aliases": [DEFAULT_ALIAS] if is_default else [],
            "parameters": parameters.model_json_schema(),
            "speed": speed,
        }


class Registry:
    """The models by id, and the one that stands for `default_inpainting`; raises ValueError where there is none."""

    def __init__(self, entries: Iterable[Entry], default: str) -> None:
        self._by_id = {entry.manifest.id: entry for entry in entries}
        found = self._by_id.get(default)
        if found is None or found.status is Status.NOT_CONFIGURED:
            configured = [id_ for id_, entry in self._by_id.items() if entry.status is not Status.NOT_CONFIGURED]
            advice = "" if found is None else f", and {found.reason}"
            raise ValueError(f"the default model '{default}' is not one of {', '.join(configured)}{advice}")
        self._default = found

    @property
    def default_id(self) -> str:
        return self._default.manifest.id

    @property
    def reasons(self) -> list[str]:
        """Why models that were asked for cannot be used, by id."""
        failed = ((id_, entry) for id_, entry in self._by_id.items() if entry.status is Status.FAILED)
        return [f"{id_}: {entry.reason}" for id_, entry in failed]

    def set_up_default(self) -> bool:
        """Sets up the model that is used where none is named; answers whether it is ready. Blocks."""
        self._set_up(self._default)
        return self._default.status is Status.READY

    def set_up_built_in(self) -> None:
        """Sets up the models that need no weights. Blocks for less than a second or two."""
        for entry in self._by_id.values():
            if not entry.needs_weights:
                self._set_up(entry)

    def set_up_others(self) -> None:
        """Sets up what is configured beside them, one after the other. Blocks for as long as downloads take."""
        for entry in self._by_id.values():
            self._set_up(entry)

    def _set_up(self, entry: Entry) -> None:
        if entry.status is Status.STARTING:
            entry.set_up()

    def choose(self, name: str) -> Model:
        """The model of that id or alias.

        Raises RequestError: service.not_ready while it is being set up, or where it is the default and cannot be
        used; else model.unknown naming those that are ready.
        """
        entry = self._default if name == DEFAULT_ALIAS else self._by_id.get(name)
        if entry is not None and entry.model is not None:
            return entry.model
        if entry is not None and (entry.status is Status.STARTING or entry is self._default):
            is_starting = entry.status is Status.STARTING
            raise RequestError(
                Code.SERVICE_NOT_READY,
                f"{entry.manifest.id} is being set up. Send the request again."
                if is_starting
                else "The service could not be set up; GET /health says why.",
                retry_after_seconds=2 if is_starting else 60,
            )
        valid = [DEFAULT_ALIAS, *(id_ for id_, each in self._by_id.items() if each.status is Status.READY)]
        why = f"There is no model '{name[:100]}'" if entry is None else f"{name} cannot be used: {entry.reason}"
        raise RequestError(Code.MODEL_UNKNOWN, f"{why.rstrip('.')}; choose one of {', '.join(valid)}.", models=valid)

    def describe(self) -> dict[str, Any]:
        """The manifests, as `GET /v1/models` answers them."""
        return {
            "default": self.default_id,
            "models": [entry.describe(is_default=entry is self._default) for entry in self._by_id.values()],
        }


def create_registry(settings: Settings) -> Registry:
    """Every model this installation can run. Learned models come first where their weights are named."""
    learned = [_create_learned(family, settings) for family in FAMILIES]
    built_in = [Entry(model.manifest, _always(model)) for model in (PatchMatch(), TELEA, NAVIER_STOKES)]
    configured = [entry for entry in learned if entry.status is not Status.NOT_CONFIGURED]
    default = settings.default_model or [*configured, *built_in][0].manifest.id
    return Registry([*built_in, *learned], default)


def _always(model: Model) -> Callable[[], Model]:
    return lambda: model


def _create_learned(family: Family, settings: Settings) -> Entry:
    weights = settings.weights.get(family.id)
    manifest = describe_unloaded(family, weights)
    if weights is None:
        return Entry(
            manifest,
            None,
            needs_weights=True,
            reason=f"{family.id} needs {family.setting}_WEIGHTS, the path or URL of its weights",
        )

    def load() -> Model:
        return load_learned(
            family,
            weights,
            folder=Path(settings.weights_folder),
            bytes_max=settings.weights_bytes_max,
            device=settings.device,
            allows_noncommercial=settings.allows_noncommercial,
        )

    return Entry(manifest, load, needs_weights=True)
