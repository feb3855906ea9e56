"""How far the work on an item may go."""

from __future__ import annotations

import time

from inpainting.errors import Code, ItemError


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
