"""Items on processes: each item is tried until it ends, and ends alone if it is what kills its process."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from inpainting.course import stopping_error
from inpainting.errors import Code, ItemError
from inpainting.metrics import Metrics
from inpainting.processes.channel import Blob, Message
from inpainting.processes.child import Child, Death
from inpainting.processes.item_worker import TIMEOUT_ADVICE
from inpainting.processes.pixel_budget import PixelBudget

log = logging.getLogger("inpainting")

# A process asks its clock between crops; one that is this late does not ask any more.
_GRACE_SECONDS = 0.5
# An item that nobody waits for may go on for this long, if a process would have to be replaced to end it.
_ABANDONED_SECONDS = 1.0
_PAUSES_SECONDS = (0.0, 0.1, 1.0, 5.0, 15.0)
_SOUND_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to do with an item's bytes. `parameters` are the model's, as JSON."""

    model: str
    parameters: dict[str, Any]
    output_format: str
    quality: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a process answered. `told` is the result's description or, where `data` is None, the error's."""

    told: dict[str, Any]
    data: Blob | None
    milliseconds: dict[str, float]
    cpu_seconds: float


class _DiedError(Exception):
    def __init__(self, death: Death, *, was_alone: bool, is_overdue: bool) -> None:
        super().__init__(str(death))
        self.death = death
        self.was_alone = was_alone
        self.is_overdue = is_overdue


@dataclass(eq=False)
class _Hand:
    """An item that is in a process's hands."""

    number: int
    answer: asyncio.Future[Answer]
    pixels: int = 0
    timer: asyncio.TimerHandle | None = None
    granting: asyncio.Task[None] | None = None
    is_overdue: bool = False


@dataclass(eq=False)
class _Worker:
    child: Child
    hands: dict[int, _Hand] = field(default_factory=dict)
    is_reserved: bool = False
    is_gone: bool = False
    why_killed: str | None = None

    def kill(self, why: str) -> None:
        """Ends what cannot be asked to end."""
        self.why_killed = why
        self.child.kill()


@dataclass(eq=False)
class _Waiter:
    place: asyncio.Future[_Worker]
    is_alone: bool


