"""POST /v1/segments: frames become a piece of video with their own times and colours, or are refused."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from clips import H, W, paint, read_number
from conftest import RunningService
from media_server import MediaServer
from montage import Montage, find_boxes, read_times
from pictures import encode, encode_16_bit, scene


@pytest.fixture
def montage(service: RunningService, media: MediaServer) -> Montage:
    return Montage(service, media)


def decode(data: bytes) -> list[np.ndarray]:
    """All frames in RGB, by the matrix that the stream is tagged with."""
    with av.open(io.BytesIO(data)) as container:
        flags = 0x2 | 0x40000 | 0x2000  # bilinear, accurate, full chroma
        return [frame.to_ndarray(format="rgb24", interpolation=flags) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("time_base", "times", "end"),
    [
        ("1/15360", range(0, 30 * 512, 512), 30 * 512),
        ("1001/30000", range(5, 15), 15),
        ("1/90000", [126000, 129003, 132006], 135009),
        ("1/1000", [0, 33, 67, 400, 401, 1500], 1501),
        ("1/10000000", [17, 333350, 10**9], 10**9 + 1),
        ("1/25", [3], 7),
        ("1/10", [-30, -20, 5], 6),
        ("1/1", [0, 1, 100], 102),
    ],
)
def test_each_frame_keeps_its_time_and_duration(montage: Montage, time_base: str, times: list[int], end: int) -> None:
    end_line, data = montage.make("segments", montage.segment_body(montage.frames(times), end, timeBase=time_base))
    assert (end_line["frameCount"], end_line["replaced"]) == (len(times), [])
    ticks = [*times, end]
    origin = min(0, ticks[0])
    assert read_times(data) == [
        ((time - origin) * Fraction(time_base), (later - time) * Fraction(time_base))
        for time, later in itertools.pairwise(ticks)
    ]
    assert [read_number(frame) for frame in decode(data)] == list(range(len(times)))


def test_a_segment_plays_everywhere_and_begins_before_it_is_loaded(montage: Montage) -> None:
    data = montage.segment(range(12), 12)
    boxes = find_boxes(data)
    assert boxes.index("moov") < boxes.index("mdat")
    with av.open(io.BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        frames = list(container.decode(video=0))
        assert (context.codec.name, context.pix_fmt, context.max_b_frames) == ("h264", "yuv420p", 0)
        assert frames[0].key_frame and not any(frame.pict_type == 3 for frame in frames)


@pytest.mark.parametrize(
    ("size", "tag", "picture"),
    [((W, H), 6, "flat"), ((96, 720), 1, "flat"), ((96, 718), 6, "flat"), ((64, 720), 1, "scene")],
)
def test_colours_stay_within_the_codecs_noise_and_are_tagged(
    montage: Montage, size: tuple[int, int], tag: int, picture: str
) -> None:
    pixels = paint(170, *size) if picture == "flat" else np.repeat(np.repeat(scene(8, 90), 8, 0), 8, 1)
    frames = [{"url": montage.media.put(f"colours-{size[0]}-{size[1]}-{picture}", encode(pixels)), "pts": 0}]
    body = montage.segment_body(frames, 1, size={"width": size[0], "height": size[1]})
    data = montage.make("segments", body)[1]
    with av.open(io.BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (tag,) * 3 + (
            1,
        )
    difference = decode(data)[0].astype(int) - pixels
    assert np.abs(difference).mean() < 5
    assert np.abs(difference.mean((0, 1))).max() < 0.8


@pytest.mark.parametrize("size", [(97, 81), (128, 81), (1, 1), (2, 2), (3, 500)])
def test_odd_sizes_are_filled_up_with_the_pixels_at_the_edge(montage: Montage, size: tuple[int, int]) -> None:
    width, height = size
    (frame,) = decode(montage.segment([0], 1, size=size))
    assert frame.shape[:2] == (height + height % 2, width + width % 2)
    assert np.abs(frame[height - 1].astype(int) - frame[-1]).max() <= 12
    assert np.abs(frame[:, width - 1].astype(int) - frame[:, -1]).max() <= 12


def test_frames_of_every_kind_of_picture_are_taken(montage: Montage) -> None:
    pixels = paint(5)
    files = [
        encode(pixels),
        encode(pixels, "JPEG", quality=95, subsampling=0),
        encode(pixels, "WEBP", lossless=True),
        encode(np.dstack((pixels, np.full((H, W), 200, np.uint8)))),
        encode_16_bit(pixels.astype(np.uint16) * 257),
        encode(pixels[..., 1]),
    ]
    frames = [{"url": montage.media.put(f"kind-{i}", file), "pts": i} for i, file in enumerate(files)]
    shown = decode(montage.make("segments", montage.segment_body(frames, len(files)))[1])
    for frame in shown[:-1]:
        assert np.abs(frame.astype(int) - pixels).mean() < 4
    assert np.abs(shown[-1].astype(int) - pixels[..., 1:2]).mean() < 4


def test_a_frame_that_cannot_be_used_is_replaced_and_told(montage: Montage) -> None:
    frames = montage.frames(range(6))
    stand_in = montage.media.put("stand-in", encode(paint(99)))
    for position, url in ((1, montage.media.url("objects/nowhere")), (4, montage.media.put("broken", b"no picture"))):
        frames[position] |= {"url": url, "fallbackUrl": stand_in}
    frames[2]["fallbackUrl"] = stand_in
    end, data = montage.make("segments", montage.segment_body(frames, 6))
    assert end["replaced"] == [1, 4]
    assert [read_number(frame) for frame in decode(data)] == [0, 99, 2, 3, 99, 5]


def test_a_store_that_is_down_for_a_while_replaces_nothing(montage: Montage) -> None:
    frames = montage.frames(range(3))
    frames[1] |= {"url": montage.media.url("fail/503"), "fallbackUrl": frames[0]["url"]}
    error = montage.refuse("segments", montage.segment_body(frames, 3))
    assert (error["code"], error["retryable"]) == ("media.fetch_failed", True)
    assert "Frame 1" in error["message"] and "503" in error["message"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"url": "objects/nowhere"}, "media.fetch_failed", ("Frame 2", "404")),
        ({"url": "redirect/x"}, "media.fetch_failed", ("Frame 2", "302")),
        ({"url": "objects/broken"}, "media.undecodable", ("Frame 2", "PNG")),
        ({"url": "objects/small"}, "segment.size_mismatch", ("Frame 2", "64x48", f"{W}x{H}")),
        ({"url": "objects/small", "fallbackUrl": "objects/right"}, "segment.size_mismatch", ("Frame 2", "64x48")),
        ({"url": "objects/nowhere", "fallbackUrl": "objects/small"}, "segment.size_mismatch", ("frame 2", "64x48")),
        ({"url": "objects/nowhere", "fallbackUrl": "objects/no"}, "media.fetch_failed", ("stands in for frame 2",)),
    ],
)
def test_a_frame_that_cannot_be_used_refuses_the_segment(
    montage: Montage, changes: dict[str, str], code: str, words: tuple[str, ...]
) -> None:
    montage.media.put("broken", b"no picture")
    montage.media.put("small", encode(paint(1, 64, 48)))
    montage.media.put("right", encode(paint(1)))
    frames = montage.frames(range(4))
    frames[2] |= {name: montage.media.url(path) for name, path in changes.items()}
    error = montage.refuse("segments", montage.segment_body(frames, 4))
    assert (error["code"], error["retryable"]) == (code, False)
    for word in words:
        assert word in error["message"]


def test_other_origins_are_neither_read_nor_written(montage: Montage) -> None:
    frames = montage.frames(range(2))
    elsewhere = "http://127.0.0.1:9/secret?Signature=x"
    assert montage.refuse("segments", montage.segment_body(frames, 2, resultUrl=elsewhere))["code"] == "origin.refused"
    frames[1] |= {"url": elsewhere, "fallbackUrl": frames[0]["url"]}
    error = montage.refuse("segments", montage.segment_body(frames, 2))
    assert error["code"] == "origin.refused" and "frames.1.url" in error["message"]


@pytest.mark.parametrize(("status", "is_retryable"), [(403, False), (404, False), (500, True), (503, True)])
def test_a_store_that_does_not_take_the_result_is_told(montage: Montage, status: int, is_retryable: bool) -> None:
    body = montage.segment_body(montage.frames(range(2)), 2, resultUrl=montage.media.url(f"fail/{status}"))
    error = montage.refuse("segments", body)
    assert (error["code"], error["retryable"]) == ("result.store_failed", is_retryable)
    assert str(status) in error["message"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frames": []}, ("frames", "at least 1")),
        ({"frames": [{"url": "http://x/", "pts": i} for i in range(513)], "endPts": 513}, ("frames", "512")),
        ({"endPts": 2}, ("endPts", "ascend")),
        ({"frames": [{"url": "http://x/", "pts": 4}, {"url": "http://x/", "pts": 4}]}, ("frame 1", "4", "ascend")),
        ({"frames": [{"url": "http://x/", "pts": 2**60}]}, ("frames.0.pts", "9007199254740992")),
        ({"timeBase": "0/10"}, ("timeBase", "0/10")),
        ({"timeBase": "1/4294967296"}, ("timeBase", "2147483647")),
        ({"timeBase": "0.1"}, ("timeBase", "0.1")),
        ({"size": {"width": 0, "height": 2}}, ("size.width",)),
        ({"size": {"width": 16384, "height": 16384}}, ("16384x16384", "64000000")),
        ({"crf": 1}, ("crf",)),
        ({"resultUrl": ""}, ("resultUrl",)),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_at_once(
    montage: Montage, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    body = montage.segment_body([{"url": "http://x/", "pts": i} for i in range(3)], 3) | changes
    answer = montage.service.http.post("/v1/segments", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "request.invalid")
    for word in words:
        assert word in answer.json()["error"]["message"]


@pytest.mark.parametrize("route", ["segments", "assemble"])
def test_no_access_token_no_work(service: RunningService, route: str) -> None:
    assert httpx.post(f"{service.url}/v1/{route}", json={}).status_code == 401


def test_few_frames_are_fetched_ahead_nothing_lies_on_disk_and_progress_is_told(
    start: Callable[..., RunningService], media: MediaServer, tmp_path: Path
) -> None:
    service = start(TMPDIR=str(tmp_path))
    montage = Montage(service, media)
    frames = montage.frames(range(20))
    frames[0]["url"] = frames[0]["url"].replace("/objects/", "/held/first-frame/")
    body = montage.segment_body(frames, 20)
    body["resultUrl"] = body["resultUrl"].replace("/objects/", "/held/result/")
    with service.http.stream("POST", "/v1/segments", json=body) as answer:
        lines = answer.iter_lines()
        assert media.arrivals["first-frame"].acquire(timeout=10)
        time.sleep(0.3)
        fetched = [
            frame for frame in frames if any(frame["url"].split("/")[-1].split("?")[0] in r for r in media.requests)
        ]
        assert len(fetched) == 8
        media.gates["first-frame"].set()
        assert media.arrivals["result"].acquire(timeout=10)
        assert next(line for line in map(json.loads, lines) if line != {"type": "progress", "frames": 0}) == {
            "type": "progress",
            "frames": 20,
        }
        # Only the socket of the process that forks is there.
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        media.gates["result"].set()
        assert json.loads(list(lines)[-1])["type"] == "end"
    service.terminate()
    assert service.process.wait(timeout=10) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_goes_away_ends_the_work_and_leaves_the_queue(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_QUEUE_ITEMS_MAX="1")
    montage = Montage(service, media)
    frames = montage.frames(range(12))
    frames[9]["url"] = frames[9]["url"].replace("/objects/", "/held/segment-gone/")
    body = montage.segment_body(frames, 12)
    with service.http.stream("POST", "/v1/segments", json=body):
        assert media.arrivals["segment-gone"].acquire(timeout=10)
        assert service.http.get("/health").json()["queuedItems"] == 1
        busy = service.http.post("/v1/segments", json=body)
        assert (busy.status_code, busy.json()["error"]["code"]) == (503, "service.busy")
        assert int(busy.headers["Retry-After"]) >= 1
    deadline = time.monotonic() + 5
    while service.http.get("/health").json()["queuedItems"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.http.get("/health").json()["queuedItems"] == 0
    media.gates["segment-gone"].set()
    assert montage.segment(range(3), 3)
    assert montage.stored(body) is None


def test_a_service_that_stops_ends_the_segment_with_a_line_to_send_it_again(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_STOP_SECONDS_MAX="1")
    montage = Montage(service, media)
    frames = montage.frames(range(12))
    frames[9]["url"] = frames[9]["url"].replace("/objects/", "/held/segment-stop/")
    with service.http.stream("POST", "/v1/segments", json=montage.segment_body(frames, 12)) as answer:
        assert media.arrivals["segment-stop"].acquire(timeout=10)
        service.terminate()
        line = json.loads(list(answer.iter_lines())[-1])
    assert (line["type"], line["error"]["code"], line["error"]["retryable"]) == ("error", "service.stopping", True)
    assert service.process.wait(timeout=4) == 0
    media.gates["segment-stop"].set()
