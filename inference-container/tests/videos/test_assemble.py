"""POST /v1/assemble: segments become the video they are pieces of, with the sound of their source, in time with it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from clips import H, W, make_clip, make_sound_only, read_number
from conftest import RunningService
from media_server import MediaServer
from montage import (
    CLICK_SECONDS,
    Montage,
    decode_sound,
    find_boxes,
    find_clicks,
    make_source,
    read_heard,
    read_picture_packets,
    read_times,
)

from inpainting.videos.remote_file import BLOCK_BYTES


@pytest.fixture
def montage(service: RunningService, media: MediaServer) -> Montage:
    return Montage(service, media)


def read_clock(data: bytes) -> tuple[str, list[int], int]:
    """What a probe tells of a source: its time base, its frames' times, and where the last one ends."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size and not packet.is_discard]
    times = sorted(packet.dts if packet.pts is None else packet.pts for packet in packets)
    base = Fraction(stream.time_base)
    return f"{base.numerator}/{base.denominator}", times, times[-1] + (packets[-1].duration or 1)


def cut(montage: Montage, times: list[int], end: int, time_base: str, *cuts: int) -> list[bytes]:
    """Segments of a video, cut before the frames of these numbers."""
    edges = [0, *cuts, len(times)]
    return [
        montage.segment(times[low:high], end if high == len(times) else times[high], time_base)
        for low, high in pairwise(edges)
    ]


def cut_source(montage: Montage, source: bytes) -> list[bytes]:
    time_base, times, end = read_clock(source)
    return cut(montage, times, end, time_base, 6, 7)


@pytest.mark.parametrize(
    ("time_base", "times", "end"),
    [
        ("1/15360", range(0, 12 * 512, 512), 12 * 512),
        ("1001/30000", range(7, 19), 19),
        ("1/1000", [33, 67, 100, 140, 141, 900, 2000, 2040, 2041, 2050, 5000, 5001], 5003),
        ("1/10", range(-6, 6), 6),
        ("1/10", range(-20, -8), -8),
    ],
)
def test_joined_segments_have_the_times_of_the_whole(
    montage: Montage, time_base: str, times: list[int], end: int
) -> None:
    segments = cut(montage, list(times), end, time_base, 1, 5, 9)
    line, data = montage.make("assemble", montage.assemble_body(segments, None))
    base = Fraction(time_base)
    assert read_times(data) == [
        ((time - times[0]) * base, (later - time) * base) for time, later in pairwise([*times, end])
    ]
    assert (line["frameCount"], line["width"], line["height"]) == (12, W, H)
    assert line["durationSeconds"] == pytest.approx(float((end - times[0]) * base), abs=1e-6)
    assert (line["sound"], line["notes"]) == (None, [])


def test_nothing_is_encoded_again_and_every_frame_can_be_seen(montage: Montage) -> None:
    segments = [montage.segment(range(5), 5), montage.segment([5], 6), montage.segment(range(6, 9), 9)]
    data = montage.make("assemble", montage.assemble_body(segments, None))[1]
    assert read_picture_packets(data) == [packet for segment in segments for packet in read_picture_packets(segment)]
    boxes = find_boxes(data)
    assert boxes.index("moov") < boxes.index("mdat")
    with av.open(io.BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (6, 6, 6, 1)
        shown = [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert shown == [0, 1, 2, 3, 4, 0, 0, 1, 2]


def test_one_frame_alone_is_a_video(montage: Montage) -> None:
    line, data = montage.make("assemble", montage.assemble_body([montage.segment([70], 73)], None))
    assert (line["frameCount"], line["durationSeconds"]) == (1, 0.3)
    assert read_times(data) == [(Fraction(0), Fraction(3, 10))]


@pytest.mark.parametrize("begins", [(0, 0), (3, 0), (0, 0.35), (4, 0.1)])
@pytest.mark.parametrize(
    ("container", "codec", "rate", "tolerance"),
    [
        ("mp4", "aac", 48000, 1e-4),
        ("mov", "aac", 44100, 1e-4),
        ("mp4", "libmp3lame", 44100, 1e-4),
        ("matroska", "libopus", 48000, 1.1e-3),
        ("webm", "libopus", 48000, 1.1e-3),
        ("matroska", "aac", 44100, 1.1e-3),
    ],
)
def test_sound_is_copied_byte_for_byte_and_in_time(
    montage: Montage, container: str, codec: str, rate: int, tolerance: float, begins: tuple[int, float]
) -> None:
    source = make_source(container, codec, rate=rate, picture_begins=begins[0], sound_begins=begins[1])
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))
    assert (line["sound"], line["notes"]) == (
        {"codec": codec.removeprefix("lib").removesuffix("lame"), "copied": True},
        [],
    )
    theirs, ours = read_heard(source), read_heard(data)
    assert [packet.data for packet in ours] == [packet.data for packet in theirs]
    offset = float(read_times(data)[0][0]) - picture_begin(source)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.seconds - offset == pytest.approx(other.seconds, abs=tolerance)
    assert find_clicks(data) == pytest.approx(find_clicks(source), abs=tolerance)
    steps = np.diff([packet.seconds for packet in ours[:-1]])
    assert steps.max() - steps.min() < 1e-6


