"""Which sequences are taken, and which of their frames are filled together."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Bench

from inpainting.errors import RequestError
from inpainting.schemas import InpaintBody, read_body
from inpainting.sequences.rules import ensure_sequence, plan_stretches

URLS = {"imageUrl": "http://store/a", "maskUrl": "http://store/b"}


def make_body(indices: list[int], around: list[int], count: int, spacing: float = 0.04) -> dict[str, Any]:
    return {
        "taskId": "00000000-0000-4000-8000-000000000000",
        "items": [{"id": str(i), "index": i, "resultUrl": "http://store/c", **URLS} for i in indices],
        "sequence": {
            "first": indices[0],
            "count": count,
            "spacingSeconds": spacing,
            "around": [{"index": i, **URLS} for i in around],
        },
    }


# Frames 48 to 71 of 100, with all that they look at.
WHOLE = make_body(list(range(48, 72)), [*range(24, 48), *range(72, 97)], 100)


def judge(body: dict[str, Any]) -> None:
    ensure_sequence(InpaintBody.model_validate(body))


def test_windows_lie_on_a_fixed_grid_and_look_one_further_each_way() -> None:
    planned = plan_stretches([30, 47, 48, 99], 100)
    assert [stretch.keep for stretch in planned] == [(30, 47), (48,), (99,)]
    assert [stretch.look for stretch in planned] == [range(73), range(24, 97), range(72, 100)]


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        make_body([0], [], 1),
        make_body(list(range(60)), [], 60),
        make_body([50, 70], [i for i in range(24, 97) if i not in (50, 70)], 100),
        make_body([5, 500], [], 1000, spacing=0.21),
        make_body(list(range(128)), list(range(128, 169)), 1000),
    ],
)
def test_a_sequence_with_all_that_its_windows_look_at_is_taken(body: dict[str, Any]) -> None:
    judge(body)


def change_item(place: int, **changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda body: body["items"][place].update(changes)


def change(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda body: body["sequence"].update(changes)


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (lambda body: body["sequence"]["around"].pop(3), "sequence.around", "Frame 27 is missing"),
        (lambda body: body["sequence"]["around"].pop(), "sequence.around", "Frame 96 is missing"),
        (lambda body: body["items"].pop(5), "sequence.around", "Frame 53 is missing"),
        (change_item(1, index=None), "items.1.index", "is missing"),
        (change_item(1, index=48), "items.1.index", "is 48, after 48"),
        (change_item(2, index=47), "items.2.index", "ascend"),
        (change_item(23, index=100), "items.23.index", "has 100 frames"),
        (change(first=47), "sequence.first", "47"),
        (change(count=97 - 1), "sequence.around.48.index", "has 96 frames"),
        (lambda body: body["sequence"]["around"][0].update(index=25), "sequence.around.1.index", "25"),
        (lambda body: body["sequence"]["around"][0].update(index=48), "sequence.around.0.index", "48"),
        (lambda body: body.pop("sequence"), "items.0.index", "no sequence"),
    ],
)
def test_a_sequence_that_does_not_fit_is_refused_with_what_does_not(
    spoil: Callable[[dict[str, Any]], Any], field: str, words: str
) -> None:
    body = copy.deepcopy(WHOLE)
    spoil(body)
    with pytest.raises(RequestError) as refused:
        judge(body)
    assert refused.value.details["field"] == field
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (change(first=-1), "sequence.first"),
        (change(count=0), "sequence.count"),
        (change(spacingSeconds=-0.1), "sequence.spacingSeconds"),
        (change(spacingSeconds=None), "sequence.spacingSeconds"),
        (change(around=[{"index": i, **URLS} for i in range(257)]), "sequence.around"),
        (change_item(0, index=1.5), "items.0.index"),
        (change(step=2), "sequence.step"),
    ],
)
def test_a_value_that_no_sequence_has_is_refused_with_its_field(
    spoil: Callable[[dict[str, Any]], Any], field: str
) -> None:
    body = copy.deepcopy(WHOLE)
    spoil(body)
    with pytest.raises(RequestError) as refused:
        read_body(InpaintBody, json.dumps(body).encode())
    assert refused.value.details["field"] == field


def test_the_service_refuses_a_sequence_with_a_frame_missing(bench: Bench) -> None:
    body = copy.deepcopy(WHOLE)
    body["sequence"]["around"].pop(3)
    response = bench.service.http.post("/v1/inpaint", json=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["field"]) == ("request.invalid", "sequence.around")
    assert "Frame 27" in error["message"]
