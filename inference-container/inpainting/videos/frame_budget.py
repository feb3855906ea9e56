"""A bound on the decoded frames that wait to be encoded and stored, over all videos."""

from __future__ import annotations

import threading
from collections.abc import Callable

_POLL_SECONDS = 0.1


class FrameBudget:
    """Pixels that all videos share, first come first served. A frame larger than all passes alone."""

    def __init__(self, pixels_max: int) -> None:
        self._free = self._pixels_max = pixels_max
        self._condition = threading.Condition()
        self._waiting: list[FrameShare] = []

    def take(self, share: FrameShare, pixels: int, check: Callable[[], None]) -> int:
        """Waits for that many pixels, asking `check`, which may raise; answers what was taken."""
        pixels = min(pixels, self._pixels_max)
        with self._condition:
            self._waiting.append(share)
            try:
                while self._waiting[0] is not share or self._free < pixels:
                    self._condition.wait(_POLL_SECONDS)
                    check()
            finally:
                self._waiting.remove(share)
                self._condition.notify_all()
            self._free -= pixels
        return pixels

    def give_back(self, pixels: int) -> None:
        with self._condition:
            self._free += pixels
            self._condition.notify_all()


class FrameShare:
    """What one video holds of the budget: at most `frames_max` frames of one size.

    One thread takes, any gives back. `close` gives everything back, whoever has it.
    """

    def __init__(self, budget: FrameBudget, *, pixels: int, frames_max: int) -> None:
        self._budget = budget
        self._pixels = pixels
        self._places = threading.Semaphore(frames_max)
        self._lock = threading.Lock()
        self._held = 0
        self._is_closed = False

    def take(self, check: Callable[[], None]) -> None:
        """Waits until one frame more may be decoded; raises what `check` raises."""
        while not self._places.acquire(timeout=_POLL_SECONDS):
            check()
        check()
        taken = self._budget.take(self, self._pixels, check)
        with self._lock:
            if not self._is_closed:
                self._held += taken
                return
        self._budget.give_back(taken)

    def give_back(self) -> None:
        """One frame is done with."""
        with self._lock:
            if self._is_closed:
                return
            pixels = min(self._held, self._pixels)
            self._held -= pixels
        self._budget.give_back(pixels)
        self._places.release()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            pixels, self._held = self._held, 0
        self._budget.give_back(pixels)
