"""The model registry: which models there are, and whether each works here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inpainting.errors import Code, RequestError
from inpainting.models.contract import SetupError
from inpainting.models.exports import FAMILIES, Family
from inpainting.models.interface import Described, Model
from inpainting.models.learned import NoParameters, describe_unloaded, load_learned
from inpainting.models.manifest import DEFAULT_ALIAS, Manifest, Status
from inpainting.models.opencv import NAVIER_STOKES, TELEA
from inpainting.models.patchmatch import PatchMatch
from inpainting.models.selfcheck import PROBE_PICTURE, check_model, measure_speed
from inpainting.settings import Settings

log = logging.getLogger("inpainting")


@dataclass(frozen=True, kw_only=True)
class Report:
    """How setting a model up went: what another process has to know of it. `seconds` is what it took."""

    manifest: Manifest
    parameters: type[BaseModel]
    reason: str | None
    milliseconds: float | None
    seconds: float


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
        self.model: Described | None = None
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

    def load(self) -> Model:
        """The model alone, which has been set up before; raises SetupError."""
        assert self._load is not None  # noqa: S101 - what is not configured is not loaded
        return self._load()

    def report(self) -> Report:
        """Sets the model up; what came of it. Blocks."""
        started = time.monotonic()
        self.set_up()
        return Report(
            manifest=self.manifest,
            parameters=NoParameters if self.model is None else self.model.parameters,
            reason=self.reason,
            milliseconds=self.milliseconds,
            seconds=time.monotonic() - started,
        )

    def adopt(self, report: Report) -> None:
        """Takes over what came of setting the model up elsewhere."""
        self.manifest, self.reason, self.milliseconds = report.manifest, report.reason, report.milliseconds
        self.model = report if report.reason is None else None
        self.status = Status.READY if report.reason is None else Status.FAILED

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

    @property
    def is_default_ready(self) -> bool:
        return self._default.status is Status.READY

    def has(self, id_: str) -> bool:
        """Whether there is such a model, configured or not."""
        return id_ in self._by_id

    def entry(self, id_: str) -> Entry:
        """The place of the model with that id; raises KeyError."""
        return self._by_id[id_]

    @property
    def startable_ids(self) -> list[str]:
        """The models that are configured and not set up yet, the default in front."""
        starting = [id_ for id_, entry in self._by_id.items() if entry.status is Status.STARTING]
        return sorted(starting, key=lambda id_: id_ != self.default_id)

    @property
    def first_ids(self) -> list[str]:
        """Those to set up before anything else: the default, and what needs no weights."""
        is_first = {id_: id_ == self.default_id or not entry.needs_weights for id_, entry in self._by_id.items()}
        return [id_ for id_ in self.startable_ids if is_first[id_]]

    @property
    def later_ids(self) -> list[str]:
        """The others: their weights may take minutes to come."""
        return [id_ for id_ in self.startable_ids if id_ not in self.first_ids]

    def choose(self, name: str) -> Described:
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


# What needs no weights.
BUILT_IN: list[Model] = [PatchMatch(), TELEA, NAVIER_STOKES]


def create_registry(settings: Settings) -> Registry:
    """Every model this installation can run. Learned models come first where their weights are named."""
    learned = [_create_learned(family, settings) for family in FAMILIES]
    built_in = [Entry(model.manifest, _always(model)) for model in BUILT_IN]
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
