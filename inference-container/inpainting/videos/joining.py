"""Segments made one video: their packets one after another, and the sound of the source beside them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from inpainting.errors import Code, ItemError
from inpainting.videos.encoding import read_origin
from inpainting.videos.remote_file import RemoteFile
from inpainting.videos.result_file import ResultFile
from inpainting.videos.sound import Sound, open_sound
from inpainting.videos.source import VideoSource

_PACKETS_PER_CHECK = 64


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What was written. `seconds` is from the first frame's beginning to the last one's end."""

    frame_count: int
    seconds: Fraction
    width: int
    height: int
    sound: dict[str, Any] | None
    notes: list[str]


class Joiner:
    """Writes segments and a source's sound to one MP4. For one thread; `frame_count` grows meanwhile.

    `open_segment` opens a segment by its position; `check` is called on the way and may raise. Raises ItemError:
    segment.unreadable, segment.size_mismatch, segment.out_of_order, and what the files raise.
    """

    def __init__(
        self,
        *,
        count: int,
        open_segment: Callable[[int], RemoteFile],
        target: ResultFile,
        pixels_max: int,
        check: Callable[[], None],
    ) -> None:
        self._count = count
        self._open_segment = open_segment
        self._target = target
        self._pixels_max = pixels_max
        self._check = check
        self._begins = self._ends = 0
        self.frame_count = 0

    def join(self, source: VideoSource | None) -> Joined:
        """Joins them, with the sound of `source`, kept in time with the picture."""
        sound, notes = (None, []) if source is None else open_sound(source)
        with _Segment(self._open_segment(0), 0, self._pixels_max) as first:
            with self._target.open_mp4(first.time_base) as output:
                stream = output.add_stream_from_template(first.stream)
                if sound is not None:
                    sound.add_to(output)
                self._write(output, stream, first, sound)
            context = first.stream.codec_context
            return Joined(
                frame_count=self.frame_count,
                seconds=(self._ends - self._begins) * first.time_base,
                width=context.width,
                height=context.height,
                sound=None if sound is None else {"codec": sound.codec, "copied": sound.is_copied},
                notes=notes + ([] if sound is None else sound.notes),
            )

    def _write(self, output: OutputContainer, stream: VideoStream, first: _Segment, sound: Sound | None) -> None:
        pictures = self._read_pictures(first, stream)
        opening = next(pictures)
        self._begins = opening.pts or 0
        # What is shown or heard first is at zero in the result.
        shift = self._begins * first.time_base
        if sound is not None:
            shift = min(shift, sound.begins)
        shift_ticks = round(shift / first.time_base)

        def moved() -> Iterator[Packet[Any]]:
            yield _move(opening, shift_ticks)
            for packet in pictures:
                yield _move(packet, shift_ticks)

        heard = iter(()) if sound is None else sound.packets(shift)
        lost = 0
        for number, packet in enumerate(heapq.merge(moved(), heard, key=_seconds)):
            if number % _PACKETS_PER_CHECK == 0:
                self._check()
            is_picture = packet.stream is stream
            try:
                output.mux(packet)
            except (av.InvalidDataError, av.ArgumentError):
                if is_picture:
                    raise
                lost += 1
            self.frame_count += is_picture
        if lost and sound is not None:
            sound.notes.append(f"{lost} packets of the source's sound are damaged and were left out.")

    def _read_pictures(self, first: _Segment, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
        """The packets of all segments, in ticks of the source's clock, for the stream that was made."""
        last: int | None = None
        for number in range(self._count):
            segment = first if number == 0 else _Segment(self._open_segment(number), number, self._pixels_max)
            try:
                segment.ensure_like(first)
                for packet in segment.packets():
                    if last is not None and (packet.pts or 0) <= last:
                        raise ItemError(
                            Code.SEGMENT_OUT_OF_ORDER,
                            f"{segment.name} begins before the one in front of it ends. Send segments in the order "
                            "of their times, each once.",
                        )
                    last = packet.pts or 0
                    self._ends = last + (packet.duration or 0)
                    packet.stream = stream
                    yield packet
            finally:
                if segment is not first:
                    segment.close()


class _Segment:
    """One segment, open for reading. A context manager."""

    def __init__(self, file: RemoteFile, number: int, pixels_max: int) -> None:
        self.name = f"Segment {number} (counted from 0)"
        try:
            self._source = VideoSource(file, name=self.name, pixels_max=pixels_max)
        except ItemError as error:
            if not error.code.startswith("video."):
                raise
            raise self._unreadable("cannot be read as a video") from error
        if self._source.codec != "h264" or self._source.kind != "mp4":
            raise self._unreadable(f"is {self._source.codec} in {self._source.kind} and not H.264 in MP4")
        self.stream = self._source.stream
        self.time_base = self._source.time_base
        self._origin = round(read_origin(self._source.container.metadata) / self.time_base)

    def __enter__(self) -> _Segment:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()
        self._source.file.close()

    def ensure_like(self, first: _Segment) -> None:
        """Raises ItemError(segment.size_mismatch) unless its packets can follow those of `first`."""
        mine, others = self.stream.codec_context, first.stream.codec_context
        if (mine.width, mine.height) != (others.width, others.height):
            raise ItemError(
                Code.SEGMENT_SIZE_MISMATCH,
                f"{self.name} has {mine.width}x{mine.height} pixels and the first {others.width}x{others.height}. "
                "Encode all segments of a video at one size.",
            )
        if mine.extradata != others.extradata or self.time_base != first.time_base:
            raise ItemError(
                Code.SEGMENT_SIZE_MISMATCH,
                f"{self.name} was encoded with other settings than the first. Encode all segments of a video with "
                "one version of this service and one time base.",
            )

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """All packets, by the source's clock; raises ItemError(segment.unreadable) where some are missing."""
        count = 0
        for packet in self._source.packets():
            if not packet.size or packet.pts is None or packet.is_corrupt:
                continue
            count += 1
            packet.pts = packet.dts = packet.pts + self._origin
            yield packet
        if count == 0 or count != self.stream.frames:
            raise self._unreadable(f"holds {count} of the {self.stream.frames} frames that it tells")

    def _unreadable(self, reason: str) -> ItemError:
        return ItemError(
            Code.SEGMENT_UNREADABLE, f"{self.name} {reason}. Send what POST /v1/segments stored, whole and unchanged."
        )


def _move(packet: Packet[VideoStream], ticks: int) -> Packet[VideoStream]:
    packet.pts = packet.dts = (packet.pts or 0) - ticks
    return packet


def _seconds(packet: Packet[Any]) -> Fraction:
    return (packet.dts or 0) * Fraction(packet.time_base)
