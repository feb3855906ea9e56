"""A video that is open for reading: only by demuxers that read nothing but the file they were given."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, NoReturn

import av
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from inpainting.errors import Code, ItemError
from inpainting.videos.remote_file import RemoteFile

# FFmpeg writes to standard error, which is not where this service's log is.
av.logging.set_level(None)

_HEAD_BYTES = 4096
_READ_BYTES = 256 * 1024
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
_DEMUXERS = {"mp4": "mov", "mov": "mov", "mkv": "matroska", "webm": "matroska", "avi": "avi"}

# Decoders are the widest door for a hostile file: those that people's videos need, and no others.
CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores", "mpeg2video", "mpeg1video", "msmpeg4v3"}
    | {"h263", "theora", "dnxhd", "ffv1", "wmv3", "vc1"}
)


def tell_container(head: bytes) -> str | None:
    """The container that a file's first bytes are of: mp4, mov, mkv, webm, avi, or None.

    Playlists (HLS, ffconcat), which name other files for the demuxer to open, are none of these.
    """
    if head[4:8] in _MP4_BOXES:
        return "mov" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"\x42\x82\x84webm" in head[:64] else "mkv"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return None


class VideoSource:
    """A video's container and its picture stream. For one thread; a context manager.

    Raises ItemError: video.undecodable, video.no_video_stream, video.too_many_pixels, and what the file raises.
    """

    def __init__(self, file: RemoteFile, *, name: str, pixels_max: int, threads: int = 1) -> None:
        self.file = file
        self.name = name
        self._pixels_max = pixels_max
        self._threads = threads
        file.seek(0)
        kind = tell_container(file.read(_HEAD_BYTES))
        if kind is None:
            self.refuse("is not an MP4, MOV, WebM, Matroska or AVI file")
        self.kind = kind
        self.container: InputContainer
        self.stream: VideoStream
        self._open()

    def _open(self) -> None:
        self.file.seek(0)
        try:
            self.container = av.open(
                self.file,
                mode="r",
                format=_DEMUXERS[self.kind],
                options={"max_pixels": str(self._pixels_max)},
                buffer_size=_READ_BYTES,
                io_open=_refuse_to_open,
            )
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            self.file.ensure_readable()
            self._refuse_head(error)
        try:
            self.stream = self._choose_stream()
        except ItemError:
            self.close()
            raise

    def _choose_stream(self) -> VideoStream:
        self.file.ensure_readable()
        if not self.container.streams:
            self._refuse_head()
        streams = [stream for stream in self.container.streams.video if not _is_cover(stream)]
        if not streams:
            raise ItemError(
                Code.VIDEO_NO_VIDEO_STREAM,
                f"{self.name} holds no moving pictures{self._describe_others()}. Upload a file that shows a picture.",
            )
        stream = streams[0]
        for other in self.container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        context = stream.codec_context
        if context is None or _codec_name(stream) not in CODECS:
            self.refuse(f"has pictures in the codec {_codec_name(stream)}, which cannot be decoded here")
        if context.width * context.height > self._pixels_max:
            raise too_many_pixels(self.name, context.width, context.height, self._pixels_max)
        context.options = {"max_pixels": str(self._pixels_max)}
        context.thread_count = self._threads
        context.thread_type = "AUTO"
        return stream

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.container.close()

    def rewind(self) -> None:
        """Begins again at the first packet, whatever state the container was left in."""
        self.close()
        self._open()

    @property
    def codec(self) -> str:
        return _codec_name(self.stream)

    @property
    def time_base(self) -> Fraction:
        """Seconds of a tick of timestamps."""
        base = self.stream.time_base
        if not base:
            self.refuse("tells no time base")
        return base

    @property
    def has_timestamps(self) -> bool:
        """False where the container says when pictures are decoded but not when they are shown."""
        return self.kind != "avi" or not self.stream.codec_context.reorder_depth

    @property
    def sound_codec(self) -> str | None:
        streams = self.container.streams.audio
        return _codec_name(streams[0]) if streams else None

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """The picture stream's packets from where the container stands, and an empty one that flushes the decoder.

        They end where the container's data is damaged; `file.ensure_readable` has passed then.
        """
        try:
            yield from self.container.demux(self.stream)
        except (av.FFmpegError, OSError, ValueError, MemoryError):
            self.file.ensure_readable()
        self.file.ensure_readable()

    def refuse(self, reason: str, error: BaseException | None = None) -> NoReturn:
        """Raises ItemError(video.undecodable)."""
        raise ItemError(
            Code.VIDEO_UNDECODABLE,
            f"{self.name} {reason}. Upload it as MP4 with H.264, as most players and cameras write it.",
            codec=_codec_name(self.stream) if hasattr(self, "stream") else None,
        ) from error

    def _refuse_head(self, error: BaseException | None = None) -> NoReturn:
        """Raises ItemError(video.undecodable) for a file that does not tell what is in it."""
        self.refuse(
            "has no readable index: it is damaged, or was cut off before its end"
            if self.kind in ("mp4", "mov")
            else "is damaged where it begins",
            error,
        )

    def _describe_others(self) -> str:
        return ", only sound" if self.container.streams.audio else ""


def too_many_pixels(name: str, width: int, height: int, pixels_max: int) -> ItemError:
    return ItemError(
        Code.VIDEO_TOO_MANY_PIXELS,
        f"{name} has frames of {width}x{height} pixels; at most {pixels_max} pixels are taken. Scale it down.",
    )


def _is_cover(stream: VideoStream) -> bool:
    """Whether a stream is the still picture that music carries."""
    return Disposition.attached_pic in stream.disposition


def _codec_name(stream: Any) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context is not None else "unknown"


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:  # noqa: ARG001
    """Demuxers read the file they were given: no other file, and no address."""
    raise PermissionError("a video must not name other files")
