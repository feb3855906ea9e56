"""When each frame of a video is shown, by demuxing alone."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.stream import VideoStream

from inpainting.errors import Code, ItemError
from inpainting.videos.source import VideoSource

# Ten hours at 60 frames a second; what a file can claim in few bytes must not fill the memory.
FRAMES_CEILING = 2_200_000
_PACKETS_PER_CHECK = 64
_DEFAULT_RATE = 25


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The distinct timestamps of a video's frames in the order of their display, in ticks of `time_base` seconds."""

    pts: npt.NDArray[np.int64]
    end: int
    time_base: Fraction
    is_cut_off: bool

    @property
    def first(self) -> int:
        return int(self.pts[0])

    @property
    def seconds(self) -> Fraction:
        """From the first frame's beginning to the last one's end."""
        return (self.end - self.first) * self.time_base

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""
        return Fraction(len(self.pts)) / self.seconds

    @property
    def is_variable(self) -> bool:
        """Whether frames are shown for times that differ by more than rounding."""
        gaps = np.diff(self.pts)
        if len(gaps) < 2:
            return False
        usual = float(np.median(gaps))
        return bool(np.any(np.abs(gaps - usual) > max(1.5, 0.1 * usual)))

    def find(self, seconds: npt.NDArray[np.float64], slack: float) -> npt.NDArray[np.int64]:
        """The positions in `pts` of the frames on display so many seconds after the first one's beginning."""
        ticks = (seconds + slack) / float(self.time_base)
        return np.maximum(np.searchsorted(self.pts - self.first, ticks, side="right") - 1, 0)


class PacketClock:
    """Gives each packet the timestamp of its frame, also where the container has none.

    Containers without timestamps of display tell them in the order of decoding: the frames that come out, which
    are in the order of display, then get those of what went in, smallest first (`take_shown`).
    """

    def __init__(self, source: VideoSource) -> None:
        self._has_timestamps = source.has_timestamps
        rate = source.stream.average_rate or source.stream.guessed_rate or _DEFAULT_RATE
        self._step = max(1, round(1 / (rate * source.time_base)))
        self._next = 0
        self._pending: list[int] = []

    def time(self, packet: Packet[VideoStream]) -> int:
        """The packet's timestamp, which it has from then on."""
        pts = packet.pts if self._has_timestamps else packet.dts
        if pts is None:
            pts = self._next if packet.dts is None else packet.dts
        packet.pts = pts
        self._next = pts + self._step
        if not self._has_timestamps:
            heapq.heappush(self._pending, pts)
        return pts

    def take_shown(self, frame_pts: int | None) -> int | None:
        """The timestamp of a frame that came out of the decoder."""
        if self._has_timestamps:
            return frame_pts
        return heapq.heappop(self._pending) if self._pending else None

    @property
    def step(self) -> int:
        """Ticks that a frame is shown at the stream's rate."""
        return self._step


def shown_packets(source: VideoSource, check: Callable[[], None]) -> Iterator[Packet[VideoStream]]:
    """Packets that hold a frame to show, those that edit lists leave out left out."""
    for number, packet in enumerate(source.packets()):
        if number % _PACKETS_PER_CHECK == 0:
            check()
        if packet.size and not packet.is_discard:
            yield packet


def read_timeline(source: VideoSource, *, check: Callable[[], None], until_seconds: float | None = None) -> Timeline:
    """The timeline of a video whose container stands at its beginning.

    With `until_seconds`, what is shown later than that after the first frame may be missing. Raises ItemError:
    video.no_frames, video.too_many_frames, and what `check` and the file raise.
    """
    clock = PacketClock(source)
    shown: list[int] = []
    last = last_duration = 0
    first = 2**63
    is_cut_off = is_left = False
    for packet in shown_packets(source, check):
        if packet.is_corrupt:
            # The part of a frame that is left where the file ends early.
            is_cut_off = True
            continue
        pts = clock.time(packet)
        shown.append(pts)
        first = min(first, pts)
        if len(shown) == 1 or pts >= last:
            last, last_duration = pts, packet.duration or 0
        if len(shown) > FRAMES_CEILING:
            raise ItemError(
                Code.VIDEO_TOO_MANY_FRAMES,
                f"{source.name} has more than {FRAMES_CEILING} frames, the most that are taken. Cut it into parts.",
                limit=FRAMES_CEILING,
            )
        decoded_at = pts if packet.dts is None else packet.dts
        if until_seconds is not None and decoded_at > first + until_seconds / float(source.time_base):
            is_left = True
            break
    if not shown:
        raise ItemError(
            Code.VIDEO_NO_FRAMES,
            f"{source.name} has no frames: its picture stream is empty. Upload one that plays in a video player.",
        )
    distinct = np.unique(np.array(shown, np.int64))
    if last_duration <= 0:
        last_duration = int(np.median(np.diff(distinct))) if len(distinct) > 1 else clock.step
    told = source.stream.frames
    return Timeline(
        pts=distinct,
        end=int(distinct[-1]) + max(1, last_duration),
        time_base=source.time_base,
        is_cut_off=is_cut_off or (not is_left and source.kind != "avi" and 0 < len(shown) < told * 0.99 - 2),
    )