def picture_begin(source: bytes) -> float:
    time_base, times, _ = read_clock(source)
    return float(times[0] * Fraction(time_base))


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_an_encoders_priming_stays_unheard(montage: Montage, container: str) -> None:
    source = make_source(container, "aac")
    data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))[1]
    theirs, ours = decode_sound(source), decode_sound(data)
    length = min(theirs.shape[1], ours.shape[1])
    assert length > 48000
    assert np.array_equal(ours[:, :length], theirs[:, :length])
    assert find_clicks(data) == pytest.approx(CLICK_SECONDS, abs=1e-3)


@pytest.mark.parametrize("codec", ["flac", "ac3", "alac"])
def test_other_sound_that_an_mp4_holds_is_copied_too(montage: Montage, codec: str) -> None:
    source = make_source("matroska", codec)
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))
    assert line["sound"] == {"codec": codec, "copied": True}
    assert [packet.data for packet in read_heard(data)] == [packet.data for packet in read_heard(source)]
    assert find_clicks(data) == pytest.approx(find_clicks(source), abs=1.1e-3)


def test_the_sound_of_an_avi_is_copied(montage: Montage) -> None:
    source = make_source("avi", "libmp3lame", rate=44100)
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))
    assert line["sound"] == {"codec": "mp3", "copied": True}
    assert [packet.data for packet in read_heard(data)] == [packet.data for packet in read_heard(source)]


@pytest.mark.parametrize("begins", [(0, 0), (3, 0), (0, 0.35)])
@pytest.mark.parametrize(
    ("container", "codec", "rate", "result_rate"),
    [
        ("matroska", "vorbis", 44100, 44100),
        ("webm", "vorbis", 48000, 48000),
        ("mov", "pcm_s16be", 48000, 48000),
        ("mov", "pcm_s16le", 96000, 48000),
        ("matroska", "libmp3lame", 8000, 8000),
    ],
)
def test_sound_that_an_mp4_cannot_hold_is_encoded_in_time_and_that_is_said(
    montage: Montage, container: str, codec: str, rate: int, result_rate: int, begins: tuple[int, float]
) -> None:
    source = make_source(container, codec, rate=rate, picture_begins=begins[0], sound_begins=begins[1])
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))
    assert line["sound"] == {"codec": "aac", "copied": False}
    assert len(line["notes"]) == 1
    assert codec.removeprefix("lib").removesuffix("lame") in line["notes"][0] and "AAC" in line["notes"][0]
    with av.open(io.BytesIO(data)) as container_:
        context = container_.streams.audio[0].codec_context
        assert (context.codec.canonical_name, context.sample_rate, context.channels) == ("aac", result_rate, 2)
    assert find_clicks(data) == pytest.approx(find_clicks(source), abs=2e-3)


