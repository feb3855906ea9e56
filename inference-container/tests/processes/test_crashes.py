"""What kills a process costs the item that did it, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Bench, RunningService
from media_server import MediaServer
from pictures import box_mask, decode, encode, scene
from process_table import wait_until_gone, worker_ids

Start = Callable[..., RunningService]

PROGRAM = (str(Path(__file__).parent / "poisoned.py"),)
W, H = 96, 80
MASK = encode(box_mask(W, H, (30, 20, 60, 44)))
SOUND = encode(scene(W, H))


def poisoned_picture() -> bytes:
    picture = scene(W, H)
    picture[:] = (1, 2, 3)
    return encode(picture)


POISON = poisoned_picture()


@pytest.fixture(scope="module")
def poisoned(start: Start, media: MediaServer) -> Bench:
    """A service with poisoned models, whose items may take two seconds."""
    return Bench(start(program=PROGRAM, INFERENCE_ITEM_SECONDS_MAX="2", INFERENCE_DEFAULT_MODEL="telea"), media)


def health(bench: Bench) -> dict[str, Any]:
    return bench.service.http.get("/health").json()


def wait_until_staffed(bench: Bench) -> None:
    deadline = time.monotonic() + 10
    while health(bench)["processes"]["alive"] < health(bench)["processes"]["wanted"]:
        assert time.monotonic() < deadline, (health(bench), bench.service.log_lines)
        time.sleep(0.05)


@pytest.mark.parametrize(("model", "word"), [("aborts", "SIGABRT"), ("reads-nowhere", "SIGSEGV")])
def test_an_item_that_crashes_its_process_is_told_alone_and_the_process_is_replaced(
    poisoned: Bench, model: str, word: str
) -> None:
    before = health(poisoned)["processes"]["replaced"]
    items = [poisoned.item(SOUND, MASK), poisoned.item(POISON, MASK), poisoned.item(SOUND, MASK)]
    lines = {line["id"]: line for line in poisoned.send(items, model=model)[:-1]}
    assert [lines[item["id"]]["status"] for item in items] == ["succeeded", "failed", "succeeded"]
    error = lines[items[1]["id"]]["error"]
    assert (error["code"], error["retryable"]) == ("item.crashed", False)
    assert word in error["message"]
    wait_until_staffed(poisoned)
    assert health(poisoned)["processes"]["replaced"] == before + 1
    assert poisoned.inpaint(SOUND, MASK)
    assert f'inpainting_processes_replaced_total{{pool="processor",why="{word}"}} 1' in metrics(poisoned)


def metrics(bench: Bench) -> str:
    return bench.service.http.get("/metrics").text


def test_a_kernel_that_runs_away_is_ended_when_its_time_is_over(poisoned: Bench) -> None:
    started = time.monotonic()
    error = poisoned.refuse(POISON, MASK, model="runs-away")
    assert 2 <= time.monotonic() - started < 8
    assert (error["code"], error["retryable"]) == ("item.timeout", False)
    assert "2 s" in error["message"]
    assert poisoned.inpaint(SOUND, MASK)


def test_an_item_that_takes_more_memory_than_one_may_is_told_so(poisoned: Bench) -> None:
    error = poisoned.refuse(POISON, MASK, model="hogs")
    assert (error["code"], error["retryable"]) == ("item.out_of_memory", False)
    assert "MiB" in error["message"]
    assert poisoned.inpaint(SOUND, MASK)


def test_a_process_that_something_else_killed_is_given_its_item_once_more(start: Start, media: MediaServer) -> None:
    bench = Bench(start(program=PROGRAM, INFERENCE_THREADS="1", INFERENCE_DEFAULT_MODEL="telea"), media)
    item = bench.item(POISON, MASK)
    lines: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: lines.extend(bench.send([item], model="sleeps")))
    asking.start()
    while "inpainting_items_in_hand 1" not in metrics(bench):
        time.sleep(0.02)
    # Those of a service are the forks of one process of its own.
    for process_id in worker_ids(bench.service.process.pid):
        os.kill(process_id, signal.SIGKILL)
    asking.join()
    assert lines[0]["status"] == "succeeded", lines
    assert health(bench)["processes"]["replaced"] >= 1


def test_an_item_whose_process_is_killed_again_and_again_is_given_up(poisoned: Bench) -> None:
    error = poisoned.refuse(POISON, MASK, model="is-killed")
    assert (error["code"], error["retryable"]) == ("item.crashed", False)
    assert "killed twice" in error["message"]


def test_sixteen_requests_at_once_each_get_their_lines_while_some_crash(poisoned: Bench) -> None:
    answers: list[list[dict[str, Any]]] = []

    def ask(number: int) -> None:
        picture = POISON if number % 4 == 0 else SOUND
        items = [poisoned.item(picture, MASK), poisoned.item(SOUND, MASK)]
        answers.append(poisoned.send(items, model="aborts"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends = [lines[-1] for lines in answers]
    assert [len(lines) for lines in answers] == [3] * 16
    assert (sum(end["succeeded"] for end in ends), sum(end["failed"] for end in ends)) == (28, 4)
    assert health(poisoned)["queuedItems"] == 0


def test_crops_of_one_size_are_filled_together_by_a_model_on_a_gpu(poisoned: Bench) -> None:
    items = [poisoned.item(SOUND, MASK) for _ in range(12)]
    lines = poisoned.send(items, model="batched")
    assert (lines[-1]["succeeded"], lines[-1]["failed"]) == (12, 0)
    results = [decode(poisoned.media.objects[f"{item['id']}-result"]) for item in items]
    # What is filled tells how many were filled with it.
    sizes = {int(result[30, 45, 0]) for result in results}
    assert max(sizes) > 1
    assert max(sizes) <= 16


def test_what_was_in_hand_with_a_poison_is_done_again_without_it(poisoned: Bench) -> None:
    items = [poisoned.item(POISON if number == 3 else SOUND, MASK) for number in range(8)]
    lines = poisoned.send(items, model="batched")
    status = {line["id"]: line for line in lines[:-1]}
    assert [status[item["id"]]["status"] for item in items].count("failed") == 1
    error = status[items[3]["id"]]["error"]
    assert (error["code"], error["retryable"]) == ("item.crashed", False)
    assert poisoned.send([poisoned.item(SOUND, MASK)], model="batched")[-1]["succeeded"] == 1


@pytest.mark.parametrize("model", ["runs-away", "sleeps"])
def test_sigterm_ends_the_service_whatever_its_kernels_do(start: Start, media: MediaServer, model: str) -> None:
    service = start(program=PROGRAM, INFERENCE_STOP_SECONDS_MAX="1", INFERENCE_DEFAULT_MODEL="telea")
    bench = Bench(service, media)
    body = bench.body([bench.item(POISON, MASK) for _ in range(3)], model=model)
    with service.http.stream("POST", "/v1/inpaint", json=body) as response:
        while "inpainting_items_in_hand 2" not in metrics(bench):
            time.sleep(0.02)
        children = worker_ids(service.process.pid)
        service.terminate()
        *lines, end = [json.loads(line) for line in response.iter_lines()]
    assert service.process.wait(timeout=8) == 0
    assert {line["error"]["code"] for line in lines} == {"service.stopping"}
    assert end["failed"] == 3
    assert wait_until_gone(children)


def test_a_service_that_is_killed_leaves_no_process_behind(start: Start, media: MediaServer) -> None:
    service = start(program=PROGRAM, INFERENCE_DEFAULT_MODEL="telea")
    bench = Bench(service, media)
    body = bench.body([bench.item(POISON, MASK)], model="runs-away")

    def ask() -> None:
        with pytest.raises(httpx.HTTPError):
            service.http.post("/v1/inpaint", json=body)

    asking = threading.Thread(target=ask)
    asking.start()
    while "inpainting_items_in_hand 1" not in metrics(bench):
        time.sleep(0.02)
    children = worker_ids(service.process.pid)
    assert len(children) >= 2
    service.process.kill()
    asking.join()
    assert wait_until_gone(children)


def test_a_client_that_goes_away_ends_a_kernel_that_runs_on(start: Start, media: MediaServer) -> None:
    service = start(program=PROGRAM, INFERENCE_THREADS="1", INFERENCE_DEFAULT_MODEL="telea")
    bench = Bench(service, media)
    body = bench.body([bench.item(POISON, MASK)], model="runs-away")
    with service.http.stream("POST", "/v1/inpaint", json=body):
        while "inpainting_items_in_hand 1" not in metrics(bench):
            time.sleep(0.02)
    service.wait_for_log("request dropped")
    started = time.monotonic()
    assert bench.inpaint(SOUND, MASK)
    assert time.monotonic() - started < 8