class ItemPool:
    """`count` processes with `places` items in hand each: cores x 1 on a processor, 1 x many on a GPU.

    A process that dies is replaced. What it had in hand is run again by itself, so that only what kills its process
    even then is given up; an item that had the process to itself is given up at once, unless it was SIGKILL that
    ended it, which may be the system's choice and nobody's fault.
    """

    def __init__(
        self,
        *,
        name: str,
        count: int,
        places: int,
        start: Callable[[int], Awaitable[Child]],
        budget: PixelBudget,
        seconds_max: float,
        metrics: Metrics,
    ) -> None:
        self.name = name
        self.count = count
        self.places = places
        self.replaced = 0
        self.failures: dict[str, str] = {}
        self._start = start
        self._budget = budget
        self._seconds_max = seconds_max
        self._metrics = metrics
        self._workers: list[_Worker] = []
        self._waiting: deque[_Waiter] = deque()
        self._suspects: deque[_Waiter] = deque()
        self._keepers: list[asyncio.Task[None]] = []
        self._to_load: list[str] = []
        self._last_number = 0
        self._is_closed = False

    # Life

    def begin(self) -> None:
        """Starts the processes, and keeps their number from then on."""
        self._keepers = [asyncio.create_task(self._keep(index)) for index in range(self.count)]

    @property
    def alive(self) -> int:
        """How many processes there are."""
        return len(self._workers)

    @property
    def in_hand(self) -> int:
        return sum(len(worker.hands) for worker in self._workers)

    @property
    def process_ids(self) -> list[int]:
        return [worker.child.process_id for worker in self._workers]

    def load(self, model: str) -> None:
        """Lets each process load a model before it is asked for, those that are started later too."""
        self._to_load.append(model)
        for worker in self._workers:
            worker.child.send({"do": "load", "model": model})

    async def close(self) -> None:
        """Ends the processes, whatever they do."""
        self._is_closed = True
        for worker in self._workers:
            worker.child.kill()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _keep(self, index: int) -> None:
        """Replaces a process as often as it ends; the less it lived, the later."""
        failed = 0
        while not self._is_closed:
            await asyncio.sleep(_PAUSES_SECONDS[min(failed, len(_PAUSES_SECONDS) - 1)])
            try:
                child = await self._start(index)
            except Exception as error:
                failed += 1
                self.failures["process"] = f"a {self.name} process could not be started ({error})"
                log.exception("process could not be started", extra={"fields": {"pool": self.name}})
                continue
            self.failures.pop("process", None)
            worker = _Worker(child)
            try:
                death = await self._attend(worker)
            finally:
                child.kill()
            failed = 0 if time.monotonic() - child.started > _SOUND_SECONDS else failed + 1
            if not self._is_closed:
                self.replaced += 1
                why = worker.why_killed or str(death)
                self._metrics.count_replaced(self.name, why)
                fields = {"pool": self.name, "pid": child.process_id, "why": why}
                log.warning("process replaced", extra={"fields": fields})

    async def _attend(self, worker: _Worker) -> Death:
        """Takes what a process answers until it has ended."""
        self._workers.append(worker)
        try:
            for model in self._to_load:
                worker.child.send({"do": "load", "model": model})
            self._dispatch()
            while (received := await worker.child.receive()) is not None:
                self._take(worker, *received)
        finally:
            self._workers.remove(worker)
            worker.is_gone = True
        death = await worker.child.close()
        was_alone = len(worker.hands) == 1
        for hand in list(worker.hands.values()):
            self._release(worker, hand)
            if not hand.answer.done():
                hand.answer.set_exception(_DiedError(death, was_alone=was_alone, is_overdue=hand.is_overdue))
        return death

    # Items

    async def run(self, order: Order, picture: Blob, mask: Blob) -> Answer:
        """What came of the item.

        Raises ItemError: item.timeout or item.crashed where a process had to be ended or ended, service.stopping.
        Cancelling this ends the work at its next step, or with its process soon after.
        """
        is_next_alone = was_killed = False
        while True:
            is_alone = is_next_alone
            worker = await self._find_place(is_alone)
            if worker.is_gone:
                continue
            try:
                return await self._work(worker, order, picture, mask, is_alone=is_alone)
            except _DiedError as died:
                if self._is_closed:
                    raise stopping_error() from None
                if died.is_overdue:
                    raise ItemError(
                        Code.ITEM_TIMEOUT, f"It took longer than {self._seconds_max:g} s. {TIMEOUT_ADVICE}"
                    ) from None
                if died.was_alone and (died.death.signal != signal.SIGKILL or was_killed):
                    raise describe_crash(died.death) from None
                was_killed = was_killed or died.was_alone
                is_next_alone = True
            finally:
                if is_alone:
                    worker.is_reserved = False
                    self._dispatch()

    async def _work(self, worker: _Worker, order: Order, picture: Blob, mask: Blob, *, is_alone: bool) -> Answer:
        self._last_number += 1
        hand = _Hand(self._last_number, asyncio.get_running_loop().create_future())
        worker.hands[hand.number] = hand
        if not is_alone:
            worker.is_reserved = False
            self._dispatch()
        told = {
            "model": order.model,
            "parameters": order.parameters,
            "outputFormat": order.output_format,
            "quality": order.quality,
        }
        worker.child.send({"do": "item", "number": hand.number, **told}, picture, mask)
        self._set_timer(worker, hand)
        try:
            return await hand.answer
        except asyncio.CancelledError:
            self._abandon(worker, hand)
            raise

    async def _find_place(self, is_alone: bool) -> _Worker:
        waiter = _Waiter(asyncio.get_running_loop().create_future(), is_alone)
        waiting = self._suspects if is_alone else self._waiting
        waiting.append(waiter)
        self._dispatch()
        try:
            return await waiter.place
        except asyncio.CancelledError:
            if waiter in waiting:
                waiting.remove(waiter)
            elif not waiter.place.cancelled():
                waiter.place.result().is_reserved = False
            self._dispatch()
            raise

    def _dispatch(self) -> None:
        """Gives places to those who wait; suspects come first, and have a process to themselves."""
        while waiting := self._suspects or self._waiting:
            waiter = waiting[0]
            worker = next((each for each in self._workers if self._has_place(each, waiter.is_alone)), None)
            if worker is None:
                return
            waiting.popleft()
            if not waiter.place.cancelled():
                # Until it is worked on, which is at the caller's next turn, the place must not be given twice.
                worker.is_reserved = True
                waiter.place.set_result(worker)

    def _has_place(self, worker: _Worker, is_alone: bool) -> bool:
        if worker.is_reserved:
            return False
        return not worker.hands if is_alone else len(worker.hands) < self.places

    # A process's answers

    def _take(self, worker: _Worker, message: Message, blobs: list[Blob]) -> None:
        if "loaded" in message:
            self._note_loaded(message)
            return
        hand = worker.hands.get(message.get("number") or 0)
        if hand is None:
            if "fault" in message:
                log.error("process failed", extra={"fields": {"pool": self.name, "exception": message["fault"]}})
            return
        if "ask" in message:
            if hand.timer is not None:
                hand.timer.cancel()
            hand.granting = asyncio.create_task(self._grant(worker, hand, int(message["ask"])))
            return
        self._release(worker, hand)
        if not hand.answer.done():
            if "fault" in message:
                hand.answer.set_exception(RuntimeError(message["fault"]))
            else:
                hand.answer.set_result(
                    Answer(
                        told=message["error"] if "error" in message else message["result"],
                        data=None if "error" in message else blobs[0],
                        milliseconds=message["timings"],
                        cpu_seconds=message["cpuSeconds"],
                    )
                )
        self._dispatch()

    async def _grant(self, worker: _Worker, hand: _Hand, pixels: int) -> None:
        """Lets an item be decoded once there is room; its time runs from then on."""
        hand.pixels = await self._budget.take(pixels)
        self._set_timer(worker, hand)
        worker.child.send({"do": "go", "number": hand.number})

    def _note_loaded(self, message: Message) -> None:
        model, reason = message["loaded"], message["reason"]
        self._metrics.count_load(model, message["seconds"], is_loaded=reason is None)
        self.failures.pop(model, None)
        if reason is not None:
            self.failures[model] = f"{model} could not be loaded by a {self.name} process: {reason}"
            log.error("model could not be loaded", extra={"fields": {"model": model, "reason": reason}})

    def _release(self, worker: _Worker, hand: _Hand) -> None:
        worker.hands.pop(hand.number, None)
        if hand.timer is not None:
            hand.timer.cancel()
        if hand.granting is not None:
            hand.granting.cancel()
        self._budget.give_back(hand.pixels)
        hand.pixels = 0

    # Ends

    def _set_timer(self, worker: _Worker, hand: _Hand) -> None:
        if hand.timer is not None:
            hand.timer.cancel()
        seconds = self._seconds_max + _GRACE_SECONDS
        hand.timer = asyncio.get_running_loop().call_later(seconds, self._end_overdue, worker, hand)

    def _end_overdue(self, worker: _Worker, hand: _Hand) -> None:
        """Kernels cannot be interrupted, but their process can."""
        hand.is_overdue = True
        worker.kill("overdue")

    def _abandon(self, worker: _Worker, hand: _Hand) -> None:
        """Nobody waits for this item any more."""
        if hand.number not in worker.hands:
            return
        worker.child.send({"do": "cancel", "number": hand.number})
        if self.places == 1:
            if hand.timer is not None:
                hand.timer.cancel()
            hand.timer = asyncio.get_running_loop().call_later(_ABANDONED_SECONDS, worker.kill, "abandoned")


def describe_crash(death: Death) -> ItemError:
    """What an item gets that took its process with it."""
    if death.signal == signal.SIGKILL:
        return ItemError(
            Code.ITEM_CRASHED,
            "The process that worked on this item was killed twice, as systems do where memory runs out. Scale the "
            "picture down, or give the service more memory.",
        )
    return ItemError(
        Code.ITEM_CRASHED,
        f"The process that worked on this item crashed ({death}), and would again. Save the picture and the mask "
        "anew, or choose another model.",
    )
