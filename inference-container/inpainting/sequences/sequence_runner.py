"""Sequences, each in a process of its own: items are told as they end, and what is left is filled one by one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from inpainting.course import Attendance, Course
from inpainting.errors import ItemError
from inpainting.item_runner import ItemRunner
from inpainting.metrics import Metrics
from inpainting.processes.child import Child, Spawner
from inpainting.processes.item_pool import Answer, Order
from inpainting.processes.pixel_budget import PixelBudget
from inpainting.schemas import InpaintBody, ItemBody
from inpainting.sequences.sequence_worker import run_sequence_worker
from inpainting.settings import Settings

log = logging.getLogger("inpainting")

# A process ends what takes too long by itself; one that gives no sign for longer is stuck.
_GRACE_SECONDS = 2.0

End = Callable[[dict[str, Any]], Awaitable[None]]


class SequenceRunner:
    """Runs sequences: as many at a time as there are threads and memory."""

    def __init__(
        self,
        *,
        attendance: Attendance,
        spawner: Spawner,
        settings: Settings,
        items: ItemRunner,
        metrics: Metrics,
    ) -> None:
        self.in_hand = 0
        self._attendance = attendance
        self._spawner = spawner
        self._settings = settings
        self._items = items
        self._metrics = metrics
        self._slots = asyncio.Semaphore(settings.threads)
        # Their own: a sequence holds what it takes for minutes, which no single picture should wait for.
        self._budget = PixelBudget(settings.picture_pixels_max)
        self._children: set[Child] = set()

    def begin_stop(self) -> None:
        """Asks all to begin no frame any more."""
        for child in self._children:
            child.send({"do": "stop"})

    async def run(self, body: InpaintBody, order: Order, *, is_on_gpu: bool, end: End) -> list[ItemBody]:
        """Gives `end` the line of each item that ended; answers those that are to be filled one by one.

        Where the process ends or is stuck these are all that were left. Cancelling this ends the process at once.
        """
        left = {item.index or 0: item for item in body.items}
        async with self._slots:
            if self._attendance.is_stopping:
                return body.items
            self.in_hand += 1
            try:
                # A driver takes as much address space for its own as a GPU has memory.
                bytes_max = None if is_on_gpu else self._settings.item_bytes_bound
                work = self._attend(body, order, bytes_max, left, end)
                await self._attendance.attend(Course(float("inf"), advice=""), work)
            except ItemError as error:
                log.info("sequence cut off", extra={"fields": {"reason": error.message}})
            finally:
                self.in_hand -= 1
        return list(left.values())

    async def _attend(
        self, body: InpaintBody, order: Order, bytes_max: int | None, left: dict[int, ItemBody], end: End
    ) -> None:
        child = await self._spawner.start(run_sequence_worker, self._settings, body, order, bytes_max)
        self._children.add(child)
        if self._attendance.is_stopping:
            child.send({"do": "stop"})
        taken: list[int] = []
        last: dict[str, Any] | None = None
        try:
            while last is None and (message := await self._receive(child)) is not None:
                if "index" in message:
                    item = left.pop(message["index"])
                    line = self._items.tell(item, order, message["timings"], _read_ending(message))
                    await end({**line, **({"isTemporal": True} if "result" in message else {})})
                elif "ask" in message:
                    await self._grant(child, taken, message["ask"])
                elif "sign" not in message:
                    last = message
        finally:
            self._children.discard(child)
            child.kill()
            for pixels in taken:
                self._budget.give_back(pixels)
            death = await child.close()
        if last is None:
            self._metrics.count_replaced("sequence", str(death))
            log.warning("sequence process died", extra={"fields": {"why": str(death), "leftItems": len(left)}})
        elif not last.get("done"):
            reason = last.get("reason") or last.get("fault")
            log.warning("sequence given up", extra={"fields": {"reason": reason, "leftItems": len(left)}})

    async def _receive(self, child: Child) -> dict[str, Any] | None:
        """The next message; None once the process has ended or is stuck."""
        try:
            async with asyncio.timeout(self._settings.item_seconds_max + _GRACE_SECONDS):
                received = await child.receive()
        except TimeoutError:
            return None
        return None if received is None else received[0]

    async def _grant(self, child: Child, taken: list[int], pixels: int) -> None:
        """Lets the process take memory once there is room for all that it needs."""
        while taken:
            self._budget.give_back(taken.pop())
        taken.append(await self._budget.take(pixels))
        child.send({"do": "go"})


def _read_ending(message: dict[str, Any]) -> Answer:
    is_failed = "error" in message
    return Answer(
        told=message["error"] if is_failed else message["result"],
        data=None if is_failed else bytearray(),
        milliseconds=message["timings"],
        cpu_seconds=message["cpuSeconds"],
    )
