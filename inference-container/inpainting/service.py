"""The service behind the routes: its life, its health, and which requests get their turn."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, TypeVar

import cv2
from pydantic import BaseModel

from inpainting import __version__
from inpainting.course import Course, stopping_error
from inpainting.errors import Code, ItemError, RequestError
from inpainting.exchange import Emit
from inpainting.item_runner import ItemRunner
from inpainting.items import Job
from inpainting.metrics import Metrics
from inpainting.models import Model
from inpainting.models.registry import Registry
from inpainting.schemas import InpaintBody
from inpainting.settings import Settings
from inpainting.workshop import Workshop

log = logging.getLogger("inpainting")

# Items in hand per thread: one is worked on while others are fetched and stored.
_IN_HAND_PER_THREAD = 4

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
        self.queued_items = 0
        self._state = State.STARTING
        in_hand_max = settings.threads * _IN_HAND_PER_THREAD
        self._slots = asyncio.Semaphore(in_hand_max)
        self._lanes_max = in_hand_max
        self.workshop = Workshop(settings, connections=2 * in_hand_max)
        self._runner = ItemRunner(self.workshop, self.metrics)
        self._video_slots = asyncio.Semaphore(settings.threads)

    # Life

    async def set_up(self) -> None:
        """Lets each model inpaint a small picture; READY afterwards, or SETUP_FAILED with reasons."""
        cv2.setNumThreads(1)
        loop = asyncio.get_running_loop()
        # A thread of its own: weights may take minutes to come, while what is ready works.
        preparing = ThreadPoolExecutor(1, thread_name_prefix="setup")
        try:
            is_default_ready = await loop.run_in_executor(preparing, self.registry.set_up_default)
            await loop.run_in_executor(preparing, self.registry.set_up_built_in)
            self._state = State.READY if is_default_ready else State.SETUP_FAILED
            log.info("set up", extra={"fields": {"state": self._state, "reasons": self.registry.reasons}})
            await loop.run_in_executor(preparing, self.registry.set_up_others)
            log.info("models set up", extra={"fields": {"reasons": self.registry.reasons}})
        finally:
            preparing.shutdown(wait=False, cancel_futures=True)

    def begin_stop(self) -> None:
        """Starts nothing more; what is in hand has `stop_seconds_max` to end."""
        if self.workshop.is_stopping:
            return
        self.workshop.begin_stop()
        log.info("stopping", extra={"fields": {"queuedItems": self.queued_items}})
        asyncio.get_running_loop().call_later(self.settings.stop_seconds_max, self.workshop.cut_off)

    async def close(self) -> None:
        """Gives back connections; threads end with the kernel they are in."""
        await self.workshop.close()

    def describe_health(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of `GET /health`."""
        state, reasons = self._state, list(self.registry.reasons)
        if state is State.READY and self.queued_items >= self.settings.threads:
            state = State.BUSY
        if self.workshop.is_stopping:
            reasons.append("the service is stopping")
        is_serving = state in (State.READY, State.BUSY) and not self.workshop.is_stopping
        return (200 if is_serving else 503), {
            "status": state,
            "reasons": reasons,
            "version": __version__,
            "threads": self.settings.threads,
            "queuedItems": self.queued_items,
        }

    # Requests

    def admit(self, count: int) -> None:
        """Takes that many items into the queue, all or none; raises RequestError. A video's request is one item."""
        if self.workshop.is_stopping:
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

    async def run_items(self, body: InpaintBody, model: Model, parameters: BaseModel, emit: Emit) -> None:
        """Works on the items of an admitted request, emitting a line for each as it ends, and an end line.

        Cancelling this drops items that have not begun and abandons those in hand at their next step.
        Requests take turns: each has at most as many items waiting for a slot as there are slots.
        """
        job = Job(
            model=model,
            parameters=parameters,
            output_format=body.output.format,
            quality=body.output.quality,
            pixels_max=self.settings.picture_pixels_max,
        )
        waiting = deque(body.items)
        succeeded = 0
        unfinished = len(body.items)

        async def lane() -> None:
            nonlocal succeeded, unfinished
            while waiting:
                async with self._slots:
                    if not waiting:
                        return
                    line = await self._runner.run(waiting.popleft(), job, str(body.task_id))
                self.queued_items -= 1
                unfinished -= 1
                succeeded += line["status"] == "succeeded"
                await emit(line)

        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(min(self._lanes_max, len(body.items))):
                    lanes.create_task(lane())
        finally:
            self.queued_items -= unfinished
            if unfinished:
                log.info(
                    "request dropped",
                    extra={"fields": {"taskId": str(body.task_id), "unfinishedItems": unfinished}},
                )
        await emit(
            {
                "type": "end",
                "taskId": str(body.task_id),
                "model": {"id": model.manifest.id, "version": model.manifest.version},
                "succeeded": succeeded,
                "failed": len(body.items) - succeeded,
            }
        )

    async def run_video(self, course: Course, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Gives the work of an admitted video request its turn, and the queue its place back.

        `work` is not begun where the service stops first or no turn comes. Raises ItemError: service.stopping,
        service.busy, item.timeout, or what `work` raises. Cancelling this ends the course, whose time runs from the
        turn on.
        """
        try:
            await self._take_video_slot()
            try:
                if self.workshop.is_stopping:
                    raise stopping_error()
                course.begin()
                return await self.workshop.attend(course, work())
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
