"""How far the work on an item or a video may go."""

from __future__ import annotations

import time

from inpainting.errors import Code, ItemError


class Course:
    """How far work may go: until its time is over, or somebody ends it.

    Kernels cannot be interrupted, so the course is asked between steps: between crops, between frames. `advice`
    says what to do where the time is over.
    """

    def __init__(self, seconds_max: float, *, advice: str) -> None:
        self._seconds_max = seconds_max
        self._advice = advice
        self._started: float | None = None
        self._ended = False

    def restart(self) -> None:
        """Gives the next part of the work the whole time again."""
        self._started = None

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
                f"It took longer than {self._seconds_max:g} s. {self._advice}",
            )


def stopping_error() -> ItemError:
    """What an item gets that the service could not end before it stops."""
    return ItemError(
        Code.SERVICE_STOPPING,
        "The service is stopping and did not end this. Send it again.",
        retryable=True,
    )
