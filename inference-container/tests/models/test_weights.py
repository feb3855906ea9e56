"""Where weights come from: a path or a URL, once, whole, and only the bytes that were asked for."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from weights_server import WeightsServer

from inpainting.models import weights
from inpainting.models.contract import SetupError
from inpainting.models.weights import Weights, get_weights

DATA = np.random.default_rng(3).bytes(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
LIMIT = 10_000_000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    monkeypatch.setattr(weights, "_PAUSE_SECONDS", 0.01)
    server = WeightsServer(DATA)
    yield server
    server.stop()


def get(location: str, folder: Path, sha256: str | None = SHA256, bytes_max: int = LIMIT) -> Weights:
    return get_weights(location, sha256, folder=folder, bytes_max=bytes_max)


def refuse(location: str, folder: Path, sha256: str | None = SHA256, bytes_max: int = LIMIT) -> str:
    with pytest.raises(SetupError) as refused:
        get(location, folder, sha256, bytes_max)
    return str(refused.value)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {f"{SHA256}.lock"}


def test_a_file_is_downloaded_once_and_kept_under_its_hash(server: WeightsServer, tmp_path: Path) -> None:
    found = get(f"{server.url}?token=secret", tmp_path / "cache")
    again = get(server.url, tmp_path / "cache")
    assert found.path == again.path == tmp_path / "cache" / f"{SHA256}.onnx"
    assert found.path.read_bytes() == DATA
    assert (found.sha256, found.md5) == (SHA256, hashlib.md5(DATA).hexdigest())
    assert len(server.ranges) == 1
    assert "secret" not in found.source
    assert names(tmp_path / "cache") == {f"{SHA256}.onnx"}


def test_a_broken_transfer_is_gone_on_with(server: WeightsServer, tmp_path: Path) -> None:
    server.behaviours = ["cut", "503"]
    assert get(server.url, tmp_path).path.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={len(DATA) // 2}-", f"bytes={len(DATA) // 2}-"]


def test_what_a_crash_left_is_gone_on_with(server: WeightsServer, tmp_path: Path) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(DATA[:1000])
    assert get(server.url, tmp_path).path.read_bytes() == DATA
    assert server.ranges == ["bytes=1000-"]


def test_a_crash_before_the_last_step_downloads_nothing_again(server: WeightsServer, tmp_path: Path) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(DATA)
    assert get(server.url, tmp_path).path.read_bytes() == DATA
    assert names(tmp_path) == {f"{SHA256}.onnx"}


@pytest.mark.parametrize("behaviour", ["whole", "rest"])
def test_a_store_that_answers_another_part_than_asked_for_does_no_harm(
    server: WeightsServer, tmp_path: Path, behaviour: str
) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(DATA[:1000])
    server.behaviours = [behaviour]
    assert get(server.url, tmp_path).path.read_bytes() == DATA


def test_a_leftover_of_another_file_is_thrown_away(server: WeightsServer, tmp_path: Path) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(b"x" * 1000)
    assert get(server.url, tmp_path).path.read_bytes() == DATA
    assert server.ranges == ["bytes=1000-", None]


def test_another_file_than_the_hash_says_is_refused_and_not_kept(server: WeightsServer, tmp_path: Path) -> None:
    server.data = DATA[:-1]
    message = refuse(server.url, tmp_path)
    assert SHA256 in message
    assert hashlib.sha256(server.data).hexdigest() in message
    assert names(tmp_path) == set()


@pytest.mark.parametrize("tells_length", [True, False])
def test_more_bytes_than_the_limit_are_refused(server: WeightsServer, tmp_path: Path, tells_length: bool) -> None:
    server.tells_length = tells_length
    assert "INFERENCE_WEIGHTS_BYTES_MAX is 2000000" in refuse(server.url, tmp_path, bytes_max=2_000_000)
    assert not (tmp_path / f"{SHA256}.onnx").exists()


def test_a_store_that_refuses_is_told_at_once(server: WeightsServer, tmp_path: Path) -> None:
    server.behaviours = ["404"]
    assert "404" in refuse(f"{server.url}?token=secret", tmp_path)
    assert len(server.ranges) == 1


def test_a_store_that_stays_broken_is_told_without_the_urls_secrets(server: WeightsServer, tmp_path: Path) -> None:
    server.behaviours = ["503"] * 3
    message = refuse(f"{server.url}?token=secret", tmp_path)
    assert "503" in message
    assert "secret" not in message


def test_a_store_that_is_not_there_is_told(server: WeightsServer, tmp_path: Path) -> None:
    server.stop()
    assert "could not be downloaded" in refuse(server.url, tmp_path)


def test_a_redirect_is_followed_and_an_endless_one_is_told(server: WeightsServer, tmp_path: Path) -> None:
    server.behaviours = [f"to:{server.url}"]
    assert get(server.url, tmp_path).path.read_bytes() == DATA
    server.behaviours = [f"to:{server.url}"] * 30
    assert "TooManyRedirects" in refuse(server.url, tmp_path / "other")


def test_a_kept_copy_that_was_damaged_is_deleted_and_told(server: WeightsServer, tmp_path: Path) -> None:
    get(server.url, tmp_path).path.write_bytes(b"damaged")
    assert "damaged" in refuse(server.url, tmp_path)
    assert get(server.url, tmp_path).path.read_bytes() == DATA


def test_two_services_with_one_folder_download_once(server: WeightsServer, tmp_path: Path) -> None:
    both = [threading.Thread(target=get, args=(server.url, tmp_path)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(server.ranges) == 1
    assert names(tmp_path) == {f"{SHA256}.onnx"}


def test_a_folder_that_cannot_be_written_to_is_told(server: WeightsServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "INFERENCE_WEIGHTS_DIR" in refuse(server.url, tmp_path / "file")


def test_a_path_is_used_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(DATA)
    assert get(str(file), tmp_path / "none", None).path == file
    assert get(str(file), tmp_path / "none").sha256 == SHA256
    assert "0" * 64 in refuse(str(file), tmp_path, "0" * 64)
    assert "cannot be read (No such file" in refuse(str(tmp_path / "gone.onnx"), tmp_path, None)
    assert "cannot be read (Is a directory" in refuse(str(tmp_path), tmp_path, None)
