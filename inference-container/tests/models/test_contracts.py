"""Loading learned models: each contract is found by file and probe, each wrong file is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import WeightsFile, lama_traced, migan_traced
from pictures import box_mask, scene

from inpainting.filling import fill_holes
from inpainting.models.contract import BYTE, SIGNED, UNIT, Reading, SetupError
from inpainting.models.exports import LAMA, MIGAN, ONNX, TORCHSCRIPT, Family
from inpainting.models.learned import LearnedModel, NoParameters, adapt, load_learned
from inpainting.models.runners import CallableRunner, find_runtime
from inpainting.models.selfcheck import check_model
from inpainting.pictures import Picture
from inpainting.settings import WeightsSettings

NONE = NoParameters()


def load(path: Path, family: Family = LAMA, **changes: object) -> LearnedModel:
    settings = WeightsSettings(location=str(path), licence=changes.pop("licence", "MIT"))
    options = {"device": "auto", "allows_noncommercial": False, **changes}
    return load_learned(family, settings, folder=path.parent, bytes_max=10**9, **options)


def refuse(path: Path, family: Family = LAMA, **changes: object) -> str:
    with pytest.raises(SetupError) as refused:
        load(path, family, **changes)
    return str(refused.value)


def adapt_function(family: Family, function, **changes: object) -> LearnedModel:
    """The model around a function that stands for a TorchScript module."""
    export = next(each for each in family.exports if each.runtime == TORCHSCRIPT)
    runner = CallableRunner(function, export.signature, "cpu")
    return adapt(family, export, runner, WeightsFile(md5=export.md5, **changes), "MIT")


LAMAS = ("lama-512", "lama-64", "lama-any", "lama-unit", "lama-keep", "lama-half", "lama-signed", "lama-one")
MIGANS = ("migan-any", "migan-hole", "migan-joined")


@pytest.fixture(params=[*LAMAS, *MIGANS, "lama-traced", "migan-traced"])
def model(request: pytest.FixtureRequest, model_files: Path) -> LearnedModel:
    """A model of each contract: the small ONNX files, and functions in the place of TorchScript modules."""
    if request.param.endswith("traced"):
        return adapt_function(
            *{"lama-traced": (LAMA, lama_traced), "migan-traced": (MIGAN, migan_traced)}[request.param]
        )
    return load(model_files / f"{request.param}.onnx", MIGAN if request.param.startswith("migan") else LAMA)


@pytest.mark.parametrize(
    ("name", "reading", "is_composited", "rule"),
    [
        ("lama-512", Reading(UNIT, True, BYTE), True, "fixed 512"),
        ("lama-any", Reading(UNIT, True, BYTE), True, "multiple of 8"),
        ("lama-unit", Reading(UNIT, True, UNIT), True, "fixed 64"),
        ("lama-keep", Reading(UNIT, False, BYTE), True, "fixed 64"),
        ("migan-any", Reading(BYTE, False, BYTE), True, "any"),
        ("migan-hole", Reading(BYTE, True, BYTE), True, "any"),
        ("migan-joined", Reading(SIGNED, True, SIGNED), False, "fixed 64"),
    ],
)
def test_scale_and_polarity_are_found_by_the_probe(
    model_files: Path, name: str, reading: Reading, is_composited: bool, rule: str
) -> None:
    model = load(model_files / f"{name}.onnx", MIGAN if name.startswith("migan") else LAMA)
    assert model._reading == reading
    assert (model.manifest.is_composited, model.manifest.sizes.rule) == (is_composited, rule)


def test_every_contract_passes_the_check_that_every_model_passes(model: LearnedModel) -> None:
    assert check_model(model) is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (9, 9), (40, 64), (63, 65), (640, 90)])
def test_every_contract_fills_pictures_of_any_size(model: LearnedModel, width: int, height: int) -> None:
    pixels = np.full((height, width, 3), (40, 120, 200), np.uint8)
    hole = box_mask(width, height, (width // 3, height // 3, max(1, 2 * width // 3), max(1, 2 * height // 3))) // 255
    if hole.all():
        hole[:] = 0
    damaged = np.where(hole[..., None] > 0, np.uint8(255), pixels)
    picture = Picture(damaged, None, None)
    fill_holes(picture, hole, model, NONE, check=lambda: None)
    assert np.abs(picture.pixels.astype(int) - pixels).max() <= 3


def test_many_crops_at_once_are_filled_as_each_alone(model: LearnedModel) -> None:
    rng = np.random.default_rng(4)
    images = rng.integers(0, 256, (3, 56, 60, 3), dtype=np.uint8)
    holes = np.zeros((3, 56, 60), np.uint8)
    for k in range(3):
        holes[k, 10 + 5 * k : 30, 12 : 40 - 6 * k] = 1
    together = model.fill_many(images, holes, NONE)
    alone = [model.fill(image, hole, None, NONE) for image, hole in zip(images, holes, strict=True)]
    assert together.shape == images.shape
    assert np.abs(together.astype(int) - np.stack(alone)).max() <= 1


def test_nothing_of_what_is_in_a_hole_comes_back(model: LearnedModel) -> None:
    hole = box_mask(60, 56, (20, 20, 40, 36)) // 255
    results = []
    for marker in (0, 255):
        image = cv2.cvtColor(np.full((56, 60), 90, np.uint8), cv2.COLOR_GRAY2BGR)
        image[hole > 0] = marker
        results.append(model.fill(image, hole, None, NONE)[hole > 0])
    assert np.array_equal(*results)


def test_other_holes_are_not_looked_at(model: LearnedModel) -> None:
    hole = box_mask(60, 56, (10, 10, 24, 24)) // 255
    foreign = box_mask(60, 56, (30, 10, 50, 40)) // 255
    image = np.full((56, 60, 3), 90, np.uint8)
    image[foreign > 0] = 255
    assert np.abs(model.fill(image, hole, foreign, NONE)[hole > 0].astype(int) - 90).max() <= 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong-numbers", ("no numbers", "damaged")),
        ("wrong-filling", ("levels off in the hole", "at most 40", "not an inpainting model")),
        ("wrong-shape", ("1x3x32x32", "64x64")),
        ("wrong-inputs", ("picture with 3 channels", "prompt tensor(float)")),
        ("wrong-dtype", ("mask is tensor(int64)", "float32")),
        ("wrong-run", ("failed on the check picture", "Reshape")),
    ],
)
def test_a_wrong_model_is_refused_with_the_reason(model_files: Path, name: str, words: tuple[str, ...]) -> None:
    message = refuse(model_files / f"{name}.onnx")
    for word in words:
        assert word in message


def test_an_export_known_to_leave_the_rest_alone_is_refused_where_it_does_not() -> None:
    def changes_outside(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return lama_traced(image, mask) * 0.8

    with pytest.raises(SetupError, match="changed pixels outside the hole by"):
        adapt_function(LAMA, changes_outside)


def test_a_file_that_is_none_is_refused(tmp_path: Path, model_files: Path) -> None:
    (tmp_path / "text.onnx").write_text("this is no model")
    assert "cannot load its weights" in refuse(tmp_path / "text.onnx")
    whole = (model_files / "lama-64.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    assert "cannot load its weights" in refuse(tmp_path / "cut.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    assert "cannot load its weights" in refuse(tmp_path / "empty.onnx")
    assert "'.ckpt'" in refuse(tmp_path / "lama.ckpt")


def test_torchscript_asks_for_its_extra_where_torch_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "big-lama.pt").write_bytes(b"x")
    message = refuse(tmp_path / "big-lama.pt")
    assert "torchscript" in message
    assert "ONNX" in message


def test_a_gpu_that_is_not_there_is_told_where_it_was_asked_for(model_files: Path) -> None:
    message = refuse(model_files / "lama-64.onnx", device="cuda")
    assert "INFERENCE_DEVICE is cuda" in message
    assert "onnxruntime-gpu" in message


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "S-Lab-1.0", "something"])
def test_weights_not_known_to_allow_commercial_use_need_a_word(model_files: Path, licence: str) -> None:
    path = model_files / "lama-64.onnx"
    message = refuse(path, licence=licence)
    assert licence in message
    assert "INFERENCE_ALLOW_NONCOMMERCIAL=1" in message
    manifest = load(path, licence=licence, allows_noncommercial=True).manifest
    assert (manifest.licence, manifest.commercial_use) == (licence, False)


def test_an_unknown_file_needs_its_licence(model_files: Path) -> None:
    assert "INFERENCE_MIGAN_LICENCE" in refuse(model_files / "migan-any.onnx", MIGAN, licence=None)


def test_a_known_file_brings_its_licence_and_contract() -> None:
    for family in (LAMA, MIGAN):
        for export in family.exports:
            found = family.find(sha256=export.sha256 or "-", md5=export.md5 or "-", runtime=export.runtime)
            assert found is export
            assert found.licence in ("Apache-2.0", "MIT")
    other = LAMA.find(sha256="0" * 64, md5="0" * 32, runtime=ONNX)
    assert (other.licence, other.sha256) == (None, None)


@pytest.mark.parametrize("name", ["model.safetensors", "model", "weights.h5"])
def test_a_file_of_another_kind_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SetupError, match=r"Export the model to ONNX"):
        find_runtime(name)


def test_a_crop_keeps_its_own_scale_where_it_fits(model_files: Path) -> None:
    model = load(model_files / "lama-512.onnx")
    seen: list[tuple[int, ...]] = []
    run = model.fill_many

    def watch(images: np.ndarray, holes: np.ndarray, parameters: NoParameters) -> np.ndarray:
        seen.append(images.shape)
        return run(images, holes, parameters)

    model.fill_many = watch  # type: ignore[method-assign]
    for width, height, hole_box in [
        (700, 600, (10, 10, 90, 60)),
        (800, 700, (300, 300, 540, 380)),
        (120, 90, (40, 40, 60, 60)),
    ]:
        picture = Picture(scene(width, height), None, None)
        fill_holes(picture, box_mask(width, height, hole_box) // 255, model, NONE, check=lambda: None)
    assert seen == [(1, 512, 512, 3), (1, 512, 512, 3), (1, 90, 120, 3)]


def test_a_model_that_makes_up_everything_leaves_no_step_in_tone_at_the_edge() -> None:
    def darker(joined: np.ndarray) -> np.ndarray:
        return migan_traced(joined) - 0.1

    model = adapt_function(MIGAN, darker)
    assert not model.manifest.is_composited
    hole = box_mask(96, 80, (30, 20, 60, 44)) // 255
    filled = model.fill(np.full((80, 96, 3), 128, np.uint8), hole, None, NONE)
    assert np.abs(filled[20, 30:60].astype(int) - 128).mean() <= 3
    assert np.abs(filled[32, 45].astype(int) - 115).max() <= 3
