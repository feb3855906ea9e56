"""A file behind a URL: the same bytes as a file at hand, in bounded memory, and clear when it cannot be read."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator

import pytest
from media_server import MediaServer

from inpainting.errors import Code, ItemError
from inpainting.origins import Origin
from inpainting.videos.remote_file import BLOCK_BYTES, BLOCKS_MAX, RemoteFile, RemoteFiles

DATA = random.Random(7).randbytes(20 * BLOCK_BYTES + 12345)
Open = Callable[..., RemoteFile]


@pytest.fixture
def open_(media: MediaServer) -> Iterator[Open]:
    files = RemoteFiles(origins={Origin.parse(media.origin)}, seconds_max=1, connections=2)

    def open_one(url: str, **changes: object) -> RemoteFile:
        return files.open(url, **{"name": "The video", "field": "url", "bytes_max": 2**30, **changes})  # type: ignore[arg-type]

    yield open_one
    files.close()


def refuse(open_: Open, url: str, **changes: object) -> ItemError:
    with pytest.raises(ItemError) as caught:
        open_(url, **changes).read()
    assert "Signature" not in caught.value.message
    return caught.value


def test_it_reads_as_a_file_at_hand_reads(media: MediaServer, open_: Open) -> None:
    remote, local = open_(media.put("remote", DATA)), io.BytesIO(DATA)
    assert remote.size == len(DATA)
    dice = random.Random(1)
    for _ in range(60):
        size = dice.choice([0, 1, 4096, 100_000, 3 * BLOCK_BYTES])
        if dice.random() < 0.6:
            place = dice.choice([dice.randrange(len(DATA)), len(DATA), len(DATA) + 9, len(DATA) - 5])
            assert remote.seek(place) == local.seek(place)
        assert remote.read(size) == local.read(size)
        assert remote.tell() == local.tell()
    assert remote.seek(-4, io.SEEK_END) == local.seek(-4, io.SEEK_END)
    assert remote.read() == local.read()


def test_one_who_reads_on_needs_few_requests_and_bounded_memory(media: MediaServer, open_: Open) -> None:
    url = media.put("read-on", DATA)
    media.requests.clear()
    remote = open_(url)
    parts = []
    while part := remote.read(32768):
        parts.append(part)
        assert len(remote._blocks) <= BLOCKS_MAX
    assert b"".join(parts) == DATA
    assert media.requests.count("GET objects/read-on") == 5
    assert remote.fetched_bytes == len(DATA)


def test_what_was_just_read_is_not_fetched_again(media: MediaServer, open_: Open) -> None:
    remote = open_(media.put("again", DATA))
    for _ in range(10):
        remote.seek(0)
        remote.read(100)
        remote.seek(len(DATA) - 100)
        remote.read(100)
    assert remote.fetched_bytes < 2 * BLOCK_BYTES


def test_an_empty_file_has_nothing_to_read(media: MediaServer, open_: Open) -> None:
    remote = open_(media.put("empty", b""))
    assert (remote.size, remote.read(10)) == (0, b"")


def test_a_small_file_from_a_store_without_ranges_will_do_and_a_large_one_not(media: MediaServer, open_: Open) -> None:
    media.put("small", b"small")
    assert open_(media.url("whole/small")).read() == b"small"
    media.put("large", DATA)
    error = refuse(open_, media.url("whole/large"))
    assert (error.code, error.retryable) == (Code.MEDIA_FETCH_FAILED, False)
    assert "range" in error.message


@pytest.mark.parametrize(("status", "retryable"), [(500, True), (503, True), (429, True), (403, False), (404, False)])
def test_a_store_that_refuses_is_final_and_one_that_fails_is_asked_twice(
    media: MediaServer, open_: Open, status: int, retryable: bool
) -> None:
    media.requests.clear()
    error = refuse(open_, media.url(f"fail/{status}"))
    assert (error.code, error.retryable) == (Code.MEDIA_FETCH_FAILED, retryable)
    assert error.message.startswith(f"The video could not be fetched: its store answered {status}.")
    assert len(media.requests) == (2 if retryable else 1)


def test_redirects_are_not_followed(media: MediaServer, open_: Open) -> None:
    media.put("target", b"target")
    error = refuse(open_, media.url("redirect/target"))
    assert not error.retryable
    assert "Redirects are not followed" in error.message


def test_other_origins_are_refused_without_a_request(media: MediaServer, open_: Open) -> None:
    media.requests.clear()
    for url in ("http://127.0.0.1:9/x", "file:///etc/passwd", media.origin.replace("127.0.0.1", "localhost") + "/x"):
        assert refuse(open_, url).code is Code.ORIGIN_REFUSED
    assert media.requests == []


def test_a_transfer_that_breaks_off_may_be_tried_again(media: MediaServer, open_: Open) -> None:
    media.put("broken", DATA)
    error = refuse(open_, media.url("cut-range/broken"))
    assert (error.code, error.retryable) == (Code.MEDIA_FETCH_FAILED, True)


def test_a_store_that_never_answers_or_never_ends_is_given_up(media: MediaServer, open_: Open) -> None:
    media.put("late", DATA)
    assert "took longer than 1 s" in refuse(open_, media.url("held/never-a-range/late")).message
    assert not refuse(open_, media.url("endless")).retryable


def test_a_file_that_is_too_large_is_refused_by_its_size(media: MediaServer, open_: Open) -> None:
    error = refuse(open_, media.put("too-large", DATA), bytes_max=1000)
    assert (error.code, error.retryable) == (Code.MEDIA_TOO_LARGE, False)
    assert str(len(DATA)) in error.message
    assert "1000" in error.message


def test_a_file_that_changes_while_it_is_read_is_not_mixed(media: MediaServer, open_: Open) -> None:
    remote = open_(media.put("changing", DATA))
    media.put("changing", bytes(len(DATA)))
    with pytest.raises(ItemError, match="replaced while it was read") as caught:
        remote.read()
    assert caught.value.retryable


def test_a_failure_is_kept_for_those_who_took_it_for_the_end(media: MediaServer, open_: Open) -> None:
    remote = open_(media.put("vanishing", DATA))
    remote.ensure_readable()
    del media.objects["vanishing"]
    remote.seek(10 * BLOCK_BYTES)
    for _ in range(2):
        with pytest.raises(ItemError):
            remote.read(10)
    with pytest.raises(ItemError, match="404"):
        remote.ensure_readable()


def test_who_asks_to_stop_is_heard_before_the_next_fetch(media: MediaServer, open_: Open) -> None:
    stop = False

    def check() -> None:
        if stop:
            raise ItemError(Code.SERVICE_STOPPING, "stopping", retryable=True)

    remote = open_(media.put("stopped", DATA), check=check)
    stop = True
    media.requests.clear()
    remote.seek(10 * BLOCK_BYTES)
    with pytest.raises(ItemError, match="stopping"):
        remote.read(10)
    assert media.requests == []
