"""Segments and sources for tests: sent to the routes, made on the spot, and looked into."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import av
import numpy as np
from clips import H, W, paint
from conftest import RunningService
from media_server import MediaServer
from pictures import encode

CLICK_SECONDS = (0.25, 0.75, 1.25)


class Montage:
    """Sends frames and segments through a service."""

    _made: ClassVar[WeakKeyDictionary[RunningService, dict[object, bytes]]] = WeakKeyDictionary()

    def __init__(self, service: RunningService, media: MediaServer) -> None:
        self.service = service
        self.media = media

    def frames(self, times: Sequence[int], size: tuple[int, int] = (W, H)) -> list[dict[str, Any]]:
        return [
            {"url": self.media.put(uuid.uuid4().hex, encode(paint(number, *size))), "fallbackUrl": None, "pts": time}
            for number, time in enumerate(times)
        ]

    def segment_body(self, frames: list[dict[str, Any]], end: int, **changes: Any) -> dict[str, Any]:
        return {
            "taskId": str(uuid.uuid4()),
            "size": {"width": W, "height": H},
            "timeBase": "1/10",
            "frames": frames,
            "endPts": end,
            "resultUrl": self.media.url(f"objects/{uuid.uuid4().hex}"),
            **changes,
        }

    def assemble_body(self, segments: Sequence[bytes | str], sound: bytes | str | None, **changes: Any) -> Any:
        return {
            "taskId": str(uuid.uuid4()),
            "segments": [{"url": self._url(segment)} for segment in segments],
            "sound": None if sound is None else {"url": self._url(sound)},
            "resultUrl": self.media.url(f"objects/{uuid.uuid4().hex}"),
            **changes,
        }

    def _url(self, content: bytes | str) -> str:
        return content if isinstance(content, str) else self.media.put(uuid.uuid4().hex, content)

    def stored(self, body: dict[str, Any]) -> bytes | None:
        return self.media.objects.get(body["resultUrl"].partition("?")[0].rpartition("/")[2])

    def send(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        """The last line of the answer."""
        response = self.service.http.post(f"/v1/{route}", json=body)
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"] == "application/x-ndjson"
        *progress, last = [json.loads(line) for line in response.text.splitlines()]
        assert all(line["type"] == "progress" for line in progress)
        assert last["taskId"] == body["taskId"]
        return last

    def make(self, route: str, body: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The end line and what was stored; it must succeed, and tell the truth about the bytes."""
        end = self.send(route, body)
        assert end["type"] == "end", end
        data = self.stored(body)
        assert data is not None
        assert (end["sizeBytes"], end["contentType"]) == (len(data), "video/mp4")
        assert (end["sha256"], end["crc32"]) == (hashlib.sha256(data).hexdigest(), zlib.crc32(data))
        assert end["energy"]["method"] == "cpu-time-estimate"
        return end, data

    def segment(self, times: Sequence[int], end: int, time_base: str = "1/10", size: tuple[int, int] = (W, H)) -> bytes:
        """One of painted frames; a service is asked for each once, as it makes the same bytes of the same frames."""
        made = self._made.setdefault(self.service, {})
        what = (tuple(times), end, time_base, size)
        if what not in made:
            width, height = size
            body = self.segment_body(
                self.frames(times, size), end, timeBase=time_base, size={"width": width, "height": height}
            )
            made[what] = self.make("segments", body)[1]
        return made[what]

    def refuse(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        """The error; it must fail, keep signatures to itself, and store nothing."""
        line = self.send(route, body)
        assert line["type"] == "error", line
        assert "ignature" not in line["error"]["message"]
        assert self.stored(body) is None
        error: dict[str, Any] = line["error"]
        return error


@dataclass(frozen=True)
class Heard:
    """A sound packet: its bytes, and when it is to be decoded, in seconds."""

    data: bytes
    seconds: float


def read_times(data: bytes) -> list[tuple[Fraction, Fraction]]:
    """When each frame is shown and for how long, in seconds."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert all(packet.pts == packet.dts for packet in packets)
        return [(packet.pts * stream.time_base, packet.duration * stream.time_base) for packet in packets]


def read_picture_packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def read_heard(data: bytes) -> list[Heard]:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [Heard(bytes(packet), float(packet.pts * packet.time_base)) for packet in packets]


def find_clicks(data: bytes) -> list[float]:
    """When the clicks of `make_source` begin, in seconds after the first frame is shown."""
    times = []
    with av.open(io.BytesIO(data)) as container:
        shown = min(packet.pts * packet.time_base for packet in container.demux(video=0) if packet.pts is not None)
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono")
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                start = float(frame.pts * frame.time_base - shown)
                times += [start + at / frame.sample_rate for at in np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.3)]
    return [time for number, time in enumerate(times) if number == 0 or time - times[number - 1] > 0.2]


def decode_sound(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def make_source(
    container: str = "mp4",
    codec: str = "aac",
    *,
    rate: int = 48000,
    picture_begins: int = 0,
    sound_begins: float = 0,
    frames: int = 15,
) -> bytes:
    """A video of ten frames a second whose sound clicks; `picture_begins` is in frames."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        picture: Any = output.add_stream("libvpx-vp9" if container == "webm" else "mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = W, H, "yuv420p"
        sound: Any = output.add_stream(codec, rate=rate, layout="stereo", options={"strict": "experimental"})
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(paint(number)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number + picture_begins, Fraction(1, 10)
            output.mux(picture.encode(frame))
        output.mux(picture.encode())
        wave = np.zeros(int(rate * frames / 10), np.float32)
        for seconds in CLICK_SECONDS:
            start = int(seconds * rate)
            wave[start : start + rate // 100] = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(rate // 100) / rate + 1)
        for start in range(0, len(wave), 1024):
            heard = av.AudioFrame.from_ndarray(np.stack([wave[start : start + 1024]] * 2), "fltp", "stereo")
            heard.sample_rate, heard.time_base = rate, Fraction(1, rate)
            heard.pts = start + int(sound_begins * rate)
            output.mux(sound.encode(heard))
        output.mux(sound.encode())
    return file.getvalue()


def find_boxes(data: bytes) -> list[str]:
    """The names of an MP4's outermost boxes."""
    names, position = [], 0
    while position < len(data):
        size, name = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8].decode()
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16])
        names.append(name)
        position += size
    return names
