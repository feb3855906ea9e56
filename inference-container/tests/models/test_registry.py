"""Which models a service has: configured, failed or not, which one is the default, and what it says of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SECRET, Bench, RunningService
from media_server import MediaServer
from pictures import box_mask, encode, scene
from weights_server import WeightsServer

from inpainting.models.registry import create_registry
from inpainting.settings import SettingsError, read_settings

PICTURE = encode(scene())
MASK = encode(box_mask(96, 80, (30, 20, 60, 44)))
GOOD = {"INFERENCE_SECRET": SECRET, "INFERENCE_MEDIA_ORIGINS": "http://127.0.0.1:8787"}
URL = "https://weights.example/lama.onnx"
HASH = "ab" * 32

Start = Callable[..., RunningService]


def weigh(model_files: Path, id_: str, name: str, licence: str = "MIT") -> dict[str, str]:
    """The settings for a model's weights."""
    prefix = f"INFERENCE_{id_.upper()}"
    return {f"{prefix}_WEIGHTS": str(model_files / f"{name}.onnx"), f"{prefix}_LICENCE": licence}


def entries(service: RunningService) -> dict[str, dict]:
    return {entry["id"]: entry for entry in service.http.get("/v1/models").json()["models"]}


def default_of(**changes: str) -> str:
    return create_registry(read_settings(GOOD | changes)).default_id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"INFERENCE_LAMA_WEIGHTS": URL}, ("INFERENCE_LAMA_WEIGHTS is a URL", "INFERENCE_LAMA_SHA256")),
        ({"INFERENCE_LAMA_WEIGHTS": "http://weights.example/a.onnx", "INFERENCE_LAMA_SHA256": HASH}, ("https",)),
        ({"INFERENCE_MIGAN_WEIGHTS": "ftp://weights.example/a.onnx", "INFERENCE_MIGAN_SHA256": HASH}, ("'ftp'",)),
        ({"INFERENCE_MIGAN_SHA256": "abc"}, ("INFERENCE_MIGAN_SHA256 is 'abc'", "64 hexadecimal")),
        ({"INFERENCE_DEVICE": "gpu"}, ("'gpu'", "auto, cpu, cuda")),
        ({"INFERENCE_ALLOW_NONCOMMERCIAL": "yes"}, ("'yes'",)),
        ({"INFERENCE_WEIGHTS_BYTES_MAX": "1"}, ("INFERENCE_WEIGHTS_BYTES_MAX is 1",)),
    ],
)
def test_settings_that_cannot_be_used_are_told(changes: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(GOOD | changes)
    for word in words:
        assert word in str(refused.value)


def test_the_default_is_the_best_model_whose_weights_are_named() -> None:
    lama = {"INFERENCE_LAMA_WEIGHTS": "/lama.onnx"}
    migan = {"INFERENCE_MIGAN_WEIGHTS": "/migan.onnx"}
    assert default_of() == "patchmatch"
    assert default_of(**migan) == "migan"
    assert default_of(**migan, **lama) == "lama"
    assert default_of(**migan, **lama, INFERENCE_DEFAULT_MODEL="telea") == "telea"
    with pytest.raises(ValueError, match=r"'lama' is not one of .*INFERENCE_LAMA_WEIGHTS"):
        default_of(INFERENCE_DEFAULT_MODEL="lama")


def test_models_without_weights_are_listed_as_not_configured_and_refused(start: Start, media: MediaServer) -> None:
    service = start()
    lama = entries(service)["lama"]
    assert (lama["status"], lama["ready"], lama["speed"]) == ("notConfigured", False, None)
    assert "INFERENCE_LAMA_WEIGHTS" in lama["reason"]
    bench = Bench(service, media)
    response = service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model="lama"))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "model.unknown")
    assert "INFERENCE_LAMA_WEIGHTS" in error["message"]
    assert set(error["models"]) == {"default_inpainting", "patchmatch", "telea", "navier-stokes"}


def test_a_manifest_tells_what_a_model_is_and_how_quick(service: RunningService, model_files: Path) -> None:
    lama = entries(service)["lama"]
    assert lama["sha256"] == hashlib.sha256((model_files / "lama-64.onnx").read_bytes()).hexdigest()
    assert lama["source"] == str(model_files / "lama-64.onnx")
    assert (lama["runtime"], lama["device"], lama["status"]) == ("onnxruntime", "cpu", "ready")
    assert [array["name"] for array in lama["inputs"]] == ["image", "mask"]
    assert lama["inputs"][1] == {
        "name": "mask",
        "dtype": "float32",
        "shape": ["n", 1, 64, 64],
        "levels": "1 = hole, 0 = keep",
    }
    assert lama["output"]["composited"] is True
    assert lama["sizes"]["rule"] == "fixed 64"
    for entry in entries(service).values():
        assert entry["speed"]["milliseconds"] > 0
        assert entry["speed"]["picture"] == "256x256, hole 64x64"
        assert entry["aliases"] == (["default_inpainting"] if entry["id"] == "patchmatch" else [])
        assert entry["parameters"]["type"] == "object"


