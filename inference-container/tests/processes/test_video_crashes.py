"""A video that crashes the decoder, or keeps it for ever, costs the request that brought it, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench, RunningService
from media_server import MediaServer
from pictures import box_mask, encode, scene
from process_table import wait_until_gone, worker_ids

PROGRAM = (str(Path(__file__).parent / "poisoned.py"),)
PICTURE, MASK = encode(scene()), encode(box_mask(96, 80, (30, 20, 60, 44)))
LIMITS = {f"INFERENCE_{name}_SECONDS_MAX": "1" for name in ("PROBE", "FRAMES", "ASSEMBLE")}


@pytest.fixture(scope="module")
def poisoned(start: Callable[..., RunningService], media: MediaServer) -> Bench:
    """A service whose decoder some files crash, and which gives a video one second."""
    return Bench(start(program=PROGRAM, INFERENCE_DEFAULT_MODEL="telea", **LIMITS), media)


def probe(bench: Bench, data: bytes) -> Any:
    body = {"url": bench.media.put("poison-video", data), "name": "video", "sampling": None, "framesMax": 10}
    return bench.service.http.post("/v1/probe", json=body)


def frames_body(bench: Bench, data: bytes) -> dict[str, Any]:
    url = bench.media.put("poison-frames", data)
    samples = [
        {"index": index, "pts": index, "imageUrl": bench.media.url(f"objects/frame-{index}"), "maskUrl": None}
        for index in range(3)
    ]
    return {
        "taskId": "0b0f9f55-3d0c-4cf6-a0d4-6ddc9b1b7a11",
        "video": {"url": url, "firstPts": 0},
        "size": {"width": 128, "height": 96},
        "mask": None,
        "samples": samples,
    }


def assemble_body(bench: Bench, data: bytes) -> dict[str, Any]:
    return {
        "taskId": "0b0f9f55-3d0c-4cf6-a0d4-6ddc9b1b7a12",
        "segments": [{"url": bench.media.put("poison-segment", data)}],
        "sound": None,
        "resultUrl": bench.media.url("objects/never-there"),
    }


def send(bench: Bench, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bench.service.http.post(path, json=body).text.splitlines()]


def test_a_probe_whose_decoder_crashes_is_refused_for_good(poisoned: Bench) -> None:
    response = probe(poisoned, b"crash" * 100)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "video.undecodable")
    assert "the decoder crashed" in error["message"]
    assert poisoned.inpaint(PICTURE, MASK)


def test_each_frame_of_a_video_that_crashes_the_decoder_has_its_line(poisoned: Bench) -> None:
    *lines, end = send(poisoned, "/v1/frames", frames_body(poisoned, b"crash" * 100))
    assert [line["error"]["code"] for line in lines] == ["video.undecodable"] * 3
    assert (end["type"], end["succeeded"], end["failed"]) == ("end", 0, 3)
    assert end["energy"]["joules"] >= 0


def test_segments_that_crash_the_demuxer_are_refused(poisoned: Bench) -> None:
    last = send(poisoned, "/v1/assemble", assemble_body(poisoned, b"crash" * 100))[-1]
    assert (last["type"], last["error"]["code"], last["error"]["retryable"]) == ("error", "video.undecodable", False)
    assert poisoned.service.http.get("/health").json()["queuedItems"] == 0


def test_a_decoder_that_is_stuck_is_ended_with_its_process(poisoned: Bench) -> None:
    before = set(worker_ids(poisoned.service.process.pid))
    started = time.monotonic()
    response = probe(poisoned, b"stick" * 100)
    assert response.json()["error"]["code"] == "item.timeout"
    last = send(poisoned, "/v1/assemble", assemble_body(poisoned, b"stick" * 100))[-1]
    assert last["error"]["code"] == "item.timeout"
    assert time.monotonic() - started < 15
    assert wait_until_gone(list(set(worker_ids(poisoned.service.process.pid)) - before))
    assert poisoned.inpaint(PICTURE, MASK)


def test_sigterm_ends_a_decoder_that_is_stuck(start: Callable[..., RunningService], media: MediaServer) -> None:
    service = start(program=PROGRAM, INFERENCE_DEFAULT_MODEL="telea", INFERENCE_STOP_SECONDS_MAX="1")
    bench = Bench(service, media)
    with service.http.stream("POST", "/v1/frames", json=frames_body(bench, b"stick" * 100)) as response:
        while "inpainting_videos_in_hand 1" not in service.http.get("/metrics").text:
            time.sleep(0.02)
        service.terminate()
        *lines, end = [json.loads(line) for line in response.iter_lines()]
    assert service.process.wait(timeout=8) == 0
    assert [line["error"]["code"] for line in lines] == ["service.stopping"] * 3
    assert end["failed"] == 3
