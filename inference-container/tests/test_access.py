"""Who may ask."""

from __future__ import annotations

import time

import httpx
import jwt
import pytest
from conftest import PREVIOUS_SECRET, SECRET, RunningService, sign
from pictures import box_mask, encode, scene

PICTURE = encode(scene())
MASK = encode(box_mask(96, 80, (30, 20, 60, 44)))
ROUTES = [("GET", "/v1/models"), ("GET", "/metrics"), ("POST", "/v1/inpaint")]


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
        f"Bearer {sign(aud='pa-inpainting-api', userId='4991aeaa-1c3e-421a-800f-02792725c575', accessVersion=1)}",
        f"Bearer {jwt.encode({'aud': 'inference', 'exp': int(time.time()) + 60}, None, 'none')}",
        f"Bearer {jwt.encode({'aud': 'inference', 'exp': int(time.time()) + 60}, SECRET * 2, 'HS512')}",
        f"Bearer {sign()[:-2]}",
    ],
    ids=[
        "none", "empty", "no token", "not a token", "another scheme", "no scheme", "another secret", "expired",
        "no expiry", "another audience", "no audience", "a user's token", "no signature", "another algorithm",
        "a cut signature",
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
        "processes": {"alive": 2, "wanted": 2, "replaced": 0},
    }


def test_nothing_else_is_served(service: RunningService) -> None:
    for path in ("/", "/docs", "/redoc"):
        response = service.http.get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "route.not_found")
    response = service.http.get("/v1/inpaint")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method.not_allowed")
