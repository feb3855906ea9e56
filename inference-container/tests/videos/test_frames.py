"""Frames taken out of videos: the right ones, in the right colours, with their masks, each told in a line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from clips import (
    FRAGMENTED,
    GROUND,
    H,
    W,
    flip_bytes,
    make_clip,
    paint,
    with_display_matrix,
    with_index_first,
)
from conftest import RunningService
from media_server import MediaServer
from video_bench import VideoBench, numbers

SHARP = {"preset": "medium", "crf": "4", "bf": "3", "g": "12"}
KINDS: list[dict[str, Any]] = [
    {"options": SHARP},
    {"options": {**SHARP, "x264-params": "open-gop=1"}},
    {"options": {**SHARP, "g": "250"}, "container": "matroska"},
    {"codec": "libx265", "container": "mov"},
    {"codec": "libvpx-vp9", "container": "webm"},
    {"codec": "libsvtav1", "container": "matroska"},
    {"codec": "mpeg4", "container": "avi", "options": {"bf": "2", "g": "12"}},
    {"codec": "mjpeg", "container": "avi", "pixel_format": "yuvj420p"},
    {"container": "avi", "options": SHARP},
    {"container_options": FRAGMENTED, "options": SHARP},
    {"pts": [n * 5 + (n % 4) for n in range(50)], "options": SHARP},
]
IDS = ["h264", "open gop", "mkv", "hevc", "vp9", "av1", "mpeg4", "mjpeg", "h264 avi", "fragmented", "variable"]


@pytest.fixture(scope="session")
def video_bench(service: RunningService, media: MediaServer) -> VideoBench:
    return VideoBench(service, media)


@pytest.mark.parametrize("settings", KINDS, ids=IDS)
def test_each_sample_is_its_own_frame_however_the_video_is_coded(
    video_bench: VideoBench, settings: dict[str, Any]
) -> None:
    clip = video_bench.put(make_clip(50, **settings))
    told = video_bench.probe(clip, fps="source")
    for picked in (range(50), range(0, 50, 7), [49], [11, 12, 13, 35, 36], [23, 24], [46, 47, 48]):
        pts = [told["samples"][number] for number in picked]
        lines, frames = video_bench.sample(clip, pts, first_pts=told["firstPts"])
        assert {line["status"] for line in lines} == {"succeeded"}
        assert numbers(frames) == list(picked)


def test_a_line_tells_what_was_stored(video_bench: VideoBench) -> None:
    body = video_bench.body(make_clip(3), [0])
    line, end = video_bench.send(body)
    data = video_bench.media.objects[f"{body['taskId']}-0-image"]
    assert line == {
        "type": "frame",
        "index": 0,
        "status": "succeeded",
        "width": W,
        "height": H,
        "image": {"sizeBytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "mask": None,
    }
    assert video_bench.media.content_types[f"{body['taskId']}-0-image"] == "image/png"
    assert end["energy"]["method"] == "cpu-time-estimate"
    assert end["energy"]["joules"] > 0


def test_one_frame_may_be_several_samples(video_bench: VideoBench) -> None:
    _, frames = video_bench.sample(make_clip(4), [0, 1024, 1024, 1024, 2048])
    assert numbers(frames) == [0, 1, 1, 1, 2]


def test_no_samples_end_at_once(video_bench: VideoBench) -> None:
    (end,) = video_bench.send(video_bench.body("http://127.0.0.1:9/never-read", []))
    assert (end["type"], end["succeeded"], end["failed"]) == ("end", 0, 0)


def test_a_far_sample_is_gone_to_without_reading_what_is_before(video_bench: VideoBench) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 320, 3), np.uint8)

    def painter(number: int, width: int, height: int) -> np.ndarray:
        frame = np.roll(noise, number, 0)
        frame[: height // 4] = paint(number, width, height)[: height // 4]
        return frame

    clip = make_clip(200, size=(320, 256), painter=painter, options={"crf": "0", "g": "5"})
    assert len(clip) > 6_000_000
    url = video_bench.put(clip)
    video_bench.media.sent_bytes.clear()
    _, frames = video_bench.sample(url, [1024, 1024 * 190])
    assert numbers(frames) == [1, 190]
    assert sum(video_bench.media.sent_bytes.values()) < len(clip) * 0.8


# Colours


@pytest.mark.parametrize("color_range", [1, 2], ids=["limited", "full"])
@pytest.mark.parametrize(
    ("colorspace", "size"), [(1, (W, H)), (6, (W, H)), (6, (960, 720)), (1, (960, 720)), (9, (W, H))]
)
def test_colours_are_those_of_the_matrix_and_range_that_the_stream_tells(
    video_bench: VideoBench, colorspace: int, size: tuple[int, int], color_range: int
) -> None:
    clip = make_clip(1, size=size, colorspace=colorspace, color_range=color_range, options={"crf": "1"})
    assert_colours(video_bench, clip, size)


@pytest.mark.parametrize(("matrix", "size"), [(6, (640, 480)), (1, (1280, 720))])
def test_what_tells_no_colours_is_taken_for_what_its_size_means(
    video_bench: VideoBench, matrix: int, size: tuple[int, int]
) -> None:
    clip = make_clip(1, size=size, matrix=matrix, options={"crf": "1"})
    assert_colours(video_bench, clip, size)


def test_the_colours_of_motion_jpeg_and_of_four_four_four_are_right(video_bench: VideoBench) -> None:
    for settings in (
        {"codec": "mjpeg", "container": "avi", "pixel_format": "yuvj420p", "color_range": 2},
        {"pixel_format": "yuv444p", "options": {"crf": "1"}},
        {"pixel_format": "yuv420p10le", "codec": "libx265", "options": {"crf": "1"}},
    ):
        assert_colours(video_bench, make_clip(1, **settings), (W, H))


def assert_colours(bench: VideoBench, clip: bytes, size: tuple[int, int]) -> None:
    _, (frame,) = bench.sample(clip, [0], size={"width": size[0], "height": size[1]})
    assert frame is not None
    assert frame.shape == (size[1], size[0], 3)
    for third, colour in enumerate(GROUND):
        middle = frame[size[1] // 2 :, (2 * third + 1) * size[0] // 6]
        assert np.abs(middle.mean(0) - colour).max() < 4, (third, middle.mean(0))


# Upright


@pytest.mark.parametrize(("counter_clockwise", "turns"), [(-90, -1), (90, 1), (180, 2)])
def test_frames_are_upright(video_bench: VideoBench, counter_clockwise: int, turns: int) -> None:
    size = {"width": W, "height": H} if turns == 2 else {"width": H, "height": W}
    _, (frame,) = video_bench.sample(make_clip(1, rotation=counter_clockwise), [0], size=size)
    assert frame is not None
    assert np.abs(frame.astype(int) - np.rot90(paint(0), turns)).mean() < 8


def test_a_telephones_upright_film_is_turned_clockwise(video_bench: VideoBench) -> None:
    # The matrix that telephones write for a film held upright, by ISO 14496-12: (x, y) becomes (-y, x).
    clip = with_display_matrix(make_clip(1), (0, 1, -1, 0))
    told = video_bench.probe(clip)
    assert (told["rotation"], told["width"], told["height"]) == (90, H, W)
    _, (frame,) = video_bench.sample(clip, [0], size={"width": H, "height": W})
    assert frame is not None
    assert np.abs(frame.astype(int) - np.rot90(paint(0), -1)).mean() < 8


def test_frames_have_the_size_asked_for(video_bench: VideoBench) -> None:
    lines, (frame,) = video_bench.sample(make_clip(1), [0], size={"width": 61, "height": 45})
    assert frame is not None
    assert frame.shape == (45, 61, 3)
    assert (lines[0]["width"], lines[0]["height"]) == (61, 45)


# What is missing


def test_what_a_cut_off_video_lacks_is_told_frame_by_frame(video_bench: VideoBench) -> None:
    clip = with_index_first(make_clip(60, options=SHARP))
    cut = clip[: len(clip) * 2 // 3]
    there = video_bench.probe(cut)["frameCount"]
    lines, frames = video_bench.sample(cut, [1024 * number for number in range(60)])
    assert numbers(frames)[: there - 4] == list(range(there - 4))
    assert frames[there:] == [None] * (60 - there)
    for line in lines[there:]:
        assert line["error"]["code"] == "frame.undecodable"
        assert line["error"]["retryable"] is False
        assert f"{line['index'] / 10:.2f} s" in line["error"]["message"]


def test_a_timestamp_that_no_frame_has_fails_alone(video_bench: VideoBench) -> None:
    lines, frames = video_bench.sample(make_clip(10), [-5, 0, 700, 1024, 99999])
    assert numbers(frames) == [None, 0, None, 1, None]
    assert {line["error"]["code"] for line in lines if line["status"] == "failed"} == {"frame.undecodable"}


def test_damaged_data_fails_frames_and_never_the_service(video_bench: VideoBench) -> None:
    for settings in KINDS[:2] + KINDS[3:8]:
        clip = make_clip(20, **{**settings, "pts": None})
        told = video_bench.probe(clip, fps="source")
        for seed in range(4):
            damaged = flip_bytes(clip, len(clip) // 10, len(clip) // 2, seed, count=20)
            lines, _ = video_bench.sample(damaged, told["samples"])
            codes = {line["error"]["code"] for line in lines if line["status"] == "failed"}
            assert codes <= {"frame.undecodable", "video.undecodable", "video.no_video_stream"}
    assert numbers(video_bench.sample(make_clip(2), [0])[1]) == [0]


@pytest.mark.parametrize(
    ("path", "code", "retryable"),
    [("fail/404", "media.fetch_failed", False), ("fail/500", "media.fetch_failed", True)],
)
def test_a_video_that_cannot_be_read_fails_each_sample_alike(
    video_bench: VideoBench, path: str, code: str, retryable: bool
) -> None:
    lines, _ = video_bench.sample(video_bench.media.url(path), [0, 1024])
    assert [(line["error"]["code"], line["error"]["retryable"]) for line in lines] == [(code, retryable)] * 2


def test_what_is_no_video_fails_each_sample_alike(video_bench: VideoBench) -> None:
    lines, _ = video_bench.sample(b"#EXTM3U\n", [0, 1024])
    assert [line["error"]["code"] for line in lines] == ["video.undecodable"] * 2
    lines, _ = video_bench.sample("file:///etc/passwd", [0])
    assert lines[0]["error"]["code"] == "origin.refused"


def test_a_frame_that_cannot_be_stored_fails_alone(video_bench: VideoBench) -> None:
    body = video_bench.body(make_clip(3), [0, 1024, 2048])
    body["samples"][1]["imageUrl"] = video_bench.media.url("fail/503")
    *lines, end = video_bench.send(body)
    failed = {line["index"]: line["error"] for line in lines if line["status"] == "failed"}
    assert (failed[1]["code"], failed[1]["retryable"]) == ("result.store_failed", True)
    assert (end["succeeded"], end["failed"]) == (2, 1)


# Requests


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (lambda body: body["samples"].reverse(), "", "must ascend"),
        (lambda body: body["samples"][1].update(index=0), "", "must ascend"),
        (lambda body: body["samples"][0].update(maskUrl="http://x"), "", "no mask video"),
        (lambda body: body.update(mask={"kind": "video", "url": "http://x"}), "", "no maskUrl"),
        (lambda body: body.update(mask={"kind": "drawn", "url": "http://x"}), "mask", "still"),
        (lambda body: body["size"].update(width=0), "size.width", "greater"),
        (lambda body: body["size"].update(width=16000, height=16000), "size", "64000000"),
        (lambda body: body.update(samples=body["samples"] * 200), "samples", "256"),
        (lambda body: body.pop("video"), "video", "required"),
    ],
)
def test_a_request_that_is_not_understood_is_refused_as_a_whole(
    video_bench: VideoBench, change: Callable[[Any], None], field: str, words: str
) -> None:
    body = video_bench.body("http://127.0.0.1:9/never-read", [0, 1024])
    change(body)
    response = video_bench.service.http.post("/v1/frames", json=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "request.invalid"
    assert words in error["message"]
    assert field in error.get("field", "")


def test_the_video_routes_need_an_access_token(video_bench: VideoBench) -> None:
    for route in ("/v1/probe", "/v1/frames"):
        response = video_bench.service.http.post(route, json={}, headers={"Authorization": "Bearer nothing"})
        assert (response.status_code, response.json()["error"]["code"]) == (401, "auth.invalid")
