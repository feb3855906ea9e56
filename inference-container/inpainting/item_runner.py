"""The life of one item: fetched, worked on by a process, stored, and told in a line."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from inpainting.course import Attendance, Course, stopping_error
from inpainting.energy import EnergyMeter
from inpainting.errors import Code, ItemError
from inpainting.items import Timings
from inpainting.media import MediaClient
from inpainting.metrics import Metrics
from inpainting.processes.item_pool import Answer, ItemPool, Order
from inpainting.schemas import ItemBody

log = logging.getLogger("inpainting")


class ItemRunner:
    """Works on items, any number at a time."""

    def __init__(
        self,
        *,
        attendance: Attendance,
        media: MediaClient,
        choose_pool: Callable[[str], ItemPool],
        energy: EnergyMeter,
        metrics: Metrics,
    ) -> None:
        self._attendance = attendance
        self._media = media
        self._choose_pool = choose_pool
        self._energy = energy
        self._metrics = metrics

    async def run(self, item: ItemBody, order: Order) -> dict[str, Any]:
        """The item's line; whatever goes wrong with one item is in its line."""
        timings = Timings()
        # Its time on a process is the pool's to bound, and that of transfers the store's; this course can only be cut.
        course = Course(float("inf"), advice="")
        ending: Answer | ItemError
        try:
            ending = await self._attendance.attend(course, self._process(item, order, timings))
        except ItemError as failure:
            ending = failure
        except Exception:
            log.exception("item failed unexpectedly", extra={"fields": {"itemId": item.id}})
            ending = ItemError(Code.SERVICE_FAILED, "The service failed on this item. Send it again.", retryable=True)
        return self.tell(item, order, timings.milliseconds, ending)

    def tell(
        self, item: ItemBody, order: Order, milliseconds: dict[str, float], ending: Answer | ItemError
    ) -> dict[str, Any]:
        """Counts and logs how the item ended; answers its line."""
        waited = {"waitMs": milliseconds.pop("waitMs", 0.0)}
        rounded = {stage: round(value, 1) for stage, value in milliseconds.items()}
        code: Code | None = None
        if isinstance(ending, ItemError):
            code = ending.code
            line = _describe_failure(item, ending)
        elif ending.data is None:
            code = Code(ending.told["code"])
            line = {"type": "item", "id": item.id, "status": "failed", "error": ending.told}
        else:
            line = _describe_result(item, order, ending, rounded)
        if isinstance(ending, Answer):
            energy = self._energy.describe(ending.cpu_seconds)
            self._metrics.count_energy(energy["joules"], energy["method"])
            if ending.data is not None:
                line["energy"] = energy
        self._metrics.count_item(line["status"], code, {**milliseconds, **waited})
        fields = {"itemId": item.id, "model": order.model, "status": line["status"], "code": code, "timings": rounded}
        log.info("item ended", extra={"fields": fields})
        return line

    async def _process(self, item: ItemBody, order: Order, timings: Timings) -> Answer:
        if self._attendance.is_stopping:
            raise stopping_error()
        with timings.measure("fetchMs"):
            picture, mask = await self._fetch_both(item)
        if self._attendance.is_stopping:
            raise stopping_error()
        started = time.perf_counter()
        answer = await self._choose_pool(order.model).run(order, picture, mask)
        timings.milliseconds.update(answer.milliseconds)
        # What is left of the time is for the way there and back, and for the turn.
        waited = (time.perf_counter() - started) * 1000 - sum(answer.milliseconds.values())
        timings.milliseconds["waitMs"] = max(0.0, waited)
        del picture, mask
        if answer.data is not None:
            with timings.measure("storeMs"):
                await self._media.store(item.result_url, answer.data, content_type=answer.told["contentType"])
        return answer

    async def _fetch_both(self, item: ItemBody) -> tuple[bytearray, bytearray]:
        mask = asyncio.ensure_future(self._media.fetch(item.mask_url, name="The mask", field="maskUrl"))
        try:
            picture = await self._media.fetch(item.image_url, name="The picture", field="imageUrl")
            return picture, await mask
        finally:
            mask.cancel()
            await asyncio.gather(mask, return_exceptions=True)


def _describe_failure(item: ItemBody, error: ItemError) -> dict[str, Any]:
    return {
        "type": "item",
        "id": item.id,
        "status": "failed",
        "error": error.describe(),
    }


def _describe_result(item: ItemBody, order: Order, answer: Answer, timings: dict[str, float]) -> dict[str, Any]:
    told = answer.told
    return {
        "type": "item",
        "id": item.id,
        "status": "succeeded",
        "model": order.model,
        "width": told["width"],
        "height": told["height"],
        "sizeBytes": told["sizeBytes"],
        "sha256": told["sha256"],
        "crc32": told["crc32"],
        "contentType": told["contentType"],
        "holeShare": round(told["holeShare"], 6),
        "advice": told["advice"],
        "timings": timings,
    }
