"""The life of one item: fetched, worked on in the pool, stored, and told in a line."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from inpainting.course import Course, stopping_error
from inpainting.errors import Code, ItemError
from inpainting.items import Job, PixelBudget, Result, Timings, process_item
from inpainting.metrics import Metrics
from inpainting.schemas import ItemBody
from inpainting.workshop import Workshop

log = logging.getLogger("inpainting")


class ItemRunner:
    """Works on items, any number at a time."""

    def __init__(self, workshop: Workshop, metrics: Metrics) -> None:
        self._workshop = workshop
        self._settings = workshop.settings
        self._metrics = metrics
        self._budget = PixelBudget(workshop.settings.picture_pixels_max)

    async def run(self, item: ItemBody, job: Job, task_id: str) -> dict[str, Any]:
        """The item's line; whatever goes wrong with one item is in its line."""
        timings = Timings()
        course = Course(
            self._settings.item_seconds_max,
            advice="Scale the picture down, mask less, or choose a quicker model such as telea.",
        )
        ending: Result | ItemError
        try:
            ending = await self._workshop.attend(course, self._process(item, job, timings, course))
        except ItemError as failure:
            ending = failure
        except Exception:
            log.exception("item failed unexpectedly", extra={"fields": {"taskId": task_id, "itemId": item.id}})
            ending = ItemError(Code.SERVICE_FAILED, "The service failed on this item. Send it again.", retryable=True)
        return self._tell(item, job, task_id, timings, ending)

    def _tell(
        self, item: ItemBody, job: Job, task_id: str, timings: Timings, ending: Result | ItemError
    ) -> dict[str, Any]:
        """Counts and logs how the item ended; answers its line."""
        rounded = {stage: round(value, 1) for stage, value in timings.milliseconds.items()}
        if isinstance(ending, ItemError):
            energy, code = self._workshop.describe_energy(0), ending.code
            line = _describe_failure(item, ending)
        else:
            energy, code = self._workshop.describe_energy(ending.cpu_seconds), None
            line = _describe_result(item, job, ending, rounded, energy)
        self._metrics.count_item(line["status"], code, timings.milliseconds, energy["joules"])
        fields = {"taskId": task_id, "itemId": item.id, "status": line["status"], "code": code, "timings": rounded}
        log.info("item ended", extra={"fields": fields})
        return line

    async def _process(self, item: ItemBody, job: Job, timings: Timings, course: Course) -> Result:
        if self._workshop.is_stopping:
            raise stopping_error()
        with timings.measure("fetchMs"):
            picture_data, mask_data = await self._fetch_both(item)
        if self._workshop.is_stopping:
            raise stopping_error()
        result = await asyncio.get_running_loop().run_in_executor(
            self._workshop.pool,
            lambda: process_item(
                picture_data, mask_data, job, budget=self._budget, timings=timings, check=course.check
            ),
        )
        with timings.measure("storeMs"):
            await self._workshop.media.store(item.result_url, result.data, content_type=result.content_type)
        return result

    async def _fetch_both(self, item: ItemBody) -> tuple[bytes, bytes]:
        mask = asyncio.ensure_future(self._workshop.media.fetch(item.mask_url, name="The mask", field="maskUrl"))
        try:
            picture_data = await self._workshop.media.fetch(item.image_url, name="The picture", field="imageUrl")
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
    item: ItemBody, job: Job, result: Result, timings: dict[str, float], energy: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "item",
        "id": item.id,
        "status": "succeeded",
        "model": job.model.manifest.id,
        "width": result.width,
        "height": result.height,
        "sizeBytes": len(result.data),
        "sha256": result.sha256,
        "crc32": result.crc32,
        "contentType": result.content_type,
        "holeShare": round(result.hole_share, 6),
        "advice": result.advice,
        "timings": timings,
        "energy": energy,
    }
