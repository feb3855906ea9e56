"""Frames under load: in turns, in bounded memory, for clients that stay and that go, and until the service stops."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from clips import make_clip
from conftest import RunningService
from media_server import MediaServer
from video_bench import VideoBench, numbers


@pytest.fixture(scope="session")
def video_bench(service: RunningService, media: MediaServer) -> VideoBench:
    return VideoBench(service, media)


def hold(body: Any, gate: str) -> Any:
    for sample in body["samples"]:
        sample["imageUrl"] = sample["imageUrl"].replace("/objects/", f"/held/{gate}/")
    return body


def test_memory_is_bounded_while_a_store_is_slow(start: Callable[..., RunningService], media: MediaServer) -> None:
    bench = VideoBench(start(INFERENCE_THREADS="1"), media)
    body = hold(bench.body(make_clip(40), [1024 * number for number in range(40)]), "slow-store")
    with bench.service.http.stream("POST", "/v1/frames", json=body) as response:
        for _ in range(4):
            assert media.arrivals["slow-store"].acquire(timeout=10)
        # No fifth frame is encoded while four wait for their store.
        assert not media.arrivals["slow-store"].acquire(timeout=0.3)
        health = bench.service.http.get("/health").json()
        assert (health["status"], health["queuedItems"]) == ("BUSY", 1)
        media.gates["slow-store"].set()
        assert json.loads(list(response.iter_lines())[-1])["succeeded"] == 40
    assert bench.service.http.get("/health").json()["queuedItems"] == 0


def test_a_service_that_is_full_says_so_and_a_client_that_goes_away_makes_room(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = VideoBench(start(INFERENCE_QUEUE_ITEMS_MAX="2", INFERENCE_THREADS="1"), media)
    clip = bench.put(make_clip(30))
    times = [1024 * number for number in range(30)]
    held = [hold(bench.body(clip, times), "gone-frames") for _ in range(2)]
    with bench.service.http.stream("POST", "/v1/frames", json=held[0]):
        assert media.arrivals["gone-frames"].acquire(timeout=10)
        with bench.service.http.stream("POST", "/v1/frames", json=held[1]):
            assert bench.service.http.get("/health").json()["queuedItems"] == 2
            for route, body in (("/v1/frames", bench.body(clip, [0])), ("/v1/probe", {"url": clip, "framesMax": 9})):
                refused = bench.service.http.post(route, json=body)
                assert (refused.status_code, refused.json()["error"]["code"]) == (503, "service.busy")
                assert int(refused.headers["Retry-After"]) >= 1
    dropped = bench.service.wait_for_log("request dropped")
    assert dropped["unfinishedFrames"] == 30
    bench.service.wait_for_log("request dropped")
    media.gates["gone-frames"].set()
    assert bench.service.http.get("/health").json()["queuedItems"] == 0
    # What the dropped requests held is free again.
    assert numbers(bench.sample(clip, times)[1]) == list(range(30))
    assert sum(f"{held[0]['taskId']}-{index}-image" in media.objects for index in range(30)) <= 4


def test_sigterm_stores_what_is_in_hand_and_reports_the_rest_as_retryable(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = VideoBench(start(INFERENCE_THREADS="1"), media)
    body = hold(bench.body(make_clip(30), [1024 * number for number in range(30)]), "stop-frames")
    with bench.service.http.stream("POST", "/v1/frames", json=body) as response:
        for _ in range(4):
            assert media.arrivals["stop-frames"].acquire(timeout=10)
        bench.service.terminate()
        bench.service.wait_for_log("stopping")
        media.gates["stop-frames"].set()
        *lines, end = [json.loads(line) for line in response.iter_lines()]
    assert bench.service.process.wait(timeout=10) == 0
    # Those in hand, and what was begun before the word had reached the video's process.
    assert 4 <= end["succeeded"] < 30
    assert end["succeeded"] + end["failed"] == 30
    errors = [line["error"] for line in lines if line["status"] == "failed"]
    assert {(error["code"], error["retryable"]) for error in errors} == {("service.stopping", True)}


def test_sigterm_cuts_off_a_video_that_does_not_arrive(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = VideoBench(start(INFERENCE_STOP_SECONDS_MAX="1"), media)
    key = bench.put(make_clip(5)).partition("objects/")[2]
    body = bench.body(media.url(f"held/never-arrives/{key.partition('?')[0]}"), [0, 1024])
    with bench.service.http.stream("POST", "/v1/frames", json=body) as response:
        assert media.arrivals["never-arrives"].acquire(timeout=10)
        started = time.monotonic()
        bench.service.terminate()
        *lines, end = [json.loads(line) for line in response.iter_lines()]
    assert bench.service.process.wait(timeout=10) == 0
    assert time.monotonic() - started < 5
    assert [line["error"]["code"] for line in lines] == ["service.stopping"] * 2
    assert end["failed"] == 2


def test_several_videos_are_worked_on_at_a_time(video_bench: VideoBench) -> None:
    clip = video_bench.put(make_clip(5))
    bodies = [hold(video_bench.body(clip, [0]), f"beside-{number}") for number in range(2)]
    http = video_bench.service.http
    media = video_bench.media
    with http.stream("POST", "/v1/frames", json=bodies[0]) as first:
        assert media.arrivals["beside-0"].acquire(timeout=10)
        with http.stream("POST", "/v1/frames", json=bodies[1]) as second:
            assert media.arrivals["beside-1"].acquire(timeout=10)
            for number, response in enumerate((first, second)):
                media.gates[f"beside-{number}"].set()
                assert json.loads(list(response.iter_lines())[-1])["succeeded"] == 1
