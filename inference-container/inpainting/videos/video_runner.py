"""Requests about videos, each in a process of its own: its lines are passed on, and its end is told whatever it is."""

from __future__ import annotations

import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from inpainting.errors import Code, ItemError
from inpainting.metrics import Metrics
from inpainting.processes.child import Child, Death, Spawner
from inpainting.processes.item_pool import describe_crash
from inpainting.settings import Settings
from inpainting.videos.video_worker import JOBS, run_video_worker

log = logging.getLogger("inpainting")

# A process ends what takes too long by itself, with a message that says more; one that is this late is stuck.
GRACE_SECONDS = 2.0
_CRASH_ADVICE = "Upload it as MP4 with H.264, as most players and cameras write it."


class VideoRunner:
    """Runs requests about videos, any number at a time."""

    def __init__(self, spawner: Spawner, settings: Settings, metrics: Metrics) -> None:
        self._spawner = spawner
        self._settings = settings
        self._metrics = metrics
        self._children: set[Child] = set()
        self._is_stopping = False

    @property
    def in_hand(self) -> int:
        return len(self._children)

    def begin_stop(self) -> None:
        """Asks all to begin no step any more."""
        self._is_stopping = True
        for child in self._children:
            child.send({"do": "stop"})

    def seconds_max(self, kind: str) -> float:
        """After how long a request of that kind is ended if it does not end itself."""
        limit: int = getattr(self._settings, JOBS[kind].limit)
        return limit + GRACE_SECONDS

    def create_work(self, kind: str, body: Any, tell: Callable[[dict[str, Any]], Awaitable[None]]) -> VideoTask:
        """One request's work; `tell` gets its lines."""
        return VideoTask(self, kind, body, tell)

    async def start(self, kind: str, body: Any) -> Child:
        """A process that has begun with the work."""
        child = await self._spawner.start(run_video_worker, self._settings, kind, body)
        self._children.add(child)
        if self._is_stopping:
            child.send({"do": "stop"})
        return child

    async def end(self, kind: str, child: Child, *, is_expected: bool) -> Death:
        """Ends the process, whatever it does."""
        child.kill()
        try:
            death = await child.close()
        finally:
            self._children.discard(child)
        if not is_expected:
            self._metrics.count_replaced("video", str(death))
            log.warning("video process died", extra={"fields": {"kind": kind, "why": str(death)}})
        return death


class VideoTask:
    """The work on one request. `frames` and `cpu_seconds` grow meanwhile."""

    def __init__(
        self, runner: VideoRunner, kind: str, body: Any, tell: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        self.frames = 0
        self.cpu_seconds = 0.0
        self._runner = runner
        self._kind = kind
        self._body = body
        self._tell = tell

    async def run(self) -> Any:
        """What the work came to; raises ItemError. Cancelling this ends the process at once."""
        child = await self._runner.start(self._kind, self._body)
        last: dict[str, Any] | None = None
        is_ended_here = True
        try:
            while last is None and (received := await child.receive()) is not None:
                last = await self._take(received[0])
            is_ended_here = last is not None
        finally:
            # What it has taken so far is asked of the system: a process that is killed tells no more.
            self.cpu_seconds = max(self.cpu_seconds, child.read_cpu_seconds())
            death = await self._runner.end(self._kind, child, is_expected=is_ended_here)
        if last is None:
            raise self._describe_death(death)
        if "fault" in last:
            raise RuntimeError(last["fault"])
        if "error" in last:
            told = last["error"]
            raise ItemError(Code(told["code"]), told["message"], retryable=told["retryable"], **told["details"])
        return last["done"]

    async def _take(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Passes a message on; answers it if it is the last."""
        if "line" in message:
            await self._tell(message["line"])
            return None
        self.cpu_seconds = message["cpuSeconds"]
        if "frames" in message:
            self.frames = message["frames"]
            return None
        return message

    def _describe_death(self, death: Death) -> ItemError:
        if death.signal == signal.SIGKILL:
            return ItemError(
                Code.ITEM_CRASHED,
                "The process that worked on this video was killed, as systems do where memory runs out. Send it again.",
                retryable=True,
            )
        if self._kind == "segments":
            return describe_crash(death)
        name = "The mask" if getattr(self._body, "name", None) == "mask" else "The video"
        return ItemError(
            Code.VIDEO_UNDECODABLE, f"{name} cannot be read: the decoder crashed on it ({death}). {_CRASH_ADVICE}"
        )
