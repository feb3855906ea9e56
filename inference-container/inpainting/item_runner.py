"""The life of one item: fetched, worked on in the pool, stored, and told in a line."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from inpainting.course import Course, stopping_error
from inpainting.errors import Code, ItemError
from inpainting.items import Job, PixelBudget, Result, Timings, process_item
from inpainting.media import MediaClient
from inpainting.metrics import Metrics
from inpainting.schemas import ItemBody
from inpainting.settings import Settings

log = logging.getLogger("inpainting")

ENERGY_METHOD = "cpu-time-estimate"


class ItemRunner:
    """Works on items, any number at a time; the pool has a thread for each that is decoded, filled and encoded."""

    def __init__(self, settings: Settings, metrics: Metrics, *, connections: int) -> None:
        self._settings = settings
        self._metrics = metrics
        self._is_stopping = False
        self._in_hand: dict[asyncio.Task[Any], Course] = {}
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="item")
        self._budget = PixelBudget(settings.picture_pixels_max)
        self._media = MediaClient(
            origins=settings.media_origins,
            media_bytes_max=settings.media_bytes_max,
            seconds_max=settings.transfer_seconds_max,
            connections=connections,
        )

    @property
    def pool(self) -> ThreadPoolExecutor:
        """Where the work is done, for work of others that must not disturb it."""
        return self._pool

    def begin_stop(self) -> None:
        """Begins no step of any item any more; steps in hand go on."""
        self._is_stopping = True

    def cut_off(self) -> None:
        """Ends what is in hand at its next step."""
        for task, course in list(self._in_hand.items()):
            course.end()
            task.cancel()

    async def close(self) -> None:
        """Gives back connections; threads end with the kernel they are in."""
        self.cut_off()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._media.close()

    async def run(self, item: ItemBody, job: Job, task_id: str) -> dict[str, Any]:
        """The item's line; whatever goes wrong with one item is in its line."""
        timings = Timings()
        course = Course(self._settings.item_seconds_max)
        task = asyncio.ensure_future(self._process(item, job, timings, course))
        self._in_hand[task] = course
        ending: Result | ItemError
        try:
            ending = await task
        except ItemError as failure:
            ending = failure
        except asyncio.CancelledError:
            course.end()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise
            ending = stopping_error()
        except Exception:
            log.exception("item failed unexpectedly", extra={"fields": {"taskId": task_id, "itemId": item.id}})
            ending = ItemError(Code.SERVICE_FAILED, "The service failed on this item. Send it again.", retryable=True)
        finally:
            del self._in_hand[task]
        return self._tell(item, job, task_id, timings, ending)

    def _tell(
        self, item: ItemBody, job: Job, task_id: str, timings: Timings, ending: Result | ItemError
    ) -> dict[str, Any]:
        """Counts and logs how the item ended; answers its line."""
        rounded = {stage: round(value, 1) for stage, value in timings.milliseconds.items()}
        if isinstance(ending, ItemError):
            joules, code = 0.0, ending.code
            line = _describe_failure(item, ending)
        else:
            joules, code = ending.cpu_seconds * self._settings.watts_per_core, None
            line = _describe_result(item, job, ending, rounded, joules)
        self._metrics.count_item(line["status"], code, timings.milliseconds, joules)
        fields = {"taskId": task_id, "itemId": item.id, "status": line["status"], "code": code, "timings": rounded}
        log.info("item ended", extra={"fields": fields})
        return line

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


def _describe_failure(item: ItemBody, error: ItemError) -> dict[str, Any]:
    return {
        "type": "item",
        "id": item.id,
        "status": "failed",
        "error": {"code": error.code, "message": error.message, "retryable": error.retryable},
    }


def _describe_result(
    item: ItemBody, job: Job, result: Result, timings: dict[str, float], joules: float
) -> dict[str, Any]:
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
        "timings": timings,
        "energy": {"joules": round(joules, 3), "method": ENERGY_METHOD},
    }
