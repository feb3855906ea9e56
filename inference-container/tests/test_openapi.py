"""The document of the HTTP contract, and that it holds: every route of it, and none beside it, needs a token."""

from __future__ import annotations

import httpx
import pytest
from conftest import SECRET, Bench, RunningService
from pictures import box_mask, encode, scene

from inpainting.app import create_app
from inpainting.schemas import InpaintBody, read_body
from inpainting.settings import read_settings

GOOD = {"INFERENCE_SECRET": SECRET, "INFERENCE_MEDIA_ORIGINS": "http://127.0.0.1:8787"}
OPEN = {"/health"}


def list_routes() -> list[tuple[str, str]]:
    """Every method and path that the application serves."""
    routes = create_app(read_settings(GOOD)).routes
    return [(method, route.path) for route in walk(routes) for method in sorted(route.methods or ())]


def walk(routes: list) -> list:
    found = []
    for route in routes:
        if hasattr(route, "methods"):
            found.append(route)
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "app", None)
            found += walk(inner.routes)
    return found


ROUTES = list_routes()


def test_all_routes_are_walked() -> None:
    paths = {path for _, path in ROUTES}
    assert {"/health", "/metrics", "/openapi.json", "/v1/models", "/v1/inpaint", "/v1/probe"} <= paths
    assert {"/v1/frames", "/v1/segments", "/v1/assemble"} <= paths


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_but_health_works_without_a_token(service: RunningService, method: str, path: str) -> None:
    response = httpx.request(method, service.url + path)
    if path in OPEN:
        assert response.status_code == 200
    else:
        assert response.status_code == 401
        assert method == "HEAD" or response.json()["error"]["code"] == "auth.invalid"


def test_the_document_tells_of_every_route_and_of_the_bodies_that_are_read(bench: Bench) -> None:
    document = bench.service.http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    told = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert told == set(ROUTES) - {("GET", "/openapi.json")}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert (operation.get("security") is None) == (path in OPEN)
            body = operation.get("requestBody")
            if body is not None:
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert "properties" in document["components"]["schemas"][name]


def test_the_schemas_of_the_document_are_the_models_that_requests_are_read_with(bench: Bench) -> None:
    schemas = bench.service.http.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["InpaintBody"]["required"] == ["taskId", "items"]
    assert schemas["InpaintBody"]["additionalProperties"] is False
    picture, mask = encode(scene()), encode(box_mask(96, 80, (30, 20, 60, 44)))
    body = bench.body([bench.item(picture, mask)])
    assert set(body) <= set(schemas["InpaintBody"]["properties"])
    read_body(InpaintBody, bench.service.http.build_request("POST", "/", json=body).content)