def test_raw_sound_of_an_avi_is_encoded(montage: Montage) -> None:
    source = make_source("avi", "pcm_s16le", rate=44100)
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), source))
    assert line["sound"] == {"codec": "aac", "copied": False}
    assert find_clicks(data) == pytest.approx(CLICK_SECONDS, abs=1e-3)


def test_a_silent_source_makes_a_silent_video(montage: Montage) -> None:
    source = make_clip(6)
    line, data = montage.make("assemble", montage.assemble_body([montage.segment(range(6), 6)], source))
    assert (line["sound"], line["notes"]) == (None, [])
    with av.open(io.BytesIO(data)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_sound_that_is_damaged_is_kept_as_far_as_it_goes(montage: Montage) -> None:
    source = make_source("matroska", "vorbis", rate=44100)
    damaged = source[: int(len(source) * 0.7)]
    line, data = montage.make("assemble", montage.assemble_body(cut_source(montage, source), damaged))
    assert line["frameCount"] == 15
    assert 0 < len(read_heard(data)) < len(read_heard(source))


def test_of_a_large_source_only_what_is_needed_is_read(montage: Montage) -> None:
    source = make_source("mp4", "aac")
    assert find_boxes(source)[-1] == "moov"
    index = source.rindex(b"moov") - 4
    filler = (40 * BLOCK_BYTES).to_bytes(4) + b"free" + bytes(40 * BLOCK_BYTES - 8)
    url = montage.media.put("large-source", source[:index] + filler + source[index:])
    segments = cut_source(montage, source)
    montage.media.requests.clear()
    line, _ = montage.make("assemble", montage.assemble_body(segments, url))
    assert line["sound"] == {"codec": "aac", "copied": True}
    assert montage.media.requests.count("GET objects/large-source") < 6


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda _: b"no video at all", "segment.unreadable", ("Segment 1", "/v1/segments")),
        (lambda _: b"", "segment.unreadable", ("Segment 1",)),
        (lambda good: good[: len(good) * 2 // 3], "segment.unreadable", ("Segment 1", "of the 4 frames")),
        (lambda good: good[:60], "segment.unreadable", ("Segment 1",)),
        (lambda _: make_clip(3, container="matroska"), "segment.unreadable", ("Segment 1", "mkv", "MP4")),
        (lambda _: make_clip(3, codec="mpeg4"), "segment.unreadable", ("Segment 1", "mpeg4")),
        (lambda _: make_sound_only(), "segment.unreadable", ("Segment 1",)),
        (lambda _: make_clip(3), "segment.size_mismatch", ("Segment 1", "other settings")),
    ],
)
def test_a_segment_that_is_none_refuses_the_video(
    montage: Montage, spoil: Callable[[bytes], bytes], code: str, words: tuple[str, ...]
) -> None:
    good = montage.segment(range(4, 8), 8)
    body = montage.assemble_body([montage.segment(range(4), 4), spoil(good)], None)
    error = montage.refuse("assemble", body)
    assert (error["code"], error["retryable"]) == (code, False)
    for word in words:
        assert word in error["message"]


def test_segments_that_do_not_follow_each_other_refuse_the_video(montage: Montage) -> None:
    first, second = montage.segment(range(4), 4), montage.segment(range(4, 8), 8)
    for order in ([second, first], [first, first], [first, second, second]):
        error = montage.refuse("assemble", montage.assemble_body(order, None))
        assert (error["code"], error["retryable"]) == ("segment.out_of_order", False)
    small = montage.segment(range(4, 8), 8, size=(64, 48))
    error = montage.refuse("assemble", montage.assemble_body([first, small], None))
    assert error["code"] == "segment.size_mismatch"
    assert "Segment 1" in error["message"] and "64x48" in error["message"] and f"{W}x{H}" in error["message"]
    other_clock = montage.segment(range(400, 800, 100), 800, "1/1000")
    assert (
        montage.refuse("assemble", montage.assemble_body([first, other_clock], None))["code"] == "segment.size_mismatch"
    )


