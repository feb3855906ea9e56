"""Videos whose frames share times or leave gaps come through every route: each moment has the frame that is shown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import pytest
from clips import make_clip
from conftest import RunningService
from media_server import MediaServer
from montage import Montage, read_times
from video_bench import VideoBench, numbers


def make_timed(times: Sequence[int], container: str, codec: str) -> bytes:
    """A clip whose frame n is at `times[n]`, in tenths of a second."""
    file = io.BytesIO()
    clip = make_clip(len(times), codec=codec, options={"bf": "0"})
    with av.open(io.BytesIO(clip)) as source, av.open(file, "w", format=container) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet, time in zip((one for one in source.demux(video=0) if one.size), times, strict=True):
            packet.time_base = Fraction(1, 10)
            packet.pts = packet.dts = time
            packet.duration, packet.stream = 1, stream
            output.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize(
    ("times", "container", "codec", "shown"),
    [
        ([0, 1, 2, 2, 3, 3, 3, 4, 5], "matroska", "libx264", [0, 1, 2, 4, 7, 8]),
        ([0, 0, 0, 0], "matroska", "libx264", [0]),
        ([0, 1, 2, 20, 21, 40], "matroska", "libx264", [0, 1, 2, 3, 4, 5]),
        ([0, 1, 5, 9], "mp4", "libx264", [0, 1, 2, 3]),
        ([0, 1, 2, 5, 9], "avi", "mpeg4", [0, 1, 2, 3, 4]),
    ],
)
def test_every_time_is_one_frame_from_the_probe_to_the_segment(
    service: RunningService, media: MediaServer, times: list[int], container: str, codec: str, shown: list[int]
) -> None:
    bench, montage = VideoBench(service, media), Montage(service, media)
    clip = bench.put(make_timed(times, container, codec))
    probed = bench.probe(clip, fps="source")
    samples = probed["samples"]
    assert samples == sorted(set(samples))
    frames = bench.sample(clip, samples, first_pts=probed["firstPts"])[1]
    assert numbers(frames) == shown
    body = montage.segment_body(montage.frames(samples), probed["endPts"], timeBase=probed["timeBase"])
    made = read_times(montage.make("segments", body)[1])
    assert [round(float(time), 3) for time, _ in made] == [time / 10 for time in sorted(set(times))]
