"""The process: how it starts, what it refuses to start with, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from conftest import ROOT, SECRET, Bench, RunningService
from media_server import MediaServer
from pictures import box_mask, encode, scene

PICTURE = encode(scene())
MASK = encode(box_mask(96, 80, (30, 20, 60, 44)))
GOOD = {"INFERENCE_SECRET": SECRET, "INFERENCE_MEDIA_ORIGINS": "http://127.0.0.1:8787", "INFERENCE_PORT": "0"}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_")}
    return subprocess.run(
        [sys.executable, "-m", "inpainting", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"INFERENCE_SECRET": ""}, ("INFERENCE_SECRET is not set", "32")),
        ({"INFERENCE_SECRET": "short"}, ("INFERENCE_SECRET has 5 characters",)),
        ({"INFERENCE_SECRET_PREVIOUS": "short"}, ("INFERENCE_SECRET_PREVIOUS has 5 characters",)),
        ({"INFERENCE_MEDIA_ORIGINS": ""}, ("INFERENCE_MEDIA_ORIGINS is not set",)),
        ({"INFERENCE_MEDIA_ORIGINS": "http://a.example/path"}, ("http://a.example/path", "only")),
        ({"INFERENCE_MEDIA_ORIGINS": "http://a.example,*"}, ("'*'", "scheme")),
        ({"INFERENCE_MEDIA_ORIGINS": "http://me@a.example"}, ("user name",)),
        ({"INFERENCE_PORT": "http"}, ("INFERENCE_PORT is 'http'", "65535")),
        ({"INFERENCE_PORT": "65536"}, ("INFERENCE_PORT is 65536",)),
        ({"INFERENCE_THREADS": "0"}, ("INFERENCE_THREADS is 0", "256")),
        ({"INFERENCE_WATTS_PER_CORE": "nan"}, ("INFERENCE_WATTS_PER_CORE",)),
        ({"INFERENCE_LOG_LEVEL": "loud"}, ("'loud'", "warning")),
        ({"INFERENCE_DEFAULT_MODEL": "lama"}, ("'lama'", "patchmatch, telea, navier-stokes")),
        ({"INFERENCE_HOST": "203.0.113.7"}, ("203.0.113.7", "cannot be listened on")),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_one_sentence(changes: dict[str, str], words: tuple[str, ...]) -> None:
    ended = run(GOOD | changes, "serve")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    for word in words:
        assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(GOOD | {"INFERENCE_PORT": str(port)}, "serve")
    assert ended.returncode == 2
    assert f"127.0.0.1:{port} cannot be listened on" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_unknown_command_is_told_the_known_ones() -> None:
    ended = run(GOOD, "server")
    assert ended.returncode == 2
    assert "serve" in ended.stderr


def test_another_default_model_can_be_set(start: Callable[..., RunningService], media: MediaServer) -> None:
    bench = Bench(start(INFERENCE_DEFAULT_MODEL="telea"), media)
    assert bench.service.http.get("/v1/models").json()["default"] == "telea"
    assert bench.inpaint(PICTURE, MASK, model="default_inpainting")[0]["model"] == "telea"


def test_logs_are_one_object_a_line_without_secrets_or_signatures(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_LOG_LEVEL="debug")
    bench = Bench(service, media)
    body = bench.body([bench.item(PICTURE, MASK), bench.item(b"broken", MASK)])
    service.http.post("/v1/inpaint", json=body)
    bench.refuse(PICTURE, MASK, changes={"imageUrl": media.url("fail/500")})
    entries = [service.wait_for_log("item ended") for _ in range(3)]
    assert [entry["taskId"] for entry in entries[:2]] == [body["taskId"]] * 2
    assert {entry["code"] for entry in entries} == {None, "media.undecodable", "media.fetch_failed"}
    text = "".join(service.log_lines)
    assert "Signature" not in text
    assert SECRET not in text
    assert all(isinstance(json.loads(line), dict) for line in service.log_lines)


def test_sigterm_ends_what_is_in_hand_and_reports_the_rest_as_retryable(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_THREADS="1")
    bench = Bench(service, media)
    items = [bench.item(PICTURE, MASK) for _ in range(10)]
    for item in items:
        item["resultUrl"] = item["resultUrl"].replace("/objects/", "/held/stop/")
    with service.http.stream("POST", "/v1/inpaint", json=bench.body(items)) as response:
        for _ in range(4):
            assert media.arrivals["stop"].acquire(timeout=10)
        service.terminate()
        service.wait_for_log("stopping")
        media.gates["stop"].set()
        *lines, end = [json.loads(line) for line in response.iter_lines()]
    assert service.process.wait(timeout=10) == 0
    succeeded = {line["id"] for line in lines if line["status"] == "succeeded"}
    errors = [line["error"] for line in lines if line["status"] == "failed"]
    assert (len(succeeded), len(errors)) == (4, 6)
    assert {(error["code"], error["retryable"]) for error in errors} == {("service.stopping", True)}
    assert (end["succeeded"], end["failed"]) == (4, 6)
    assert succeeded == {item["id"] for item in items if f"{item['id']}-result" in media.objects}


def test_sigterm_cuts_off_what_does_not_end_in_time(start: Callable[..., RunningService], media: MediaServer) -> None:
    service = start(INFERENCE_STOP_SECONDS_MAX="1")
    bench = Bench(service, media)
    item = bench.item(PICTURE, MASK)
    item["imageUrl"] = item["imageUrl"].replace("/objects/", "/held/never-stops/")
    with service.http.stream("POST", "/v1/inpaint", json=bench.body([item])) as response:
        assert media.arrivals["never-stops"].acquire(timeout=10)
        started = time.monotonic()
        service.terminate()
        line, end = [json.loads(line) for line in response.iter_lines()]
    assert service.process.wait(timeout=10) == 0
    assert time.monotonic() - started < 5
    assert line["error"]["code"] == "service.stopping"
    assert (end["type"], end["failed"]) == ("end", 1)


def test_a_kernel_that_runs_on_does_not_hold_the_process(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_STOP_SECONDS_MAX="1")
    bench = Bench(service, media)
    mask = encode(box_mask(600, 600, (20, 20, 580, 580)))
    item = bench.item(encode(scene(600, 600)), mask)
    body = bench.body([item], model="patchmatch", parameters={"patchSize": 15})
    answered = threading.Event()

    def ask() -> None:
        response = service.http.post("/v1/inpaint", json=body)
        if json.loads(response.text.splitlines()[0])["error"]["code"] == "service.stopping":
            answered.set()

    asking = threading.Thread(target=ask)
    asking.start()
    while bench.service.http.get("/health").json()["queuedItems"] == 0:
        pass
    service.terminate()
    assert service.process.wait(timeout=8) == 0
    asking.join()
    assert answered.is_set()