@pytest.mark.parametrize(
    ("path", "code", "is_retryable"),
    [
        ("fail/403", "media.fetch_failed", False),
        ("objects/nowhere", "media.fetch_failed", False),
        ("fail/503", "media.fetch_failed", True),
        ("cut-range/good", "media.fetch_failed", True),
    ],
)
@pytest.mark.parametrize("field", ["segments", "sound"])
def test_what_cannot_be_fetched_is_told(montage: Montage, field: str, path: str, code: str, is_retryable: bool) -> None:
    good = montage.segment(range(4), 4)
    montage.media.put("good", good)
    url = montage.media.url(path)
    body = montage.assemble_body([url if field == "segments" else good], url if field == "sound" else None)
    error = montage.refuse("assemble", body)
    assert (error["code"], error["retryable"]) == (code, is_retryable)
    assert error["message"].startswith("Segment 0" if field == "segments" else "The video with the sound")


def test_a_source_that_is_no_video_refuses_the_video(montage: Montage) -> None:
    error = montage.refuse("assemble", montage.assemble_body([montage.segment([0], 1)], b"#EXTM3U\nhttp://127.0.0.1/"))
    assert (error["code"], error["retryable"]) == ("video.undecodable", False)
    assert error["message"].startswith("The video with the sound")


def test_other_origins_are_neither_read_nor_written(montage: Montage) -> None:
    good, elsewhere = montage.segment([0], 1), "http://127.0.0.1:9/secret?Signature=x"
    for body in (
        montage.assemble_body([elsewhere], None),
        montage.assemble_body([good], elsewhere),
        montage.assemble_body([good], None, resultUrl=elsewhere),
    ):
        assert montage.refuse("assemble", body)["code"] == "origin.refused"


@pytest.mark.parametrize(("status", "is_retryable"), [(403, False), (500, True)])
def test_a_store_that_does_not_take_the_result_is_told(montage: Montage, status: int, is_retryable: bool) -> None:
    result = montage.media.url(f"fail/{status}")
    error = montage.refuse("assemble", montage.assemble_body([montage.segment([0], 1)], None, resultUrl=result))
    assert (error["code"], error["retryable"]) == ("result.store_failed", is_retryable)
    assert str(status) in error["message"]


def test_a_request_that_makes_no_sense_is_refused_at_once(montage: Montage) -> None:
    good = montage.assemble_body(["http://x/"], None)
    for changes, field in (
        ({"segments": []}, "segments"),
        ({"segments": [{"url": "http://x/", "pts": 1}]}, "segments.0.pts"),
        ({"sound": "http://x/"}, "sound"),
        ({"taskId": "seven"}, "taskId"),
    ):
        answer = montage.service.http.post("/v1/assemble", json=good | changes)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request.invalid")
        assert answer.json()["error"]["field"] == field


def test_a_client_that_goes_away_and_a_service_that_stops_end_the_work(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_STOP_SECONDS_MAX="1")
    montage = Montage(service, media)
    segment = montage.segment(range(4), 4)
    gone, stop = (montage.media.url(f"held/assemble-{name}/x") for name in ("gone", "stop"))
    montage.media.put("x", segment)
    with service.http.stream("POST", "/v1/assemble", json=montage.assemble_body([gone], None)):
        assert media.arrivals["assemble-gone"].acquire(timeout=10)
    deadline = time.monotonic() + 5
    while service.http.get("/health").json()["queuedItems"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.http.get("/health").json()["queuedItems"] == 0
    with service.http.stream("POST", "/v1/assemble", json=montage.assemble_body([stop], None)) as answer:
        assert media.arrivals["assemble-stop"].acquire(timeout=10)
        service.terminate()
        line = json.loads(list(answer.iter_lines())[-1])
    assert (line["type"], line["error"]["code"], line["error"]["retryable"]) == ("error", "service.stopping", True)
    assert service.process.wait(timeout=5) == 0
    for name in ("gone", "stop"):
        media.gates[f"assemble-{name}"].set()
