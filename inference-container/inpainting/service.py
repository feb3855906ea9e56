"""The service behind the routes: its life, its health, and which requests get their turn."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

from inpainting import __version__
from inpainting.course import Attendance, Course, stopping_error
from inpainting.energy import EnergyMeter
from inpainting.errors import Code, ItemError, RequestError
from inpainting.exchange import Emit
from inpainting.item_runner import ItemRunner
from inpainting.logs import current_task
from inpainting.media import MediaClient
from inpainting.metrics import Metrics
from inpainting.models.interface import Described
from inpainting.models.registry import Registry
from inpainting.processes.child import Spawner
from inpainting.processes.item_pool import Order
from inpainting.processes.staff import CPU, Staff
from inpainting.schemas import InpaintBody
from inpainting.sequences.sequence_runner import SequenceRunner
from inpainting.settings import Settings
from inpainting.temporal import is_near_enough
from inpainting.videos.video_runner import VideoRunner

log = logging.getLogger("inpainting")

# Items in hand for each that is worked on: the next are fetched, and the last are stored, meanwhile.
_IN_HAND_PER_PLACE = 4

T = TypeVar("T")


class State(StrEnum):
    """STARTING -> READY or SETUP_FAILED. BUSY is READY with every thread at work."""

    STARTING = "STARTING"
    READY = "READY"
    BUSY = "BUSY"
    SETUP_FAILED = "SETUP_FAILED"


class Service:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry
        self.metrics = Metrics()
        self.energy = EnergyMeter(settings.watts_per_core)
        self.queued_items = 0
        self._state = State.STARTING
        self._failure: str | None = None
        self._attendance = Attendance()
        self._spawner = Spawner()
        self._staff = Staff(settings, registry, self.metrics, self._spawner)
        self._lanes_max = _IN_HAND_PER_PLACE * settings.threads
        self._slots = asyncio.Semaphore(self._lanes_max)
        self._media = MediaClient(
            origins=settings.media_origins,
            media_bytes_max=settings.media_bytes_max,
            seconds_max=settings.transfer_seconds_max,
            connections=2 * _IN_HAND_PER_PLACE * (settings.threads + settings.gpus * settings.gpu_items_max),
        )
        self._runner = ItemRunner(
            attendance=self._attendance,
            media=self._media,
            choose_pool=self._staff.choose,
            energy=self.energy,
            metrics=self.metrics,
        )
        self._sequences = SequenceRunner(
            attendance=self._attendance,
            spawner=self._spawner,
            settings=settings,
            items=self._runner,
            metrics=self.metrics,
        )
        self.videos = VideoRunner(self._spawner, settings, self.metrics)
        self._video_slots = asyncio.Semaphore(settings.threads)

    # Life

    async def set_up(self) -> None:
        """Lets each model inpaint a small picture; READY afterwards, or SETUP_FAILED with reasons."""
        self._staff.begin()
        try:
            await self._staff.set_up(self.registry.first_ids)
        except Exception as error:
            log.exception("could not be set up")
            self._failure = f"no process could be started to set models up in ({error})"
        self._state = State.READY if self.registry.is_default_ready else State.SETUP_FAILED
        self._widen()
        log.info("set up", extra={"fields": {"state": self._state, "reasons": self.registry.reasons}})
        # Their weights may take minutes to come, while what is ready works.
        await self._staff.set_up(self.registry.later_ids)
        self._widen()
        # What is there now stays, and need not be looked through for garbage.
        gc.collect()
        gc.freeze()
        log.info("models set up", extra={"fields": {"reasons": self.registry.reasons}})

    def _widen(self) -> None:
        """Takes more items in hand where a GPU has places for them."""
        wanted = _IN_HAND_PER_PLACE * self.settings.threads + 2 * (self._staff.places - self.settings.threads)
        for _ in range(wanted - self._lanes_max):
            self._slots.release()
        self._lanes_max = wanted

    @property
    def is_stopping(self) -> bool:
        return self._attendance.is_stopping

    def begin_stop(self) -> None:
        """Starts nothing more; what is in hand has `stop_seconds_max` to end."""
        if self.is_stopping:
            return
        self._attendance.begin_stop()
        self.videos.begin_stop()
        self._sequences.begin_stop()
        log.info("stopping", extra={"fields": {"queuedItems": self.queued_items}})
        asyncio.get_running_loop().call_later(self.settings.stop_seconds_max, self._attendance.cut_off)

    async def close(self) -> None:
        """Ends all processes, whatever they do, and gives back connections."""
        self._attendance.cut_off()
        await self._staff.close()
        self._spawner.close()
        await self._media.close()

    def describe_health(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of `GET /health`."""
        state, reasons = self._state, list(self.registry.reasons)
        reasons += [] if self._failure is None else [self._failure]
        if state is State.READY and self.queued_items >= self.settings.threads:
            state = State.BUSY
        pools = self._staff.pools
        reasons += [reason for pool in pools for reason in pool.failures.values()]
        is_staffed = all(pool.alive for pool in pools)
        if not is_staffed and state is not State.STARTING:
            reasons.append("no process is alive to work on items")
        if self.is_stopping:
            reasons.append("the service is stopping")
        is_serving = state in (State.READY, State.BUSY) and is_staffed and not self.is_stopping
        return (200 if is_serving else 503), {
            "status": state,
            "reasons": reasons,
            "version": __version__,
            "threads": self.settings.threads,
            "queuedItems": self.queued_items,
            "processes": {
                "alive": sum(pool.alive for pool in pools),
                "wanted": sum(pool.count for pool in pools),
                "replaced": sum(pool.replaced for pool in pools),
            },
        }

    def render_metrics(self) -> str:
        """What `GET /metrics` answers."""
        pools = self._staff.pools
        return self.metrics.render(
            [
                ("inpainting_queued_items", "Items accepted and not ended.", self.queued_items),
                ("inpainting_items_in_hand", "Items that a process works on.", sum(pool.in_hand for pool in pools)),
                ("inpainting_sequences_in_hand", "Sequences that a process works on.", self._sequences.in_hand),
                ("inpainting_videos_in_hand", "Videos that a process works on.", self.videos.in_hand),
                ("inpainting_threads", "Items and videos that are worked on at a time.", self.settings.threads),
                ("inpainting_processes_alive", "Processes for items.", sum(pool.alive for pool in pools)),
            ]
        )

    # Requests

    def admit(self, count: int) -> None:
        """Takes that many items into the queue, all or none; raises RequestError. A video's request is one item."""
        if self.is_stopping:
            raise RequestError(
                Code.SERVICE_STOPPING,
                "The service is stopping. Send the request again.",
                retry_after_seconds=5,
            )
        if self._state is State.STARTING:
            raise RequestError(
                Code.SERVICE_NOT_READY,
                "The service is starting. Send the request again.",
                retry_after_seconds=2,
            )
        if self._state is State.SETUP_FAILED:
            raise RequestError(
                Code.SERVICE_NOT_READY,
                "The service could not be set up; GET /health says why.",
                retry_after_seconds=60,
            )
        limit = self.settings.queue_items_max
        if count > limit:
            raise RequestError(
                Code.REQUEST_INVALID,
                f"The field items has {count} items; this service takes {limit} at a time. Send fewer.",
                field="items",
            )
        if self.queued_items + count > limit:
            raise RequestError(
                Code.SERVICE_BUSY,
                f"{self.queued_items} items are queued and {count} more would pass the limit of {limit}. "
                "Send the request again later.",
                retry_after_seconds=max(1, self.queued_items // (4 * self.settings.threads)),
            )
        self.queued_items += count

    async def run_items(self, body: InpaintBody, model: Described, parameters: BaseModel, emit: Emit) -> None:
        """Works on the items of an admitted request, emitting a line for each as it ends, and an end line.

        Cancelling this drops items that have not begun and abandons those in hand at their next step.
        Requests take turns: each has at most as many items waiting for a slot as there are slots.
        """
        current_task.set(str(body.task_id))
        order = Order(
            model=model.manifest.id,
            parameters=parameters.model_dump(mode="json"),
            output_format=body.output.format,
            quality=body.output.quality,
        )
        waiting = deque(body.items)
        succeeded = 0
        unfinished = len(body.items)

        async def end(line: dict[str, Any]) -> None:
            nonlocal succeeded, unfinished
            self.queued_items -= 1
            unfinished -= 1
            succeeded += line["status"] == "succeeded"
            await emit(line)

        async def lane() -> None:
            while waiting:
                async with self._slots:
                    if not waiting:
                        return
                    line = await self._runner.run(waiting.popleft(), order)
                if body.sequence is not None and line["status"] == "succeeded":
                    line["isTemporal"] = False
                await end(line)

        try:
            if body.sequence is not None and is_near_enough(body.sequence.spacing_seconds):
                is_on_gpu = model.manifest.device != CPU
                waiting = deque(await self._sequences.run(body, order, is_on_gpu=is_on_gpu, end=end))
            async with asyncio.TaskGroup() as lanes:
                for _ in range(min(self._lanes_max, len(waiting))):
                    lanes.create_task(lane())
        finally:
            self.queued_items -= unfinished
            if unfinished:
                log.info("request dropped", extra={"fields": {"unfinishedItems": unfinished}})
        await emit(
            {
                "type": "end",
                "taskId": str(body.task_id),
                "model": {"id": model.manifest.id, "version": model.manifest.version},
                "succeeded": succeeded,
                "failed": len(body.items) - succeeded,
            }
        )

    def count_energy(self, cpu_seconds: float) -> dict[str, Any]:
        """The `energy` of a line, counted."""
        energy = self.energy.describe(cpu_seconds)
        self.metrics.count_energy(energy["joules"], energy["method"])
        return energy

    async def run_video(self, kind: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Gives the work of an admitted video request its turn, and the queue its place back.

        `work` is not begun where the service stops first or no turn comes. Raises ItemError: service.stopping,
        service.busy, item.timeout, or what `work` raises. Its time runs from the turn on.
        """
        course = Course(self.videos.seconds_max(kind), advice="Make the video shorter, or its picture smaller.")
        try:
            await self._take_video_slot()
            try:
                if self.is_stopping:
                    raise stopping_error()
                course.begin()
                return await self._attendance.attend(course, work())
            finally:
                self._video_slots.release()
        finally:
            self.queued_items -= 1

    async def _take_video_slot(self) -> None:
        seconds_max = self.settings.turn_seconds_max
        try:
            async with asyncio.timeout(seconds_max):
                await self._video_slots.acquire()
        except TimeoutError:
            raise ItemError(
                Code.SERVICE_BUSY,
                f"{self.settings.threads} videos are worked on at a time, and none ended within {seconds_max} s. Send "
                "the request again later.",
                retryable=True,
            ) from None
