"""What may be asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import MODELS, Bench, RunningService
from pictures import box_mask, encode, scene

PICTURE = encode(scene())
MASK = encode(box_mask(96, 80, (30, 20, 60, 44)))
ROUTES = [("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/v1/inpaint")]


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
    response = bench.service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model="sdxl"))
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
    data = b" " * (4 * 1024 * 1024 + 1)
    for content in (data, iter([data[:500000], data[500000:]])):
        response = service.http.post("/v1/inpaint", content=content)
        assert (response.status_code, response.json()["error"]["code"]) == (413, "request.too_large")
