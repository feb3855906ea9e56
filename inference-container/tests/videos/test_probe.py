"""What the service tells of a video, and how it refuses what it cannot use."""

from __future__ import annotations

import socket
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from clips import (
    FRAGMENTED,
    H,
    W,
    flip_bytes,
    make_attached_cover,
    make_clip,
    make_sound_only,
    with_index_first,
)
from conftest import RunningService, sign
from media_server import MediaServer
from video_bench import VideoBench

KINDS = [
    ("mp4", "h264", {"options": {"bf": "2", "g": "12", "preset": "medium"}}),
    ("mov", "hevc", {"codec": "libx265", "container": "mov"}),
    ("webm", "vp9", {"codec": "libvpx-vp9", "container": "webm"}),
    ("mkv", "av1", {"codec": "libsvtav1", "container": "matroska"}),
    ("mkv", "h264", {"container": "matroska", "options": {"bf": "2", "preset": "medium"}}),
    ("avi", "mpeg4", {"codec": "mpeg4", "container": "avi"}),
    ("avi", "h264", {"container": "avi", "options": {"bf": "2", "preset": "medium"}}),
    ("avi", "mjpeg", {"codec": "mjpeg", "container": "avi", "pixel_format": "yuvj420p"}),
    ("mp4", "h264", {"container_options": FRAGMENTED}),
]


@pytest.fixture(scope="session")
def video_bench(service: RunningService, media: MediaServer) -> VideoBench:
    return VideoBench(service, media)


def assert_error(error: dict[str, Any], code: str, *words: str) -> None:
    assert error["code"] == code, error
    for word in words:
        assert word in error["message"], error["message"]


@pytest.mark.parametrize(("container", "codec", "settings"), KINDS)
def test_every_common_kind_of_video_is_told(
    video_bench: VideoBench, container: str, codec: str, settings: dict[str, Any]
) -> None:
    told = video_bench.probe(make_clip(25, **settings), fps=2)
    base = Fraction(told["timeBase"])
    assert (told["container"], told["codec"]) == (container, codec)
    assert (told["width"], told["height"], told["rotation"]) == (W, H, 0)
    assert (told["frameCount"], told["fps"], told["isVariableFrameRate"]) == (25, "10/1", False)
    assert told["durationSeconds"] == pytest.approx(2.5, abs=0.002)
    assert [float((pts - told["firstPts"]) * base) for pts in told["samples"]] == [0, 0.5, 1, 1.5, 2]
    assert (told["sound"], told["notes"]) == (None, [])


def test_a_video_of_nine_seconds_has_nine_samples_at_one_a_second(video_bench: VideoBench) -> None:
    for container in ("mp4", "matroska"):
        told = video_bench.probe(make_clip(27, rate=3, container=container), fps=1)
        assert len(told["samples"]) == 9


def test_a_rate_that_is_no_whole_number_is_told_exactly_and_each_of_its_frames_taken(video_bench: VideoBench) -> None:
    ntsc = Fraction(30000, 1001)
    for container in ("mp4", "matroska"):
        clip = video_bench.put(make_clip(45, rate=ntsc, container=container))
        told = video_bench.probe(clip, fps="source")
        assert (told["fps"], told["isVariableFrameRate"]) == ("30000/1001", False)
        assert len(set(told["samples"])) == 45
        # A video of 29.97 frames a second is one of 30 to those who made it.
        assert len(video_bench.probe(clip, fps=30)["samples"]) in (45, 46)
        assert len(video_bench.probe(clip, fps=15)["samples"]) == 23


def test_one_frame_is_a_video(video_bench: VideoBench) -> None:
    told = video_bench.probe(make_clip(1), fps=0.01)
    assert (told["frameCount"], len(told["samples"]), told["durationSeconds"]) == (1, 1, 0.1)


def test_frames_shown_for_different_times_are_sampled_by_what_is_on_display(video_bench: VideoBench) -> None:
    told = video_bench.probe(make_clip(8, pts=[0, 1, 2, 10, 11, 12, 30, 31]), fps=1)
    tick = Fraction(1, 10) / Fraction(told["timeBase"])
    assert told["isVariableFrameRate"] is True
    assert [pts / tick for pts in told["samples"]] == [0, 10, 12, 30]
    assert told["endPts"] == 32 * tick


def test_a_frame_that_stays_for_long_is_sampled_each_time(video_bench: VideoBench) -> None:
    told = video_bench.probe(make_clip(4, pts=[0, 1, 2, 30]), fps=1)
    assert len(told["samples"]) == 4
    assert len(set(told["samples"])) == 3


@pytest.mark.parametrize(("counter_clockwise", "clockwise"), [(0, 0), (-90, 90), (90, 270), (180, 180)])
def test_sizes_are_those_of_the_upright_picture(
    video_bench: VideoBench, counter_clockwise: int, clockwise: int
) -> None:
    told = video_bench.probe(make_clip(3, rotation=counter_clockwise))
    assert told["rotation"] == clockwise
    assert (told["width"], told["height"]) == ((H, W) if clockwise in (90, 270) else (W, H))


