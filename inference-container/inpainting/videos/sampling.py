"""Single frames out of a video, each by its timestamp, with as little decoding as gives them exactly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from inpainting.videos.source import VideoSource
from inpainting.videos.timeline import PacketClock

# Decoders that can leave out a single frame that no other refers to, asked anew with each packet.
_SKIPPING_CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video"})


def sample_frames(
    source: VideoSource, wanted: Collection[int], *, check: Callable[[], None]
) -> Iterator[tuple[int, VideoFrame | None]]:
    """The frames with the wanted timestamps, ascending; None for one that is missing or damaged.

    Only frames that others refer to are decoded beside the wanted ones, and a key frame that lies between one
    wanted frame and the next is gone to at once. Raises ItemError: what `check` and the file raise.
    """
    left = deque(sorted(set(wanted)))
    sampler = _Sampler(source, check)
    if left:
        sampler.go_near(left[0], None)
    for pts, frame in sampler.decode(left):
        while left and left[0] < pts:
            yield left.popleft(), None
        if left and left[0] == pts:
            left.popleft()
            yield pts, None if frame.is_corrupt else frame
        if not left:
            return
    while left:
        yield left.popleft(), None


class _Sampler:
    def __init__(self, source: VideoSource, check: Callable[[], None]) -> None:
        self._source = source
        self._check = check
        self._is_seekable = source.has_timestamps
        self._may_skip = source.has_timestamps and source.codec in _SKIPPING_CODECS
        self._has_moved = False
        # By how many ticks key frames are decoded before they are shown, as far as seen.
        self._lead = 0
        self._gone_for: int | None = None

    def decode(self, left: deque[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Frames in the order of their display; `left` is what is still wanted, and shrinks meanwhile."""
        while True:
            self._has_moved = False
            yield from self._decode_on(left)
            if not self._has_moved:
                return

    def _decode_on(self, left: deque[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Decodes up to the end, or to where going to a key frame leaves something out."""
        source = self._source
        clock = PacketClock(source)
        wanted = set(left)
        fed = None
        for packet in source.packets():
            self._check()
            if packet.size:
                pts = clock.time(packet)
                if self._may_skip:
                    source.stream.codec_context.skip_frame = "DEFAULT" if pts in wanted else "NONREF"
                if packet.is_keyframe and packet.dts is not None:
                    self._lead = max(self._lead, pts - packet.dts)
                fed = pts if fed is None else max(fed, pts)
            for frame in _decode_packet(packet):
                shown = clock.take_shown(frame.pts)
                if shown is not None:
                    yield shown, frame
            if left and fed is not None and left[0] > fed and self.go_near(left[0], packet.dts):
                self._has_moved = True
                return

    def go_near(self, wanted: int, position: int | None) -> bool:
        """Goes to the key frame that `wanted` is decoded from, where that lies ahead of `position`.

        `position` is the timestamp of decoding where the container stands, None for its beginning.
        """
        source = self._source
        if not self._is_seekable or wanted == self._gone_for:
            return False
        entries = source.stream.index_entries
        number = entries.search_timestamp(wanted - self._lead)
        if number >= 0:
            key = entries[number].timestamp
        elif position is None and len(entries) <= 1 and wanted > (source.stream.start_time or 0):
            # Matroska reads its index when it is first gone by.
            key = wanted
        else:
            return False
        if position is not None and key <= position:
            return False
        # Once for each wanted frame: an index that leads too far is not followed twice.
        self._gone_for = wanted
        while True:
            first = self._seek(key)
            if first is not None and first <= wanted:
                self._seek(key, is_peeking=False)
                return True
            number = entries.search_timestamp(key - 1)
            if first is None or number < 0:
                self._is_seekable = False
                source.rewind()
                return True
            # Indexes tell when a key frame is decoded, and it may be shown after the wanted frame.
            key = entries[number].timestamp

    def _seek(self, key: int, *, is_peeking: bool = True) -> int | None:
        """Goes to a key frame; answers its timestamp, the container standing after it, or None where there is none."""
        source = self._source
        try:
            source.container.seek(key, stream=source.stream)
            first = next((packet for packet in source.packets() if packet.size), None) if is_peeking else None
        except av.FFmpegError:
            first = None
        source.file.ensure_readable()
        return None if first is None else first.pts


def _decode_packet(packet: Packet[VideoStream]) -> list[VideoFrame]:
    """The frames that a packet brings out of the decoder; none where it is damaged."""
    try:
        return packet.decode()
    except (av.FFmpegError, ValueError, MemoryError):
        return []
