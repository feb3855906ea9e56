"""What becomes of a sequence whose process dies, gets stuck, or is stopped."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Bench, RunningService
from footage import Clip, encode
from media_server import MediaServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "processes"))

from poisoned import POISON
from process_table import worker_ids

Start = Callable[..., RunningService]
PROGRAM = (str(Path(__file__).resolve().parents[1] / "processes" / "poisoned.py"),)
COUNT = 60


@pytest.fixture(scope="module")
def clip(start: Start, media: MediaServer) -> Clip:
    """A clip with a service of its own, which the last test that asks for it stops."""
    return Clip(Bench(start(INFERENCE_DEFAULT_MODEL="telea", INFERENCE_THREADS="1"), media), COUNT)


@pytest.fixture
def working(clip: Clip) -> Iterator[tuple[Clip, Iterator[str]]]:
    """The clip, of which the first frame has just come, and the lines that follow."""
    body = clip.body(list(range(COUNT)))
    with clip.bench.service.http.stream("POST", "/v1/inpaint", json=body) as response:
        lines = response.iter_lines()
        assert json.loads(next(lines))["isTemporal"]
        yield clip, lines


def test_what_is_left_of_a_sequence_whose_process_is_killed_is_filled_one_by_one(
    working: tuple[Clip, Iterator[str]],
) -> None:
    clip, lines = working
    for process_id in find_sequence_processes(clip.bench.service.process.pid):
        os.kill(process_id, signal.SIGKILL)
    *items, end = [json.loads(line) for line in lines]
    assert (end["succeeded"], end["failed"]) == (COUNT, 0)
    assert len({line["id"] for line in items}) == COUNT - 1
    assert items[-1]["isTemporal"] is False
    assert clip.bench.service.http.get("/health").json()["queuedItems"] == 0


def test_a_sequence_that_is_stopped_tells_which_frames_to_send_again(working: tuple[Clip, Iterator[str]]) -> None:
    clip, lines = working
    service = clip.bench.service
    service.terminate()
    *items, end = [json.loads(line) for line in lines]
    failed = [line["error"] for line in items if line["status"] == "failed"]
    assert end["succeeded"] + end["failed"] == COUNT
    assert end["failed"] == len(failed) > 0
    assert {(error["code"], error["retryable"]) for error in failed} == {("service.stopping", True)}
    assert service.process.wait(timeout=8) == 0


def test_a_sequence_that_is_stuck_is_ended_and_each_frame_is_tried_by_itself(start: Start, media: MediaServer) -> None:
    service = start(
        program=PROGRAM, INFERENCE_DEFAULT_MODEL="telea", INFERENCE_THREADS="1", INFERENCE_ITEM_SECONDS_MAX="1"
    )
    clip = Clip(Bench(service, media), 1)
    frame = clip.shown[0].copy()
    frame[:] = POISON[::-1]
    media.put(f"{clip.key}-0", encode(frame))
    line, end = clip.ask(clip.body([0], model="runs-away"))
    assert line["error"]["code"] == "item.timeout"
    assert end["failed"] == 1


def find_sequence_processes(service_id: int) -> list[int]:
    """Those of the service that let single pictures go first."""
    return worker_ids(service_id, nice=5)
