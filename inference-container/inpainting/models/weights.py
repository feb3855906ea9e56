"""Files of weights: a path, or a URL whose file is downloaded once and kept under its hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import httpx

from inpainting.models.contract import SetupError

_CHUNK_BYTES = 1024 * 1024
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file that is there, and whose bytes are those that were asked for. `source` holds no query of a URL."""

    path: Path
    source: str
    sha256: str
    md5: str


class _BrokenTransfer(Exception):
    """The way to the file broke; trying again may help."""


def get_weights(location: str, sha256: str | None, *, folder: Path, bytes_max: int) -> Weights:
    """The file at a path or an https URL, downloaded into `folder` where it is not there yet.

    Raises SetupError where it cannot be had, has more than `bytes_max` bytes or another hash. What was downloaded
    before a crash is gone on with.
    """
    if not location.startswith(("https://", "http://")):
        return _read_file(Path(location), sha256)
    if sha256 is None:
        raise SetupError("its weights are a URL, whose sha256 must be set too.")
    path = folder / f"{sha256}{PurePosixPath(urlsplit(location).path).suffix.lower()}"
    source = hide_query(location)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _hold(folder / f"{sha256}.lock"):
            if not path.exists():
                _download(location, path, sha256, bytes_max)
            digests = _digest(path)
            if digests[0] != sha256:
                # A disk's fault, not the sender's: the next start downloads it again.
                path.unlink()
                raise SetupError(f"the kept copy of its weights, {path}, was damaged and is deleted: start again.")
    except OSError as error:
        raise SetupError(
            f"its weights cannot be kept in {folder} ({error.strerror or error}): set INFERENCE_WEIGHTS_DIR to a "
            "folder that can be written to."
        ) from error
    return Weights(path=path, source=source, sha256=digests[0], md5=digests[1])


def hide_query(location: str) -> str:
    """A URL without its query and user, which may be secrets; a path as it is."""
    parts = urlsplit(location)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme in ("http", "https") else location


def _read_file(path: Path, sha256: str | None) -> Weights:
    try:
        digests = _digest(path)
    except OSError as error:
        raise SetupError(f"its weights, {path}, cannot be read ({error.strerror or error}).") from error
    if sha256 is not None and digests[0] != sha256:
        raise SetupError(f"its weights, {path}, have the sha256 {digests[0]}, and {sha256} was set.")
    return Weights(path=path, source=str(path), sha256=digests[0], md5=digests[1])


def _digest(path: Path) -> tuple[str, str]:
    """SHA-256, and MD5 by which some exports were published."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            sha256.update(chunk)
            md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest()


@contextmanager
def _hold(lock: Path) -> Iterator[None]:
    """Runs the body while no other process downloads the same file."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(url: str, path: Path, sha256: str, bytes_max: int) -> None:
    part = path.with_name(f"{sha256}.part")
    for attempt in range(1, _ATTEMPTS + 1):
        was_begun = part.exists() and part.stat().st_size > 0
        try:
            found = _transfer(url, part, bytes_max)
        except _BrokenTransfer as broken:
            if attempt == _ATTEMPTS:
                raise SetupError(
                    f"its weights could not be downloaded from {hide_query(url)}: {broken}. Start again to go on "
                    "from where it broke."
                ) from broken
            time.sleep(_PAUSE_SECONDS * attempt)
            continue
        if found == sha256:
            part.replace(path)
            return
        part.unlink()
        # What an earlier process left may be of another file: only a whole download can accuse the sender.
        if not was_begun:
            raise SetupError(
                f"what {hide_query(url)} sends has the sha256 {found}, and {sha256} was set: it is another file, or "
                "the hash is mistyped."
            )
    raise SetupError(f"its weights could not be downloaded from {hide_query(url)}: start again.")


def _transfer(url: str, part: Path, bytes_max: int) -> str:
    """Fetches what is missing of a file into `part` and answers the hash of the whole."""
    digest = hashlib.sha256()
    with httpx.Client(follow_redirects=True, max_redirects=5, timeout=_TIMEOUT, trust_env=True) as http:
        begun = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity", "User-Agent": "inpainting"}
        if begun:
            headers["Range"] = f"bytes={begun}-"
        try:
            with http.stream("GET", url, headers=headers) as response:
                if begun and response.status_code == 416:
                    # Nothing is missing, or it is longer than the file: the hash decides which.
                    return _digest(part)[0]
                _ensure_answer(response, url)
                is_rest = (
                    response.status_code == 206 and _read_start(response.headers.get("Content-Range", "")) == begun
                )
                if response.status_code == 206 and not is_rest:
                    part.unlink()
                    raise _BrokenTransfer("its store answered another part than was asked for")
                size = begun if is_rest else 0
                length = response.headers.get("Content-Length", "")
                _ensure_size(size + (int(length) if length.isdigit() else 0), bytes_max)
                if is_rest:
                    with part.open("rb") as file:
                        while chunk := file.read(_CHUNK_BYTES):
                            digest.update(chunk)
                with part.open("ab" if is_rest else "wb") as file:
                    for chunk in response.iter_raw():
                        size += len(chunk)
                        _ensure_size(size, bytes_max)
                        file.write(chunk)
                        digest.update(chunk)
                    file.flush()
                    os.fsync(file.fileno())
        except httpx.HTTPError as error:
            raise _BrokenTransfer(f"the connection failed ({type(error).__name__})") from error
    return digest.hexdigest()


def _ensure_answer(response: httpx.Response, url: str) -> None:
    if urlsplit(url).scheme == "https" and response.url.scheme != "https":
        raise SetupError(f"{hide_query(url)} leads to {hide_query(str(response.url))}, which is not encrypted.")
    if response.status_code >= 500 or response.status_code in (408, 425, 429):
        raise _BrokenTransfer(f"its store answered {response.status_code}")
    if response.status_code not in (200, 206):
        raise SetupError(
            f"its weights could not be downloaded from {hide_query(url)}: the answer was {response.status_code}. "
            "Check the URL, and whether it asks for a login."
        )


def _ensure_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise SetupError(
            f"its weights have {size} bytes or more, and INFERENCE_WEIGHTS_BYTES_MAX is {bytes_max}: raise it if "
            "they are meant to."
        )


def _read_start(content_range: str) -> int | None:
    match = re.match(r"bytes (\d+)-", content_range)
    return None if match is None else int(match[1])
