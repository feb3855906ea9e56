"""The service behind the routes: admission, the pool, the life of items, health."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import cv2
from pydantic import BaseModel

from inpainting import __version__
from inpainting.errors import Code, ItemError, RequestError
from inpainting.items import Job, PixelBudget, Result, Timings, process_item
from inpainting.media import MediaClient
from inpainting.metrics import Metrics
from inpainting.models import Model
from inpainting.registry import Registry
from inpainting.schemas import InpaintBody, ItemBody
from inpainting.selfcheck import check_model
from inpainting.settings import Settings

log = logging.getLogger("inpainting")

ENERGY_METHOD = "cpu-time-estimate"
# Items in hand per thread: one is worked on while others are fetched and stored.
_IN_HAND_PER_THREAD = 4

Emit = Callable[[dict[str, Any]], Awaitable[None]]


class State(StrEnum):
    """STARTING -> READY or SETUP_FAILED. BUSY is READY with every thread at work."""

    STARTING = "STARTING"
    READY = "READY"
    BUSY = "BUSY"
    SETUP_FAILED = "SETUP_FAILED"


class Course:
    """How far an item may go: until its time is over, or somebody ends it.

    Kernels cannot be interrupted, so the course is asked between steps and between crops.
    """

    def __init__(self, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self._started: float | None = None
        self._ended = False

    def end(self) -> None:
        """Lets the work stop at its next step."""
        self._ended = True

    def check(self) -> None:
        """Raises ItemError where the work must not go on."""
        if self._ended:
            raise stopping_error()
        now = time.monotonic()
        if self._started is None:
            self._started = now
        elif now - self._started > self._seconds_max:
            raise ItemError(
                Code.ITEM_TIMEOUT,
                f"The picture took longer than {self._seconds_max:g} s. Scale it down, mask less, or choose a "
                "quicker model such as telea.",
            )


def stopping_error() -> ItemError:
    """What an item gets that the service could not end before it stops."""
    return ItemError(
        Code.SERVICE_STOPPING,
        "The service is stopping and did not end this item. Send it again.",
        retryable=True,
    )


class Service:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.registry = registry
        self.metrics = Metrics()
        self.queued_items = 0
        self._state = State.STARTING
        self._reasons: list[str] = []
        self._is_stopping = False
        self._in_hand: dict[asyncio.Task[Any], Course] = {}
        in_hand_max = settings.threads * _IN_HAND_PER_THREAD
        self._slots = asyncio.Semaphore(in_hand_max)
        self._lanes_max = in_hand_max
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="item")
        self._budget = PixelBudget(settings.picture_pixels_max)
        self._media = MediaClient(
            origins=settings.media_origins,
            media_bytes_max=settings.media_bytes_max,
            seconds_max=settings.transfer_seconds_max,
            connections=2 * in_hand_max,
        )

    # Life

    async def set_up(self) -> None:
        """Lets each model inpaint a small picture; READY afterwards, or SETUP_FAILED with reasons."""
        cv2.setNumThreads(1)
        loop = asyncio.get_running_loop()
        for model in self.registry.by_id.values():
            reason = await loop.run_in_executor(self._pool, check_model, model)
            if reason is not None:
                self.registry.mark_failed(model.id)
                self._reasons.append(f"{model.id}: {reason}")
        is_default_ready = self.registry.is_ready(self.registry.default.id)
        self._state = State.READY if is_default_ready else State.SETUP_FAILED
        log.info("set up", extra={"fields": {"state": self._state, "reasons": self._reasons}})

    def begin_stop(self) -> None:
        """Starts nothing more; what is in hand has `stop_seconds_max` to end."""
        if self._is_stopping:
            return
        self._is_stopping = True
        log.info("stopping", extra={"fields": {"queuedItems": self.queued_items}})
        asyncio.get_running_loop().call_later(self.settings.stop_seconds_max, self._cut_off)

    def _cut_off(self) -> None:
        for task, course in list(self._in_hand.items()):
            course.end()
            task.cancel()

    async def close(self) -> None:
        """Gives back connections; threads end with the kernel they are in."""
        self._cut_off()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._media.close()

    def describe_health(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of `GET /health`."""
        state, reasons = self._state, list(self._reasons)
        if state is State.READY and self.queued_items >= self.settings.threads:
            state = State.BUSY
        if self._is_stopping:
            reasons.append("the service is stopping")
        is_serving = state in (State.READY, State.BUSY) and not self._is_stopping
        return (200 if is_serving else 503), {
            "status": state,
            "reasons": reasons,
            "version": __version__,
            "threads": self.settings.threads,
            "queuedItems": self.queued_items,
        }

    # Requests

    def admit(self, body: InpaintBody) -> None:
        """Takes a request's items into the queue, all or none; raises RequestError."""
        count = len(body.items)
        if self._is_stopping:
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

    async def run(self, body: InpaintBody, model: Model, parameters: BaseModel, emit: Emit) -> None:
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
                    line = await self._run_item(waiting.popleft(), job, str(body.task_id))
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
                "model": {"id": model.id, "version": model.version},
                "succeeded": succeeded,
                "failed": len(body.items) - succeeded,
            }
        )

    # Items

    async def _run_item(self, item: ItemBody, job: Job, task_id: str) -> dict[str, Any]:
        """The item's line; whatever goes wrong with one item is in its line."""
        timings = Timings()
        course = Course(self.settings.item_seconds_max)
        task = asyncio.ensure_future(self._process(item, job, timings, course))
        self._in_hand[task] = course
        result: Result | None = None
        error: ItemError | None = None
        try:
            result = await task
        except ItemError as failure:
            error = failure
        except asyncio.CancelledError:
            course.end()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise
            error = stopping_error()
        except Exception:
            log.exception("item failed unexpectedly", extra={"fields": {"taskId": task_id, "itemId": item.id}})
            error = ItemError(Code.SERVICE_FAILED, "The service failed on this item. Send it again.", retryable=True)
        finally:
            del self._in_hand[task]
        joules = result.cpu_seconds * self.settings.watts_per_core if result else 0.0
        status = "succeeded" if result else "failed"
        code = error.code if error else None
        self.metrics.count_item(status, code, timings.milliseconds, joules)
        rounded = {stage: round(value, 1) for stage, value in timings.milliseconds.items()}
        log.info(
            "item ended",
            extra={
                "fields": {
                    "taskId": task_id,
                    "itemId": item.id,
                    "status": status,
                    "code": code,
                    "timings": rounded,
                }
            },
        )
        if result is None:
            assert error is not None  # noqa: S101 - one of the two is always there
            return {
                "type": "item",
                "id": item.id,
                "status": "failed",
                "error": {"code": error.code, "message": error.message, "retryable": error.retryable},
            }
        return {
            "type": "item",
            "id": item.id,
            "status": "succeeded",
            "model": job.model.id,
            "width": result.width,
            "height": result.height,
            "sizeBytes": len(result.data),
            "sha256": result.sha256,
            "contentType": result.content_type,
            "holeShare": round(result.hole_share, 6),
            "advice": result.advice,
            "timings": rounded,
            "energy": {"joules": round(joules, 3), "method": ENERGY_METHOD},
        }

    async def _process(self, item: ItemBody, job: Job, timings: Timings, course: Course) -> Result:
        if self._is_stopping:
            raise stopping_error()
        with timings.measure("fetchMs"):
            picture_data, mask_data = await self._fetch_both(item)
        if self._is_stopping:
            raise stopping_error()
        result = await asyncio.get_running_loop().run_in_executor(
            self._pool,
            lambda: process_item(
                picture_data, mask_data, job, budget=self._budget, timings=timings, check=course.check
            ),
        )
        with timings.measure("storeMs"):
            await self._media.store(item.result_url, result.data, content_type=result.content_type)
        return result

    async def _fetch_both(self, item: ItemBody) -> tuple[bytes, bytes]:
        mask = asyncio.ensure_future(self._media.fetch(item.mask_url, name="The mask", field="maskUrl"))
        try:
            picture_data = await self._media.fetch(item.image_url, name="The picture", field="imageUrl")
            return picture_data, await mask
        finally:
            mask.cancel()
            await asyncio.gather(mask, return_exceptions=True)
