"""`python -m inpainting run`: folders in, a folder out, and what is refused is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from pictures import box_mask, decode, encode, scene
from promises import assert_filled, assert_kept_outside, damaged

MASK = box_mask(96, 80, (30, 20, 60, 44))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_")}
    return subprocess.run(
        [sys.executable, "-m", "inpainting", "run", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    return tmp_path / "images", tmp_path / "masks", tmp_path / "out"


def options(folders: tuple[Path, Path, Path]) -> list[str | Path]:
    images, masks, out = folders
    return ["--model", "telea", "--images", images, "--masks", masks, "--out", out]


def test_each_picture_is_filled_where_the_mask_of_its_name_marks_it(folders: tuple[Path, Path, Path]) -> None:
    images, masks, out = folders
    (images / "first.png").write_bytes(encode(damaged()))
    (images / "second.jpg").write_bytes(encode(damaged(), "JPEG", quality=95))
    (masks / "first.png").write_bytes(encode(MASK))
    (masks / "second_mask.png").write_bytes(encode(MASK))
    (images / "notes.txt").write_text("no picture")
    ended = run(*options(folders))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "2 of 2 pictures" in ended.stdout
    assert sorted(path.name for path in out.iterdir()) == ["first.png", "second.png"]
    result = decode((out / "first.png").read_bytes())
    assert_kept_outside(result, damaged(), MASK)
    assert_filled(result, MASK, 255)


def test_what_fails_is_told_by_name_and_the_rest_is_done(folders: tuple[Path, Path, Path]) -> None:
    images, masks, out = folders
    out.mkdir()
    for name in ("broken", "good", "maskless", "there"):
        (images / f"{name}.png").write_bytes(encode(scene()) if name != "broken" else b"no picture")
        if name != "maskless":
            (masks / f"{name}.png").write_bytes(encode(MASK))
    (out / "there.png").write_bytes(b"mine")
    ended = run(*options(folders))
    assert ended.returncode == 1
    told = {line.partition(":")[0]: line for line in ended.stderr.splitlines()}
    assert set(told) == {"broken.png", "maskless.png", "there.png"}
    assert "no mask" in told["maskless.png"]
    assert "--force" in told["there.png"]
    assert (out / "there.png").read_bytes() == b"mine"
    assert sorted(path.name for path in out.iterdir()) == ["good.png", "there.png"]
    forced = run(*options(folders), "--force")
    assert (out / "there.png").read_bytes() != b"mine"
    assert forced.returncode == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("--model", "sdxl"), ("sdxl", "telea")),
        (("--model", "lama"), ("INFERENCE_LAMA_WEIGHTS",)),
        (("--parameters", '{"radius": 99}'), ("radius", "1 to 20")),
        (("--parameters", "[1]"), ("object",)),
        (("--images", "/nowhere/at/all"), ("--images", "/nowhere/at/all")),
    ],
)
def test_what_cannot_be_begun_is_said_and_writes_nothing(
    folders: tuple[Path, Path, Path], changes: tuple[str, str], words: tuple[str, ...]
) -> None:
    images, masks, out = folders
    (images / "one.png").write_bytes(encode(scene()))
    (masks / "one.png").write_bytes(encode(MASK))
    ended = run(*options(folders), *changes)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr
    assert not out.exists()