@pytest.mark.parametrize(("sound", "container"), [("aac", "mp4"), ("libopus", "webm")])
def test_sound_is_told(video_bench: VideoBench, sound: str, container: str) -> None:
    codec = "libvpx-vp9" if container == "webm" else "libx264"
    told = video_bench.probe(make_clip(10, codec=codec, container=container, sound=sound), fps="source")
    assert told["sound"] == {"codec": sound.removeprefix("lib")}
    assert told["frameCount"] == 10


def test_a_video_that_was_cut_off_has_the_frames_that_are_there(video_bench: VideoBench) -> None:
    clip = with_index_first(make_clip(60))
    told = video_bench.probe(clip[: len(clip) * 2 // 3], fps="source")
    assert 10 < told["frameCount"] < 60
    assert len(told["samples"]) == told["frameCount"]
    assert f"{told['frameCount']} of 60 frames" in told["notes"][0]


def test_sampling_is_left_to_who_asks(video_bench: VideoBench) -> None:
    told = video_bench.probe(make_clip(10), framesMax=1)
    assert (told["frameCount"], told["samples"]) == (10, [])


def test_a_video_is_read_by_ranges_and_not_whole(video_bench: VideoBench) -> None:
    clip = make_clip(10) + bytes(40_000_000)
    url = video_bench.put(clip)
    video_bench.media.requests.clear()
    video_bench.probe(url, fps="source")
    assert len(video_bench.media.requests) < 6


WHOLE = make_clip(20)


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (b"", ("The video is not",)),
        (b"no video at all", ("not an MP4, MOV, WebM, Matroska or AVI",)),
        (WHOLE[: len(WHOLE) // 2], ("no readable index", "cut off")),
        (b"\x1a\x45\xdf\xa3" + bytes(200), ("damaged where it begins",)),
        (b"RIFF\x10\x00\x00\x00AVI LIST", ("damaged where it begins",)),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(400), ("no readable index",)),
        (make_clip(3, codec="qtrle", container="mov", pixel_format="rgb24"), ("the codec qtrle",)),
    ],
    ids=["empty", "text", "half", "matroska of zeros", "avi of nothing", "mp4 of zeros", "codec"],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    video_bench: VideoBench, clip: bytes, words: tuple[str, ...]
) -> None:
    error = video_bench.refuse(clip, fps=1)
    assert_error(error, "video.undecodable", *words, "Upload it as MP4 with H.264")


def test_messages_name_the_mask_where_it_is_the_mask(video_bench: VideoBench) -> None:
    assert_error(video_bench.refuse(b"text", name="mask"), "video.undecodable", "The mask is not")


def test_an_index_that_was_written_over_is_refused_or_read_but_never_fails_the_service(video_bench: VideoBench) -> None:
    clip = with_index_first(make_clip(40, sound=None, options={"bf": "2", "preset": "medium"}))
    for seed in range(30):
        response = video_bench.ask(flip_bytes(clip, 40, 2000, seed), fps="source")
        assert response.status_code in (200, 422), response.text
    assert video_bench.probe(clip)["frameCount"] == 40


def test_a_file_without_moving_pictures_is_refused(video_bench: VideoBench) -> None:
    assert_error(video_bench.refuse(make_sound_only()), "video.no_video_stream", "only sound")
    assert_error(video_bench.refuse(make_attached_cover()), "video.no_video_stream", "only sound")


def test_a_video_without_frames_is_refused(video_bench: VideoBench) -> None:
    clip = make_clip(10, container_options=FRAGMENTED)
    header_only = clip[: clip.index(b"moof") - 4]
    assert_error(video_bench.refuse(header_only, fps=1), "video.no_frames", "no frames")


def test_more_samples_than_are_taken_are_refused_with_the_rate_that_fits(video_bench: VideoBench) -> None:
    clip = video_bench.put(make_clip(50))
    error = video_bench.refuse(clip, fps="source", framesMax=20)
    assert_error(error, "video.too_many_frames", "50 frames", "at most 20", "at most 4 frames a second")
    assert (error["found"], error["limit"]) == (50, 20)
    assert len(video_bench.probe(clip, fps=4, framesMax=20)["samples"]) == 20
    assert_error(video_bench.refuse(clip, fps=5, framesMax=20), "video.too_many_frames", "25 frames")


def test_more_frames_a_second_than_there_are_is_refused_with_both(video_bench: VideoBench) -> None:
    error = video_bench.refuse(make_clip(10), fps=12.5)
    assert_error(error, "video.fps_too_high", "12.5 frames a second", "the video has 10", "'source'")
    assert (error["asked"], error["source"]) == (12.5, 10)


def test_frames_of_too_many_pixels_are_refused_before_one_is_decoded(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = VideoBench(start(INFERENCE_PICTURE_PIXELS_MAX="12000", INFERENCE_VIDEO_BYTES_MAX="4096"), media)
    assert_error(bench.refuse(make_clip(2)), "video.too_many_pixels", "128x96", "12000", "Scale it down")
    large = make_clip(2, size=(64, 64)) + bytes(5000)
    assert_error(bench.refuse(large), "media.too_large", str(len(large)), "4096")


PLAYLISTS = [
    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile {url}\n",
    "<?xml version='1.0'?><MPD><Period><BaseURL>{url}</BaseURL></Period></MPD>",
    "v=0\nc=IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n# {url}\n",
]

FRONTS = [b"", b"\0\0\0\x10ftypmp42\0\0\0\0", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI "]


@pytest.mark.parametrize("playlist", PLAYLISTS, ids=["hls", "ffconcat", "dash", "sdp"])
@pytest.mark.parametrize("front", FRONTS, ids=["bare", "mp4", "mkv", "avi"])
def test_a_list_of_other_files_is_refused_and_nothing_in_it_opened(
    video_bench: VideoBench, playlist: str, front: bytes
) -> None:
    named = video_bench.put(WHOLE)
    url = video_bench.put(front + playlist.format(url=named).encode())
    video_bench.media.requests.clear()
    assert_error(video_bench.refuse(url, fps=1), "video.undecodable")
    assert {request.split("/")[-1] for request in video_bench.media.requests} == {url.partition("?")[0].split("/")[-1]}


def test_an_mp4_that_refers_to_another_file_gets_nothing_of_it(video_bench: VideoBench) -> None:
    # The data reference of a track: an address where 'self contained' was told.
    clip = make_clip(10)
    entry = b"url \x00\x00\x00\x01"
    at = clip.index(entry)
    target = video_bench.put(WHOLE)
    video_bench.media.requests.clear()
    changed = clip[:at] + b"alis\x00\x00\x00\x00" + clip[at + len(entry) :]
    video_bench.ask(changed, fps=1)
    assert not any(target.partition("?")[0].split("/")[-1] in request for request in video_bench.media.requests)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("fail/404", 422, "media.fetch_failed"),
        ("fail/403", 422, "media.fetch_failed"),
        ("fail/503", 503, "media.fetch_failed"),
        ("redirect/any", 422, "media.fetch_failed"),
    ],
)
def test_a_store_that_fails_may_be_asked_again_and_one_that_refuses_not(
    video_bench: VideoBench, path: str, status: int, code: str
) -> None:
    response = video_bench.ask(video_bench.media.url(path))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ("Retry-After" in response.headers) is (status == 503)


def test_a_store_that_fails_half_way_fails_the_request_and_not_the_video(video_bench: VideoBench) -> None:
    key = "cut-range-clip"
    video_bench.media.put(key, make_clip(20, container="matroska") + bytes(3_000_000))
    assert video_bench.refuse(video_bench.media.url(f"cut-range/{key}"), 503)["code"] == "media.fetch_failed"


def test_other_origins_are_refused(video_bench: VideoBench) -> None:
    for url in ("http://127.0.0.1:9/clip", "file:///etc/passwd", "concat:/etc/passwd|/etc/hosts"):
        assert video_bench.refuse(url, 400)["code"] == "origin.refused"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"framesMax": 0}, "framesMax"),
        ({"name": "film"}, "name"),
        ({"sampling": {"fps": 0}}, "sampling.fps"),
        ({"sampling": {"fps": "all"}}, "sampling.fps"),
        ({"sampling": {}}, "sampling.fps"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_request_that_is_not_understood_names_the_field(
    video_bench: VideoBench, fields: dict[str, Any], field: str
) -> None:
    error = video_bench.refuse("http://127.0.0.1/clip", 400, **fields)
    assert error["code"] == "request.invalid"
    assert error["field"].startswith(field)


def test_a_probe_takes_its_turn_and_a_client_that_goes_away_gives_it_back(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = VideoBench(start(INFERENCE_QUEUE_ITEMS_MAX="1"), media)
    key = bench.put(WHOLE).partition("objects/")[2]
    body = f'{{"url":"{media.url("held/probe/" + key)}","framesMax":1}}'
    headers = f"Host: x\r\nAuthorization: Bearer {sign()}\r\nContent-Length: {len(body)}\r\n"
    head = f"POST /v1/probe HTTP/1.1\r\n{headers}\r\n"
    with socket.create_connection(("127.0.0.1", int(bench.service.url.rpartition(":")[2]))) as client:
        client.sendall((head + body).encode())
        assert media.arrivals["probe"].acquire(timeout=10)
        assert bench.service.http.get("/health").json()["queuedItems"] == 1
        refused = bench.ask(WHOLE)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "service.busy")
        assert int(refused.headers["Retry-After"]) >= 1
    while bench.service.http.get("/health").json()["queuedItems"]:
        pass
    media.gates["probe"].set()
    assert bench.probe(WHOLE)["frameCount"] == 20
