"""How far the work on an item or a video may go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from inpainting.errors import Code, ItemError

T = TypeVar("T")


class Course:
    """How far work may go: until its time is over, nothing has moved on for long, or somebody ends it.

    Kernels cannot be interrupted, so the course is asked between steps: between crops, frames, packets, and parts of
    a transfer. Each time it lets the work go on counts as a step. `what` begins the message and `advice` ends it where
    the time is over.
    """

    def __init__(
        self, seconds_max: float, *, advice: str, what: str = "It", still_seconds_max: float | None = None
    ) -> None:
        self._seconds_max = seconds_max
        self._still_seconds_max = still_seconds_max
        self._what = what
        self._advice = advice
        self._started: float | None = None
        self._moved = 0.0
        self._ending: ItemError | None = None

    def begin(self) -> None:
        """Lets the time run from now on; otherwise it runs from the first step."""
        self._started = self._moved = time.monotonic()

    def end(self) -> None:
        """Lets the work stop at its next step."""
        self._ending = self._ending or stopping_error()

    @property
    def seconds_left(self) -> float | None:
        """Until the time is over if nothing moves on; None where it does not run yet."""
        if self._started is None:
            return None
        over = self._started + self._seconds_max
        if self._still_seconds_max is not None:
            over = min(over, self._moved + self._still_seconds_max)
        return over - time.monotonic()

    def check(self) -> None:
        """Raises ItemError where the work must not go on."""
        if self._started is None:
            self.begin()
        error = self.find_error()
        if error is not None:
            raise error
        self._moved = time.monotonic()

    def find_error(self) -> ItemError | None:
        """Why the work must not go on; the first reason stays."""
        if self._ending is None and self._started is not None:
            self._ending = self._find_excess(self._started, time.monotonic())
        return self._ending

    def _find_excess(self, started: float, now: float) -> ItemError | None:
        if now - started >= self._seconds_max:
            return ItemError(
                Code.ITEM_TIMEOUT, f"{self._what} took longer than {self._seconds_max:g} s. {self._advice}"
            )
        still = self._still_seconds_max
        if still is not None and now - self._moved >= still:
            return ItemError(
                Code.ITEM_TIMEOUT,
                f"{self._what} did not move on for {still:g} s and was given up. Send it again.",
                retryable=True,
            )
        return None


def stopping_error() -> ItemError:
    """What an item gets that the service could not end before it stops."""
    return ItemError(
        Code.SERVICE_STOPPING,
        "The service is stopping and did not end this. Send it again.",
        retryable=True,
    )


class Attendance:
    """Work in hand, each with its course, which can all be cut off."""

    def __init__(self) -> None:
        self.is_stopping = False
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
                await asyncio.gather(task, return_exceptions=True)
                raise
            raise course.find_error() or stopping_error() from None
        finally:
            watching.cancel()
            del self._in_hand[task]

    def begin_stop(self) -> None:
        """Asks work to begin no step any more; steps in hand go on."""
        self.is_stopping = True

    def cut_off(self) -> None:
        """Ends what is in hand at its next step."""
        for task, course in list(self._in_hand.items()):
            course.end()
            task.cancel()


async def _cancel_when_over(task: asyncio.Task[Any], course: Course) -> None:
    """Cancels what outlasts its course without asking it; a course that has not begun is left to be asked."""
    while (left := course.seconds_left) is not None:
        if course.find_error() is not None:
            task.cancel()
            return
        await asyncio.sleep(max(0.0, left))
