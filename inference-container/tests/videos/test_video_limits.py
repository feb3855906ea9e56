"""How long the work on a video may take: limits of its own for each route, which a refusal names."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from clips import make_clip
from conftest import RunningService
from media_server import MediaServer
from montage import Montage
from video_bench import VideoBench

Start = Callable[..., RunningService]


def slow(url: str, bytes_a_step: int) -> str:
    """The same object, sent that many bytes each tenth of a second."""
    return url.replace("/objects/", f"/slow/{bytes_a_step}/")


def held(url: str, gate: str) -> str:
    return url.replace("/objects/", f"/held/{gate}/")


@pytest.fixture(scope="session")
def hasty(start: Start, media: MediaServer) -> VideoBench:
    """A service that gives each request about a video one second, and one of them its turn at a time."""
    names = ("PROBE", "FRAMES", "SEGMENT", "ASSEMBLE", "TURN")
    return VideoBench(start(INFERENCE_THREADS="1", **{f"INFERENCE_{name}_SECONDS_MAX": "1" for name in names}), media)


@pytest.fixture(scope="session")
def impatient(start: Start, media: MediaServer) -> VideoBench:
    """A service that waits one second for something to move on, and for one picture."""
    return VideoBench(start(INFERENCE_STILL_SECONDS_MAX="1", INFERENCE_ITEM_SECONDS_MAX="1"), media)


@pytest.fixture(scope="session")
def clip() -> bytes:
    return make_clip(60)


def test_a_source_that_is_slower_than_a_probe_may_last_is_refused(hasty: VideoBench, clip: bytes) -> None:
    started = time.monotonic()
    error = hasty.refuse(slow(hasty.put(clip), len(clip) // 60), fps="source")
    assert error["code"] == "item.timeout"
    assert "Reading the video took longer than 1 s" in error["message"]
    assert "shorter" in error["message"]
    assert time.monotonic() - started < 4
    assert hasty.probe(clip)["frameCount"] == 60


def test_a_probe_may_outlast_what_one_picture_may_take_while_it_moves_on(impatient: VideoBench, clip: bytes) -> None:
    started = time.monotonic()
    assert impatient.probe(slow(impatient.put(clip), len(clip) // 20))["frameCount"] == 60
    assert time.monotonic() - started > 1.5


def test_frames_that_are_stored_in_time_are_kept_and_the_rest_may_be_asked_for_again(
    hasty: VideoBench, clip: bytes
) -> None:
    body = hasty.body(clip, [0, 1024, 2048])
    body["samples"][1]["imageUrl"] = held(body["samples"][1]["imageUrl"], "slow-frame")
    *lines, end = hasty.send(body)
    assert (end["succeeded"], end["failed"]) == (2, 1)
    error = next(line["error"] for line in lines if line["status"] == "failed")
    assert (error["code"], error["retryable"]) == ("item.timeout", True)
    assert "Sampling these frames took longer than 1 s" in error["message"]


def test_a_request_of_which_no_frame_came_in_time_is_refused_for_good(hasty: VideoBench, clip: bytes) -> None:
    *lines, end = hasty.send(hasty.body(slow(hasty.put(clip), len(clip) // 60), [0, 1024]))
    assert end["failed"] == 2
    assert {(line["error"]["code"], line["error"]["retryable"]) for line in lines} == {("item.timeout", False)}


def test_a_segment_that_takes_too_long_is_refused(hasty: VideoBench, media: MediaServer) -> None:
    montage = Montage(hasty.service, media)
    frames = montage.frames([0, 1])
    frames[1]["url"] = held(frames[1]["url"], "slow-segment")
    error = montage.refuse("segments", montage.segment_body(frames, 2))
    assert (error["code"], error["retryable"]) == ("item.timeout", False)
    assert "Encoding these frames took longer than 1 s" in error["message"]


def test_a_video_that_takes_too_long_to_put_together_is_refused(
    hasty: VideoBench, impatient: VideoBench, media: MediaServer, clip: bytes
) -> None:
    montage = Montage(hasty.service, media)
    # Made by the other service: nothing here may depend on how quick the machine is.
    segment = media.put("limits-segment", Montage(impatient.service, media).segment([0, 1], 2))
    error = montage.refuse("assemble", montage.assemble_body([slow(segment, 100)], None))
    assert (error["code"], error["retryable"]) == ("item.timeout", False)
    assert "Putting the video together took longer than 1 s" in error["message"]


@pytest.mark.parametrize("route", ["segments", "assemble"])
def test_work_that_does_not_move_on_is_given_up_to_be_tried_again(
    impatient: VideoBench, media: MediaServer, route: str
) -> None:
    montage = Montage(impatient.service, media)
    frames = montage.frames([0])
    frames[0]["url"] = held(frames[0]["url"], f"still-{route}")
    body = montage.segment_body(frames, 1) if route == "segments" else montage.assemble_body([frames[0]["url"]], None)
    started = time.monotonic()
    error = montage.refuse(route, body)
    assert (error["code"], error["retryable"]) == ("item.timeout", True)
    assert "did not move on for 1 s" in error["message"]
    assert time.monotonic() - started < 5
    media.gates[f"still-{route}"].set()


def test_a_request_whose_turn_does_not_come_is_told_to_come_back_and_nothing_of_it_is_begun(
    start: Start, media: MediaServer, clip: bytes
) -> None:
    bench = VideoBench(start(INFERENCE_THREADS="1", INFERENCE_TURN_SECONDS_MAX="1"), media)
    montage = Montage(bench.service, media)
    holding = bench.body(clip, [0])
    holding["samples"][0]["imageUrl"] = held(holding["samples"][0]["imageUrl"], "turn")
    with bench.service.http.stream("POST", "/v1/frames", json=holding) as response:
        assert media.arrivals["turn"].acquire(timeout=10)
        for route, body in waiting_bodies(bench, montage, clip):
            *lines, last = [json.loads(line) for line in bench.service.http.post(route, json=body).text.splitlines()]
            assert all(line["type"] == "progress" for line in lines)
            assert (last["type"], last["taskId"].replace("-", "")) == ("error", body["taskId"].replace("-", ""))
            assert (last["error"]["code"], last["error"]["retryable"]) == ("service.busy", True)
            assert "within 1 s" in last["error"]["message"]
        probed = bench.ask(clip)
        assert (probed.status_code, probed.json()["error"]["code"]) == (503, "service.busy")
        assert int(probed.headers["Retry-After"]) >= 1
        assert bench.service.http.get("/health").json()["queuedItems"] == 1
        media.gates["turn"].set()
        assert json.loads(list(response.iter_lines())[-1])["succeeded"] == 1
    assert bench.probe(clip)["frameCount"] == 60


def waiting_bodies(bench: VideoBench, montage: Montage, clip: bytes) -> list[tuple[str, Any]]:
    frames = montage.frames([0])
    return [
        ("/v1/frames", bench.body(clip, [0])),
        ("/v1/segments", montage.segment_body(frames, 1)),
        ("/v1/assemble", montage.assemble_body([frames[0]["url"]], None)),
    ]


def test_a_client_that_leaves_a_probe_stops_its_reading(start: Start, media: MediaServer, clip: bytes) -> None:
    bench = VideoBench(start(INFERENCE_THREADS="1"), media)
    url = slow(bench.put(clip), len(clip) // 100)
    body = {"url": url, "name": "video", "sampling": None, "framesMax": 1000}
    with pytest.raises(Exception, match="timed out"):
        bench.service.http.post("/v1/probe", json=body, timeout=0.5)
    started = time.monotonic()
    assert bench.probe(clip)["frameCount"] == 60
    assert time.monotonic() - started < 3
