"""The sound of a video for an MP4: its packets as they are, or AAC where players would not take them."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.stream import Discard

from inpainting.videos.source import VideoSource

# What players take from an MP4. FFmpeg would write Vorbis and PCM too, which next to none of them play.
_COPIED = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"})
# Decoders that may be given a stranger's file.
_DECODED = _COPIED | {"vorbis", "mp1", "mp2", "dts", "wmav1", "wmav2", "amr_nb", "amr_wb"}
_DECODED_FAMILIES = ("pcm_", "adpcm_")
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_LAYOUTS = {1: "mono", 6: "5.1"}
_AAC_BITS_PER_CHANNEL = 96_000
_AAC_FRAME_SAMPLES = 1024
_CHANNELS_MAX = 64


class Sound:
    """The first sound stream of an open video, to be written once. `notes` are sentences for the user.

    `begins` is when it is first heard, in seconds by the video's own clock.
    """

    def __init__(self, source: VideoSource, stream: AudioStream, first: Packet[AudioStream]) -> None:
        self._source = source
        self._stream = stream
        self._first = first
        self._name = stream.codec_context.codec.canonical_name
        self._rate = stream.codec_context.sample_rate
        self.is_copied = self._name in _COPIED and _can_be_written(stream)
        self.notes: list[str] = []
        begins = _time(first) * _base(first) + Fraction(_read_skipped_samples(first), self._rate)
        # Coarse clocks round what is to be skipped: a beginning within a tick of zero is at zero.
        self.begins = begins if abs(begins) > _base(first) else Fraction(0)
        if not self.is_copied:
            self.notes.append(f"The sound is {self._name} in the source, which an MP4 cannot hold: it is AAC here.")

    @property
    def codec(self) -> str:
        """The codec in the result."""
        return self._name if self.is_copied else "aac"

    def add_to(self, output: OutputContainer) -> None:
        """Makes a stream for it."""
        self._output: AudioStream
        if self.is_copied:
            self._output = output.add_stream_from_template(self._stream)
            return
        rate = min(_AAC_RATES, key=lambda rate: (abs(rate - self._rate), -rate))
        layout = _AAC_LAYOUTS.get(self._stream.codec_context.channels, "stereo")
        self._output = output.add_stream("aac", rate=rate, layout=layout)
        self._output.bit_rate = _AAC_BITS_PER_CHANNEL * self._output.codec_context.channels

    def packets(self, shift: Fraction) -> Iterator[Packet[AudioStream]]:
        """Its packets for the stream that was made, `shift` seconds earlier than in the source."""
        return self._copy(shift) if self.is_copied else self._encode(shift)

    def _read(self) -> Iterator[Packet[AudioStream]]:
        """The packets of the source, and an empty one at the end."""
        yield self._first
        try:
            yield from self._source.container.demux(self._stream)
        except (av.FFmpegError, OSError, ValueError):
            self._source.file.ensure_readable()
            self.notes.append("The source's sound is damaged and could not be read to its end.")
        self._source.file.ensure_readable()

    def _copy(self, shift: Fraction) -> Iterator[Packet[AudioStream]]:
        """Containers with coarse clocks (a millisecond) jitter; the number of samples in a packet does not."""
        tick = _base(self._first) * self._rate
        expected: Fraction | None = None
        last: int | None = None
        gap = 0
        # Where the first packet is there to be skipped, what is heard begins at its end and not a tick beside.
        skipped = _read_skipped_samples(self._first)
        if abs(_time(self._first) * tick + skipped) <= tick:
            expected = Fraction(-skipped)
        frame_samples = self._stream.codec_context.frame_size
        is_regular = frame_samples > 0 or self._name == "opus"
        for packet in self._read():
            if not packet.size:
                continue
            time = _time(packet) * tick
            if expected is not None and (abs(time - expected) <= tick or packet.pts is packet.dts is None):
                time = expected
            samples = (packet.duration or 0) * tick
            if frame_samples and (not samples or abs(samples - frame_samples) <= tick):
                samples = Fraction(frame_samples)
            expected = time + samples if samples and is_regular else None
            moved = round(time - shift * self._rate)
            if last is not None:
                moved = max(moved, last + 1)
                gap = moved - last
            packet.pts = packet.dts = last = moved
            # Without one, what comes last would last for nothing and not be played.
            packet.duration = round(samples) or gap
            packet.time_base = Fraction(1, self._rate)
            packet.stream = self._output
            yield packet

    def _encode(self, shift: Fraction) -> Iterator[Packet[AudioStream]]:
        graph: Graph | None = None
        shape: Any = None
        for frame in self._decode():
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if graph is None:
                graph, shape = self._build_graph(frame), now
            if now != shape:
                self.notes.append("The source's sound changes its format on the way and was kept up to there.")
                break
            graph.push(frame)
            yield from self._drain(graph, shift)
        if graph is not None:
            graph.push(None)
            yield from self._drain(graph, shift)
            yield from self._output.encode(None)

    def _decode(self) -> Iterator[AudioFrame]:
        damaged = 0
        for packet in self._read():
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                damaged += 1
        if damaged:
            self.notes.append(f"{damaged} packets of the source's sound are damaged and were left out.")

    def _build_graph(self, frame: AudioFrame) -> Graph:
        """Makes what the encoder takes. Gaps are filled with silence, as frames lose their times on the way."""
        context = self._output.codec_context
        graph = Graph()
        graph.threads = 1
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
        )
        resample = graph.add("aresample", f"{context.sample_rate}:async=1")
        shape = graph.add("aformat", f"sample_fmts=fltp:channel_layouts={context.layout.name}")
        graph.link_nodes(source, resample, shape, graph.add("abuffersink"))
        graph.configure()
        graph.set_audio_frame_size(_AAC_FRAME_SAMPLES)
        return graph

    def _drain(self, graph: Graph, shift: Fraction) -> Iterator[Packet[AudioStream]]:
        base = Fraction(1, self._output.codec_context.sample_rate)
        for _ in itertools.count():
            try:
                frame = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame)  # noqa: S101 - the graph has no other
            frame.pts = round(((frame.pts or 0) * Fraction(frame.time_base or base) - shift) / base)
            frame.time_base = base
            yield from self._output.encode(frame)


def open_sound(source: VideoSource) -> tuple[Sound | None, list[str]]:
    """The sound of a video that stands at its beginning, and sentences for the user where it has none to be kept."""
    streams = source.container.streams.audio
    if not streams:
        return None, []
    notes = [f"The source has {len(streams)} sound tracks; the first is kept."] if len(streams) > 1 else []
    stream = streams[0]
    context = stream.codec_context
    if context is None:
        return None, [*notes, "The source's sound is of an unknown kind and was left out."]
    name = context.codec.canonical_name
    if not (name in _DECODED or name.startswith(_DECODED_FAMILIES)) or not 0 < context.channels <= _CHANNELS_MAX:
        return None, [*notes, f"The source's sound, {name}, cannot be decoded here and was left out."]
    source.stream.discard = Discard.all
    stream.discard = Discard.default
    first = None
    try:
        first = next((packet for packet in source.container.demux(stream) if packet.size), None)
    except (av.FFmpegError, OSError, ValueError):
        source.file.ensure_readable()
    source.file.ensure_readable()
    if first is None or not context.sample_rate:
        return None, [*notes, "The source's sound track is empty."]
    return Sound(source, stream, first), notes


def _can_be_written(stream: AudioStream) -> bool:
    """Whether the muxer takes a stream as it is; some rates and layouts have no place in an MP4."""
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError, OSError):
        return False
    return True


def _time(packet: Packet[AudioStream]) -> int:
    return packet.pts if packet.pts is not None else packet.dts or 0


def _base(packet: Packet[AudioStream]) -> Fraction:
    return Fraction(packet.time_base)


def _read_skipped_samples(packet: Packet[AudioStream]) -> int:
    """How many samples at its beginning an encoder put there for the decoder to start with."""
    if not packet.has_sidedata("skip_samples"):
        return 0
    return int(struct.unpack_from("<I", bytes(packet.get_sidedata("skip_samples")))[0])
