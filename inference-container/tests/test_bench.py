"""The bench, and what it promises of the default model: generous bounds, on two photographs of each class."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpainting.__main__ import main
from inpainting.bench.damages import make_classes
from inpainting.bench.large import measure_bomb
from inpainting.bench.measures import score
from inpainting.bench.photographs import PhotographsMissing, load_photograph

CLASSES = ("scratches", "text", "boxes", "blobs")


@dataclass(frozen=True)
class Line:
    psnr: float
    ssim: float
    sharpness: float
    median_ms: float


@dataclass(frozen=True)
class Run:
    lines: dict[tuple[str, str], Line]
    folder: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What `python -m inpainting bench --quick` says and writes."""
    folder = tmp_path_factory.mktemp("sheets")
    output = io.StringIO()
    threads = cv2.getNumThreads()
    with contextlib.redirect_stdout(output):
        assert main(["bench", "--quick", "--out", str(folder)]) == 0
    cv2.setNumThreads(threads)
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in output.getvalue().splitlines() if "|" in line]
    lines = {(row[0], row[1]): Line(*(float(cell) for cell in row[2:])) for row in cells if row[0] in CLASSES}
    return Run(lines, folder)


@pytest.mark.parametrize("damage", CLASSES)
def test_the_default_is_not_far_below_the_better_of_the_quick_ones(run: Run, damage: str) -> None:
    better = max(run.lines[damage, model].psnr for model in ("telea", "navier-stokes"))
    assert run.lines[damage, "patchmatch"].psnr > better - 0.6


@pytest.mark.parametrize("damage", ["boxes", "blobs"])
def test_the_default_keeps_texture_where_the_quick_ones_smear_it(run: Run, damage: str) -> None:
    assert 0.5 < run.lines[damage, "patchmatch"].sharpness < 2
    assert run.lines[damage, "telea"].sharpness < 0.4
    assert run.lines[damage, "navier-stokes"].sharpness < 0.4


def test_thin_scratches_are_as_good_as_with_navier_stokes(run: Run) -> None:
    assert abs(run.lines["scratches", "patchmatch"].psnr - run.lines["scratches", "navier-stokes"].psnr) < 0.3


def test_a_sheet_shows_each_case_of_a_class_beside_its_truth(run: Run) -> None:
    for damage in CLASSES:
        sheet = cv2.imread(str(run.folder / f"{damage}.png"))
        assert sheet.shape == (22 + 2 * 260, 5 * 260 - 4, 3)
        # Truth and masked differ in the hole; the rest of the row is the same picture.
        truth, masked = sheet[22:278, :256].astype(int), sheet[22:278, 260:516].astype(int)
        share = (truth != masked).any(axis=2).mean()
        assert 0 < share < 0.5


def test_one_seed_makes_one_set_of_holes_and_another_another() -> None:
    first, again, other = (make_classes(quick=True, seed=seed) for seed in (5, 5, 6))
    for one, same, different in zip(first, again, other, strict=True):
        for case, twin, stranger in zip(one.cases, same.cases, different.cases, strict=True):
            assert np.array_equal(case.hole, twin.hole)
            assert not np.array_equal(case.hole, stranger.hole)
            assert np.array_equal(case.damaged[case.hole == 0], case.truth[case.hole == 0])


def test_blobs_cover_a_twentieth_and_boxes_64_pixels_a_side() -> None:
    classes = {damage.name: damage.cases for damage in make_classes(quick=True)}
    assert all(case.hole.mean() == pytest.approx(0.05, abs=0.001) for case in classes["blobs"])
    assert all(case.hole.sum() == 64 * 64 for case in classes["boxes"])


def test_the_truth_scores_best_and_a_blur_is_told_by_its_sharpness() -> None:
    truth = load_photograph("grass.png")
    hole = np.zeros(truth.shape[:2], np.uint8)
    hole[100:200, 100:200] = 1
    perfect = score(truth, truth, hole)
    assert (perfect.psnr, perfect.sharpness) == (60.0, 1.0)
    assert perfect.ssim == pytest.approx(1, abs=1e-4)
    blurred = score(cv2.GaussianBlur(truth, (0, 0), 3), truth, hole)
    assert blurred.sharpness < 0.1
    assert blurred.ssim < 0.7


def test_a_bomb_is_refused_within_50_milliseconds() -> None:
    assert measure_bomb() < 50


def test_a_photograph_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(PhotographsMissing, match="Install the version that the lock names"):
        load_photograph("nothing.png")


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--qick"], ["telea"]])
def test_an_option_that_does_not_exist_ends_the_bench_with_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()) as told:
        main(["bench", *arguments])
    assert ended.value.code == 2
    assert arguments[-1] in told.getvalue()
