"""Requests as a whole: who may ask, what may be asked, and how it is answered."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from conftest import MODELS, PREVIOUS_SECRET, SECRET, Bench, RunningService, sign
from media_server import MediaServer
from pictures import box_mask, encode, scene

PICTURE = encode(scene())
MASK = encode(box_mask(96, 80, (30, 20, 60, 44)))
ROUTES = [("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/v1/inpaint")]


# Access


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer not-a-token",
        f"Basic {sign()}",
        sign(),
        f"Bearer {sign('another-secret-of-at-least-32-characters')}",
        f"Bearer {sign(exp=int(time.time()) - 60)}",
        f"Bearer {sign(exp=None)}",
        f"Bearer {sign(aud='worker')}",
        f"Bearer {sign(aud=None)}",
        f"Bearer {jwt.encode({'aud': 'inference', 'exp': int(time.time()) + 60}, None, 'none')}",
        f"Bearer {jwt.encode({'aud': 'inference', 'exp': int(time.time()) + 60}, SECRET * 2, 'HS512')}",
        f"Bearer {sign()[:-2]}",
    ],
    ids=[
        "none", "empty", "no token", "not a token", "another scheme", "no scheme", "another secret", "expired",
        "no expiry", "another audience", "no audience", "no signature", "another algorithm", "a cut signature",
    ],
)  # fmt: skip
def test_a_request_without_a_valid_token_is_refused(
    service: RunningService, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = httpx.request(method, service.url + path, headers=headers, json={} if method == "POST" else None)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "auth.invalid"
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert SECRET not in response.text


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS_SECRET])
def test_both_secrets_are_valid_while_one_replaces_the_other(service: RunningService, secret: str) -> None:
    response = httpx.get(f"{service.url}/v1/models", headers={"Authorization": f"Bearer {sign(secret)}"})
    assert response.status_code == 200


def test_health_is_open_to_everyone(service: RunningService) -> None:
    response = httpx.get(f"{service.url}/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "READY",
        "reasons": [],
        "version": "1.0.0",
        "threads": 2,
        "queuedItems": 0,
    }


def test_nothing_else_is_served(service: RunningService) -> None:
    for path in ("/", "/docs", "/redoc", "/openapi.json"):
        response = service.http.get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "route.not_found")
    response = service.http.get("/v1/inpaint")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method.not_allowed")


# What may be asked


def test_the_default_model_is_patchmatch_and_its_alias_is_answered_with_its_name(bench: Bench) -> None:
    answer = bench.service.http.get("/v1/models").json()
    assert answer["default"] == "patchmatch"
    assert {model["id"] for model in answer["models"]} == set(MODELS)
    for fields in ({"model": "default_inpainting"}, {}):
        body = bench.body([bench.item(PICTURE, MASK)], **fields)
        if not fields:
            del body["model"], body["parameters"]
        lines = [json.loads(line) for line in bench.service.http.post("/v1/inpaint", json=body).text.splitlines()]
        assert lines[0]["model"] == lines[1]["model"]["id"] == "patchmatch"


def change(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update(changes)


def change_item(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["items"][0].update(changes)


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (change(taskId="not-a-uuid"), "taskId"),
        (lambda body: body.pop("taskId"), "taskId"),
        (change(items=[]), "items"),
        (lambda body: body.update(items=body["items"] * 2), "items"),
        (lambda body: body.pop("items"), "items"),
        (change(items="x"), "items"),
        (change(output={"format": "gif"}), "output.format"),
        (change(output={"format": "jpeg", "quality": 0}), "output.quality"),
        (change(output={"format": "jpeg", "quality": 101}), "output.quality"),
        (change(output={"format": "png", "speed": 3}), "output.speed"),
        (change(parameters=[1]), "parameters"),
        (change(model=""), "model"),
        (change(colour="red"), "colour"),
        (change_item(imageUrl=""), "items.0.imageUrl"),
        (change_item(imageUrl=None), "items.0.imageUrl"),
        (change_item(maskUrl="x" * 9000), "items.0.maskUrl"),
        (lambda body: body["items"][0].pop("resultUrl"), "items.0.resultUrl"),
        (change_item(id=""), "items.0.id"),
        (change_item(note="x"), "items.0.note"),
    ],
)
def test_an_invalid_request_is_refused_with_the_field(
    bench: Bench, spoil: Callable[[dict[str, Any]], Any], field: str
) -> None:
    body = bench.body([bench.item(PICTURE, MASK)])
    spoil(body)
    response = bench.service.http.post("/v1/inpaint", json=body)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert (error["code"], error["field"]) == ("request.invalid", field)
    assert field in error["message"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(service: RunningService, data: bytes) -> None:
    response = service.http.post("/v1/inpaint", content=data)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "request.invalid")


def test_more_than_64_items_are_refused(bench: Bench) -> None:
    item = bench.item(PICTURE, MASK)
    items = [{**item, "id": str(number)} for number in range(65)]
    response = bench.service.http.post("/v1/inpaint", json=bench.body(items))
    assert (response.status_code, response.json()["error"]["field"]) == (400, "items")


def test_an_unknown_model_is_refused_with_those_that_exist(bench: Bench) -> None:
    response = bench.service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model="lama"))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "model.unknown")
    assert set(error["models"]) == {*MODELS, "default_inpainting"}


@pytest.mark.parametrize(
    ("model", "parameters", "words"),
    [
        ("telea", {"radius": 0}, ("radius", "1 to 20")),
        ("telea", {"radius": 21}, ("radius",)),
        ("telea", {"radius": "3"}, ("radius",)),
        ("telea", {"radius": 2.5}, ("radius",)),
        ("navier-stokes", {"seed": 1}, ("seed", "radius")),
        ("patchmatch", {"patchSize": 0}, ("patchSize", "1 to 15")),
        ("patchmatch", {"seed": -1}, ("seed",)),
        ("patchmatch", {"radius": 3}, ("radius", "patchSize", "seed")),
    ],
)
def test_invalid_parameters_are_refused_with_the_valid_ones(
    bench: Bench, model: str, parameters: dict[str, Any], words: tuple[str, ...]
) -> None:
    body = bench.body([bench.item(PICTURE, MASK)], model=model, parameters=parameters)
    response = bench.service.http.post("/v1/inpaint", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "model.parameters_invalid")
    for word in words:
        assert word in response.json()["error"]["message"]


def test_parameters_change_the_result(bench: Bench) -> None:
    def digest(model: str, **parameters: int) -> str:
        return bench.inpaint(PICTURE, MASK, model=model, parameters=parameters)[0]["sha256"]

    assert digest("patchmatch") == digest("patchmatch", seed=1, patchSize=3)
    assert digest("patchmatch", seed=2) != digest("patchmatch")
    assert digest("telea", radius=12) != digest("telea")


def test_different_seeds_at_the_same_time_do_not_disturb_each_other(bench: Bench) -> None:
    def digest(seed: int) -> str:
        return bench.inpaint(PICTURE, MASK, model="patchmatch", parameters={"seed": seed})[0]["sha256"]

    alone = {seed: digest(seed) for seed in (1, 2, 3, 4)}
    together: dict[int, set[str]] = {seed: set() for seed in alone}
    threads = [
        threading.Thread(target=lambda seed=seed: together[seed].add(digest(seed))) for seed in (*alone, *alone, *alone)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == {seed: {value} for seed, value in alone.items()}


def test_a_large_body_is_refused_whether_or_not_it_tells_its_length(service: RunningService) -> None:
    data = b" " * (1024 * 1024 + 1)
    for content in (data, iter([data[:500000], data[500000:]])):
        response = service.http.post("/v1/inpaint", content=content)
        assert (response.status_code, response.json()["error"]["code"]) == (413, "request.too_large")


# How it is answered


def test_the_answer_is_one_object_a_line_and_an_end_line(bench: Bench) -> None:
    items = [bench.item(PICTURE, MASK) for _ in range(5)]
    task_id = str(uuid.uuid4())
    response = bench.service.http.post("/v1/inpaint", json=bench.body(items, taskId=task_id))
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.text.endswith("}\n")
    *lines, end = [json.loads(line) for line in response.text.splitlines()]
    assert {line["id"] for line in lines} == {item["id"] for item in items}
    assert end.pop("model")["id"] == "telea"
    assert end == {"type": "end", "taskId": task_id, "succeeded": 5, "failed": 0}
    for line in lines:
        assert set(line) == {
            "type", "id", "status", "model", "width", "height", "sizeBytes", "sha256", "contentType", "holeShare",
            "advice", "timings", "energy",
        }  # fmt: skip
        assert set(line["timings"]) == {"fetchMs", "decodeMs", "inpaintMs", "encodeMs", "storeMs"}
        assert line["energy"]["method"] == "cpu-time-estimate"
        assert line["energy"]["joules"] > 0


def test_an_item_is_answered_as_soon_as_it_ends(bench: Bench) -> None:
    quick, slow = bench.item(PICTURE, MASK), bench.item(PICTURE, MASK)
    slow["imageUrl"] = slow["imageUrl"].replace("/objects/", "/held/first-line/")
    with bench.service.http.stream("POST", "/v1/inpaint", json=bench.body([slow, quick])) as response:
        lines = response.iter_lines()
        assert json.loads(next(lines))["id"] == quick["id"]
        bench.media.gates["first-line"].set()
        assert json.loads(next(lines))["id"] == slow["id"]
        assert json.loads(next(lines))["type"] == "end"


def test_a_small_request_on_a_kept_connection_waits_for_no_delayed_acknowledgement(bench: Bench) -> None:
    picture, mask = encode(scene(8, 8)), encode(box_mask(8, 8, (2, 2, 4, 4)))
    seconds = []
    for _ in range(12):
        body = bench.body([bench.item(picture, mask)])
        started = time.perf_counter()
        bench.service.http.post("/v1/inpaint", json=body)
        seconds.append(time.perf_counter() - started)
    # Such a wait is 40 ms and would be in every call but the first few.
    assert sorted(seconds[4:])[1] < 0.035


def test_a_service_that_is_busy_says_so_at_once(start: Callable[..., RunningService], media: MediaServer) -> None:
    bench = Bench(start(INFERENCE_QUEUE_ITEMS_MAX="3"), media)
    held = [bench.item(PICTURE, MASK) for _ in range(2)]
    for item in held:
        item["imageUrl"] = item["imageUrl"].replace("/objects/", "/held/busy/")
    with bench.service.http.stream("POST", "/v1/inpaint", json=bench.body(held)) as first:
        for _ in held:
            assert media.arrivals["busy"].acquire(timeout=10)
        more = [bench.item(PICTURE, MASK) for _ in range(2)]
        refused = bench.service.http.post("/v1/inpaint", json=bench.body(more))
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "service.busy"
        assert int(refused.headers["Retry-After"]) >= 1
        assert not any(item["id"] in request for item in more for request in media.requests)
        health = bench.service.http.get("/health")
        assert (health.status_code, health.json()["status"], health.json()["queuedItems"]) == (200, "BUSY", 2)
        assert bench.inpaint(PICTURE, MASK)
        media.gates["busy"].set()
        assert len(list(first.iter_lines())) == 3
    assert bench.service.http.get("/health").json()["queuedItems"] == 0
    four = bench.service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK) for _ in range(4)]))
    assert (four.status_code, four.json()["error"]["code"]) == (400, "request.invalid")


def test_a_client_that_goes_away_drops_what_has_not_begun(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    service = start(INFERENCE_THREADS="1")
    bench = Bench(service, media)
    items = [bench.item(PICTURE, MASK) for _ in range(20)]
    for item in items:
        item["imageUrl"] = item["imageUrl"].replace("/objects/", "/held/gone/")
    with service.http.stream("POST", "/v1/inpaint", json=bench.body(items)):
        assert media.arrivals["gone"].acquire(timeout=10)
    dropped = service.wait_for_log("request dropped")
    assert dropped["unfinishedItems"] == 20
    media.gates["gone"].set()
    assert service.http.get("/health").json()["queuedItems"] == 0
    assert bench.inpaint(PICTURE, MASK)
    fetched = [item for item in items if f"GET held/gone/{item['id']}-picture" in media.requests]
    assert len(fetched) < 20
    assert not any(f"{item['id']}-result" in media.objects for item in items)


def test_a_small_request_does_not_wait_for_all_of_a_large_one(
    start: Callable[..., RunningService], media: MediaServer
) -> None:
    bench = Bench(start(INFERENCE_THREADS="1"), media)
    many = [bench.item(PICTURE, MASK) for _ in range(24)]
    with bench.service.http.stream("POST", "/v1/inpaint", json=bench.body(many, model="patchmatch")) as large:
        lines = large.iter_lines()
        next(lines)
        bench.inpaint(PICTURE, MASK)
        done = sum(f"{item['id']}-result" in media.objects for item in many)
        assert done < 16
        assert sum(1 for _ in lines) == 24


def test_metrics_count_items_by_outcome(start: Callable[..., RunningService], media: MediaServer) -> None:
    bench = Bench(start(), media)
    bench.inpaint(PICTURE, MASK)
    bench.refuse(b"broken", MASK)
    httpx.get(f"{bench.service.url}/v1/models")
    text = bench.service.http.get("/metrics").text
    assert 'inpainting_items_total{status="succeeded",code=""} 1' in text
    assert 'inpainting_items_total{status="failed",code="media.undecodable"} 1' in text
    assert 'inpainting_requests_refused_total{code="auth.invalid"} 1' in text
    assert 'inpainting_stage_seconds_count{stage="inpaint"} 1' in text
    assert "inpainting_queued_items 0" in text


def test_a_half_sent_request_costs_nobody_else(service: RunningService, bench: Bench) -> None:
    address = ("127.0.0.1", int(service.url.rpartition(":")[2]))
    with socket.create_connection(address) as half:
        head = f"POST /v1/inpaint HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sign()}\r\nContent-Length: 99\r\n\r\n"
        half.sendall(head.encode() + b"{")
        assert bench.inpaint(PICTURE, MASK)
