"""The work on one sequence: frames are fetched ahead, filled window by window, and stored as they come."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import cv2
import numpy as np

from inpainting.course import Course, stopping_error
from inpainting.errors import Code, ItemError
from inpainting.filling import fill_holes
from inpainting.items import Job, Result, Timings
from inpainting.models import Pixels
from inpainting.pictures import Picture
from inpainting.schemas import AroundBody, InpaintBody, ItemBody
from inpainting.sequences.frames import Frame, HoleStore
from inpainting.sequences.memory import HOLE_BYTES_PER_PIXEL, count_ahead, measure_window
from inpainting.sequences.rules import Stretch, plan_stretches
from inpainting.temporal import PairStore, fill_in_turn
from inpainting.workshop import Workshop

log = logging.getLogger("inpainting")

Message = dict[str, Any]

_FETCHES_MAX = 8
_STORES_MAX = 4
# A frame that is missing changes how all that look at it are filled: a store that stumbles is asked again.
_PAUSES_SECONDS: tuple[float | None, ...] = (0.2, 1.0, None)


class SequenceWork:
    """Fills what can be filled from other frames, and tells of each item that ended.

    What it does not tell of is to be filled one by one. `ask` returns once so many bytes may be taken. `load` answers
    the job, whose model is loaded when it is first needed.
    """

    def __init__(
        self,
        body: InpaintBody,
        *,
        workshop: Workshop,
        course: Course,
        load: Callable[[], Job],
        bytes_max: int | None,
        ask: Callable[[int], Any],
        tell: Callable[[Message], None],
    ) -> None:
        assert body.sequence is not None  # noqa: S101 - asked before
        self._items = {item.index: item for item in body.items if item.index is not None}
        self._sources: dict[int, ItemBody | AroundBody] = {frame.index: frame for frame in body.sequence.around}
        self._sources |= self._items
        self._stretches = plan_stretches(list(self._items), body.sequence.count)
        self._workshop = workshop
        self._course = course
        self._load = load
        self._bytes_max = bytes_max
        self._bytes_taken = 0
        self._ask = ask
        self._tell = tell
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sequence")
        self._turns = asyncio.Semaphore(_FETCHES_MAX)
        self._fetching: dict[int, asyncio.Task[Frame | ItemError]] = {}
        self._holes = HoleStore()
        self._pairs = PairStore()
        self._stores: deque[Future[None]] = deque()
        self._cpu_seconds = 0.0

    async def run(self) -> None:
        """Works through the windows in order; raises ItemError where it is stopped or its time is over."""
        following = [*self._stretches[1:], None]
        try:
            for stretch, after in zip(self._stretches, following, strict=True):
                await self._try(stretch, after)
                first = after.look.start if after else 0
                self._fetching = {index: task for index, task in self._fetching.items() if after and index >= first}
                self._pairs.forget_before(first)
        finally:
            await asyncio.gather(*(asyncio.wrap_future(store) for store in self._stores))

    async def _try(self, stretch: Stretch, after: Stretch | None) -> None:
        """Fills a window unless something fails that would not fail a frame by itself."""
        try:
            await self._work(stretch, after)
        except (ItemError, MemoryError, cv2.error, RuntimeError, ValueError) as error:
            self._check()
            if isinstance(error, MemoryError):
                self._let_go_of_files()
            message = f"{type(error).__name__}: {error}"
            log.warning("window failed", extra={"fields": {"first": stretch.keep[0], "reason": message}})

    async def _work(self, stretch: Stretch, after: Stretch | None) -> None:
        self._begin_fetching(stretch.look)
        fetched: dict[int, Frame | ItemError] = {}
        for index in stretch.look:
            fetched[index] = each = await self._fetching[index]
            self._check()
            if isinstance(each, Frame) and self._is_too_large(each.size, len(stretch.look)):
                self._let_go_of_files()
                self._tell_one_by_one(stretch)
                return
        failed = {index: each for index, each in fetched.items() if isinstance(each, ItemError)}
        broken = next((index for index, error in failed.items() if error.retryable), None)
        if broken is not None:
            for index in stretch.keep:
                self._tell_error(index, failed.get(index) or _blame(failed[broken], broken))
            return
        frames = {index: each for index, each in fetched.items() if isinstance(each, Frame)}
        if failed or not await self._take_memory(frames):
            self._tell_one_by_one(stretch)
            return
        if after is not None:
            self._fetch_ahead(after.look, frames)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._fill, stretch, frames, loop)

    def _tell_one_by_one(self, stretch: Stretch) -> None:
        log.info("window filled one by one", extra={"fields": {"first": stretch.keep[0]}})

    def _is_too_large(self, size: tuple[int, int], count: int) -> bool:
        """Whether so many frames of that size take too much, whatever their files are."""
        return self._bytes_max is not None and measure_window(size, count) > self._bytes_max

    async def _take_memory(self, frames: dict[int, Frame]) -> bool:
        """Whether the frames are of one size that may be held; returns once it may."""
        sizes = {frame.size for frame in frames.values()}
        if len(sizes) > 1:
            return False
        width, height = next(iter(sizes))
        holes = len({frame.mask_key for frame in frames.values()})
        held_bytes = sum(frame.measure_bytes(is_filled=index in self._items) for index, frame in frames.items())
        held_bytes += holes * HOLE_BYTES_PER_PIXEL * width * height
        needed = measure_window((width, height), len(frames), held_bytes=held_bytes)
        if self._bytes_max is not None and needed > self._bytes_max:
            return False
        if needed > self._bytes_taken:
            asking = asyncio.ensure_future(self._ask(needed))
            # Waiting for others is not standing still.
            while not (await asyncio.wait({asking}, timeout=1))[0]:
                self._check()
            self._bytes_taken = needed
        return True

    def _check(self) -> None:
        if self._workshop.is_stopping:
            raise stopping_error()
        self._course.check()

    # Files

    def _begin_fetching(self, look: Iterable[int]) -> None:
        for index in look:
            if index not in self._fetching:
                self._fetching[index] = asyncio.create_task(self._fetch(self._sources[index]))

    def _fetch_ahead(self, look: range, frames: dict[int, Frame]) -> None:
        """Begins to fetch the first of the frames that the next window looks at besides, by the size of these."""
        size = next(iter(frames.values())).size
        missing = [index for index in look if index not in self._fetching]
        self._begin_fetching(missing[: count_ahead(size, max(frame.file_bytes for frame in frames.values()))])

    def _let_go_of_files(self) -> None:
        for task in self._fetching.values():
            task.cancel()
        self._fetching.clear()

    async def _fetch(self, source: ItemBody | AroundBody) -> Frame | ItemError:
        """The frame, or why there is none; the store is asked again where that may help."""
        media, timings = self._workshop.media, Timings()
        async with self._turns:
            for pause in _PAUSES_SECONDS:
                try:
                    with timings.measure("fetchMs"):
                        picture, mask = await asyncio.gather(
                            media.fetch(source.image_url, name="The picture", field="imageUrl"),
                            media.fetch(source.mask_url, name="The mask", field="maskUrl"),
                        )
                    frame = Frame(bytes(picture), bytes(mask), pixels_max=self._workshop.settings.picture_pixels_max)
                except ItemError as error:
                    if not error.retryable or pause is None:
                        return error
                    await asyncio.sleep(pause)
                else:
                    frame.timings = timings
                    return frame
        raise AssertionError("the last pause is none")

    async def _store(self, index: int, result: Result, timings: Timings, cpu_seconds: float) -> None:
        item = self._items[index]
        try:
            with timings.measure("storeMs"):
                await self._workshop.media.store(item.result_url, result.data, content_type=result.content_type)
        except ItemError as error:
            self._tell_error(index, error)
            return
        self._tell(
            {"index": index, "result": result.describe(), "timings": timings.milliseconds, "cpuSeconds": cpu_seconds}
        )

    def _tell_error(self, index: int, error: ItemError) -> None:
        self._tell({"index": index, "error": error.describe(), "timings": {}, "cpuSeconds": 0.0})

    # In the thread

    def _fill(self, stretch: Stretch, frames: dict[int, Frame], loop: asyncio.AbstractEventLoop) -> None:
        """Fills a window's items and begins to store them."""
        for index, frame in frames.items():
            self._check()
            frame.decode(self._holes, is_filled=index in self._items)
        # A frame that is all hole has no result, whatever others show.
        keep = [index for index in stretch.keep if frames[index].hole.share < 1]
        job = self._load()
        filling = fill_in_turn(
            [frame.pixels for frame in frames.values()],
            [frame.hole.pixels for frame in frames.values()],
            first=stretch.look.start,
            keep=keep,
            fill_still=partial(self._fill_still, job),
            check=self._check,
            pairs=self._pairs,
        )
        for index in keep:
            frame = frames[index]
            with frame.timings.measure("inpaintMs"):
                filled = next(filling)
            result = frame.make_result(filled, job)
            self._check()
            # A store that is slow must not fill the memory with results.
            if len(self._stores) >= _STORES_MAX:
                self._stores.popleft().result()
            spent = self._take_cpu_seconds()
            storing = self._store(index, result, frame.timings, spent)
            self._stores.append(asyncio.run_coroutine_threadsafe(storing, loop))

    def _take_cpu_seconds(self) -> float:
        """Processor time of this process since it was asked last."""
        before, self._cpu_seconds = self._cpu_seconds, time.process_time()
        return self._cpu_seconds - before

    def _fill_still(self, job: Job, image: Pixels, hole: Pixels, foreign: Pixels | None) -> Pixels:
        """An image filled by itself, as a single picture is."""
        if hole.all():
            return np.full_like(image, np.rint(image.mean(axis=(0, 1))).astype(np.uint8))
        picture = Picture(image.copy(), None, None)
        fill_holes(picture, hole, job.model, job.parameters, check=self._check, foreign=foreign)
        return picture.pixels


def _blame(error: ItemError, index: int) -> ItemError:
    """What an item gets that could be filled if another frame came."""
    return ItemError(
        Code.MEDIA_FETCH_FAILED, f"Frame {index}, which it is filled from: {error.message}", retryable=True
    )
