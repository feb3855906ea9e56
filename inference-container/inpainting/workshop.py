"""What all work shares: threads, connections, the way it is stopped, and what its energy is taken for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from inpainting.course import Course, stopping_error
from inpainting.media import MediaClient
from inpainting.settings import Settings
from inpainting.videos.remote_file import RemoteFiles

ENERGY_METHOD = "cpu-time-estimate"

T = TypeVar("T")


class Workshop:
    """Threads and connections for items and videos.

    `pool` has a thread per core for what computes: pictures, and the frames of videos one by one. `readers` are
    for what reads and writes a whole video, which waits for its store between frames. Work in `readers` may wait
    for work in `pool`, never the other way round.
    """

    def __init__(self, settings: Settings, *, connections: int) -> None:
        self.settings = settings
        self.is_stopping = False
        self.pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="item")
        self.readers = ThreadPoolExecutor(settings.threads, thread_name_prefix="video")
        self.media = MediaClient(
            origins=settings.media_origins,
            media_bytes_max=settings.media_bytes_max,
            seconds_max=settings.transfer_seconds_max,
            connections=connections,
        )
        self.files = RemoteFiles(
            origins=settings.media_origins,
            seconds_max=settings.transfer_seconds_max,
            # A video, and a mask or the sound of another beside it.
            connections=2 * settings.threads,
        )
        self._in_hand: dict[asyncio.Task[Any], Course] = {}

    async def attend(self, course: Course, work: Coroutine[Any, Any, T]) -> T:
        """Runs work that `cut_off` can end, or the course that has begun: it then raises the course's ItemError.

        The course is ended whenever this is left by cancellation, so that threads stop at their next step.
        """
        task = asyncio.ensure_future(work)
        self._in_hand[task] = course
        watching = asyncio.ensure_future(_cancel_when_over(task, course))
        try:
            return await task
        except asyncio.CancelledError:
            course.end()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise
            raise course.find_error() or stopping_error() from None
        finally:
            watching.cancel()
            del self._in_hand[task]

    def describe_energy(self, cpu_seconds: float) -> dict[str, Any]:
        """The `energy` of a line, estimated from the processor's time."""
        return {"joules": round(cpu_seconds * self.settings.watts_per_core, 3), "method": ENERGY_METHOD}

    def begin_stop(self) -> None:
        """Asks work to begin no step any more; steps in hand go on."""
        self.is_stopping = True

    def cut_off(self) -> None:
        """Ends what is in hand at its next step."""
        for task, course in list(self._in_hand.items()):
            course.end()
            task.cancel()

    async def close(self) -> None:
        """Gives back connections; threads end with the kernel they are in."""
        self.cut_off()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.readers.shutdown(wait=False, cancel_futures=True)
        await self.media.close()
        self.files.close()


async def _cancel_when_over(task: asyncio.Task[Any], course: Course) -> None:
    """Cancels what outlasts its course without asking it; a course that has not begun is left to be asked."""
    while (left := course.seconds_left) is not None:
        if course.find_error() is not None:
            task.cancel()
            return
        await asyncio.sleep(max(0.0, left))
