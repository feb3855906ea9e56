"""The service's processes: who sets models up, who works on items, and on which device."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
from collections.abc import Awaitable, Callable

from inpainting.metrics import Metrics
from inpainting.models.learned import NoParameters
from inpainting.models.registry import Entry, Registry, Report
from inpainting.processes.child import Child, Spawner
from inpainting.processes.item_pool import ItemPool
from inpainting.processes.item_worker import run_item_worker
from inpainting.processes.pixel_budget import PixelBudget
from inpainting.settings import Settings

log = logging.getLogger("inpainting")

CPU = "cpu"


class Staff:
    """Processes for items: one per core, and one per GPU once a model runs on one."""

    def __init__(self, settings: Settings, registry: Registry, metrics: Metrics, spawner: Spawner) -> None:
        self._settings = settings
        self._registry = registry
        self._metrics = metrics
        self._spawner = spawner
        self._budget = PixelBudget(settings.picture_pixels_max)
        self._cores = self._create_pool("processor", settings.threads, 1, self._start_on_core)
        self._gpus: ItemPool | None = None

    @property
    def pools(self) -> list[ItemPool]:
        return [self._cores] if self._gpus is None else [self._cores, self._gpus]

    @property
    def places(self) -> int:
        """How many items can be worked on at a time."""
        return sum(pool.count * pool.places for pool in self.pools)

    def begin(self) -> None:
        """Starts what needs no model."""
        self._cores.begin()

    def choose(self, model: str) -> ItemPool:
        """The processes for a model that is ready."""
        runs_on_gpu = self._registry.entry(model).manifest.device != CPU
        return self._gpus if runs_on_gpu and self._gpus is not None else self._cores

    async def set_up(self, ids: list[str]) -> None:
        """Sets models up in a process that touches no user's files, and tells the registry what came of it."""
        child: Child | None = None
        try:
            for id_ in ids:
                child = child or await self._start_on_core(0)
                report = await _ask_for_report(child, id_)
                if report is None:
                    death = await child.close()
                    child = None
                    report = _describe_crash(
                        self._registry.entry(id_), f"it ended the process it was loaded in, {death}"
                    )
                self._adopt(id_, report)
        finally:
            if child is not None:
                child.kill()
                await child.close()

    def _adopt(self, id_: str, report: Report) -> None:
        self._metrics.count_load(id_, report.seconds, is_loaded=report.reason is None)
        self._registry.entry(id_).adopt(report)
        if report.reason is not None:
            return
        if report.manifest.device != CPU and self._gpus is None:
            self._gpus = self._create_pool("gpu", self._settings.gpus, self._settings.gpu_items_max, self._start_on_gpu)
            self._gpus.begin()
        # The others are loaded where they are first asked for: each process holds what it has loaded.
        if report.manifest.device != CPU or id_ == self._registry.default_id:
            self.choose(id_).load(id_)

    async def close(self) -> None:
        """Ends all processes, whatever they do."""
        await asyncio.gather(*(pool.close() for pool in self.pools))

    def _create_pool(self, name: str, count: int, places: int, start: Callable[[int], Awaitable[Child]]) -> ItemPool:
        return ItemPool(
            name=name,
            count=count,
            places=places,
            start=start,
            budget=self._budget,
            seconds_max=self._settings.item_seconds_max,
            metrics=self._metrics,
        )

    async def _start_on_core(self, _: int) -> Child:
        settings = self._settings
        return await self._spawner.start(run_item_worker, settings, 1, settings.item_bytes_bound, "")

    async def _start_on_gpu(self, index: int) -> Child:
        """Without a bound on memory: a driver takes as much address space for its own as a GPU has memory."""
        settings = self._settings
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        gpu = visible[index] if len(visible) > index and visible[index] else str(index)
        return await self._spawner.start(run_item_worker, settings, settings.gpu_items_max, None, gpu)


async def _ask_for_report(child: Child, id_: str) -> Report | None:
    """What came of setting a model up; None where its process has ended."""
    child.send({"do": "setUp", "model": id_})
    while (received := await child.receive()) is not None:
        message, blobs = received
        if message.get("setUp") == id_:
            report: Report = pickle.loads(blobs[0])  # noqa: S301 - from a process that has read nothing of a user's
            return report
        if "fault" in message:
            log.error("process failed", extra={"fields": {"exception": message["fault"]}})
    return None


def _describe_crash(entry: Entry, reason: str) -> Report:
    return Report(manifest=entry.manifest, parameters=NoParameters, reason=reason, milliseconds=None, seconds=0.0)