def test_a_learned_model_is_the_default_where_its_weights_are_named(
    start: Start, media: MediaServer, model_files: Path
) -> None:
    bench = Bench(start(**weigh(model_files, "lama", "lama-any")), media)
    line, _ = bench.inpaint(PICTURE, MASK, model="default_inpainting")
    assert line["model"] == "lama"
    assert bench.service.http.get("/health").json()["reasons"] == []


def test_a_default_that_fails_is_setup_failed_with_the_reason(
    start: Start, media: MediaServer, model_files: Path
) -> None:
    service = start(**weigh(model_files, "lama", "wrong-filling"))
    health = service.http.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "SETUP_FAILED")
    assert "lama: no reading of its mask" in health.json()["reasons"][0]
    bench = Bench(service, media)
    for model in ("default_inpainting", "lama", "telea"):
        response = service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model=model))
        assert (response.status_code, response.json()["error"]["code"]) == (503, "service.not_ready")
        assert int(response.headers["Retry-After"]) >= 1


def test_another_model_that_fails_is_listed_and_refused_and_the_rest_works(
    start: Start, media: MediaServer, model_files: Path
) -> None:
    settings = weigh(model_files, "migan", "migan-any", licence="CC-BY-NC-4.0")
    service = start(**settings, INFERENCE_DEFAULT_MODEL="telea")
    service.wait_for_log("models set up")
    migan = entries(service)["migan"]
    assert (migan["status"], migan["speed"]) == ("failed", None)
    assert "INFERENCE_ALLOW_NONCOMMERCIAL=1" in migan["reason"]
    health = service.http.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "READY")
    assert health.json()["reasons"] == [f"migan: {migan['reason']}"]
    bench = Bench(service, media)
    assert bench.inpaint(PICTURE, MASK, model="telea")
    response = service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model="migan"))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "model.unknown")
    assert "CC-BY-NC-4.0" in response.json()["error"]["message"]


def test_noncommercial_weights_work_where_they_are_allowed(start: Start, media: MediaServer, model_files: Path) -> None:
    settings = weigh(model_files, "migan", "migan-any", licence="CC-BY-NC-4.0")
    bench = Bench(start(**settings, INFERENCE_ALLOW_NONCOMMERCIAL="1"), media)
    assert bench.inpaint(PICTURE, MASK, model="default_inpainting")[0]["model"] == "migan"
    assert entries(bench.service)["migan"]["commercialUse"] is False


def test_while_weights_of_another_model_come_the_default_works(
    start: Start, media: MediaServer, model_files: Path, tmp_path: Path
) -> None:
    data = (model_files / "lama-64.onnx").read_bytes()
    store = WeightsServer(data)
    gate = store.hold()
    try:
        service = start(
            INFERENCE_LAMA_WEIGHTS=f"{store.url}?signature=very-secret",
            INFERENCE_LAMA_SHA256=hashlib.sha256(data).hexdigest(),
            INFERENCE_LAMA_LICENCE="MIT",
            INFERENCE_WEIGHTS_DIR=str(tmp_path),
            INFERENCE_DEFAULT_MODEL="telea",
        )
        bench = Bench(service, media)
        assert bench.inpaint(PICTURE, MASK, model="default_inpainting")
        assert entries(service)["lama"]["status"] == "starting"
        response = service.http.post("/v1/inpaint", json=bench.body([bench.item(PICTURE, MASK)], model="lama"))
        assert (response.status_code, response.json()["error"]["code"]) == (503, "service.not_ready")
        gate.set()
        service.wait_for_log("models set up")
        assert bench.inpaint(PICTURE, MASK, model="lama")
        assert entries(service)["lama"]["source"] == store.url
        assert "very-secret" not in "".join(service.log_lines) + json.dumps(entries(service))
    finally:
        gate.set()
        store.stop()


def test_sigterm_does_not_wait_for_weights(start: Start, model_files: Path, tmp_path: Path) -> None:
    store = WeightsServer(b"weights")
    gate = store.hold()
    try:
        service = start(
            INFERENCE_LAMA_WEIGHTS=store.url,
            INFERENCE_LAMA_SHA256=HASH,
            INFERENCE_WEIGHTS_DIR=str(tmp_path),
            INFERENCE_DEFAULT_MODEL="telea",
        )
        service.terminate()
        assert service.process.wait(timeout=5) == 0
    finally:
        gate.set()
        store.stop()
