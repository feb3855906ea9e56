"""A bound on the pixels that are decoded at a time, over all processes."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress


class PixelBudget:
    """First come, first served. One picture of the largest size passes alone; many small ones pass together."""

    def __init__(self, pixels_max: int) -> None:
        self._free = self._pixels_max = pixels_max
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, pixels: int) -> int:
        """Returns once that many pixels are free; answers what to give back."""
        pixels = min(pixels, self._pixels_max)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((pixels, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):
                    self._waiting.remove((pixels, turn))
                self._serve()
            else:
                self.give_back(pixels)
            raise
        return pixels

    def give_back(self, pixels: int) -> None:
        self._free += pixels
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            pixels, turn = self._waiting.popleft()
            self._free -= pixels
            if turn.cancelled():
                self._free += pixels
            else:
                turn.set_result(None)
