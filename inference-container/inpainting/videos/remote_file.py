"""A file behind a signed URL, read by ranges: what a demuxer seeks in is never held whole.

Everything here blocks and belongs in a pool thread.
"""

from __future__ import annotations

import io
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import NoReturn

import httpx

from inpainting.errors import Code, ItemError
from inpainting.media import client_options, describe_break, explain_status, is_retryable
from inpainting.origins import Origin, ensure_allowed

BLOCK_BYTES = 1024 * 1024
# What one file holds at most: these blocks, and while it fetches the span that will replace some of them.
BLOCKS_MAX = 16
# A reader that goes on from where the last fetch ended gets twice as much each time, up to this.
SPAN_BLOCKS_MAX = 8
_ATTEMPTS = 2
_PAUSE_SECONDS = 0.25
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class RemoteFiles:
    """Opens files within the allowed origins, over one pool of connections. Safe to use from many threads."""

    def __init__(self, *, origins: Collection[Origin], seconds_max: float, connections: int) -> None:
        self._origins = origins
        self._seconds_max = seconds_max
        self._http = httpx.Client(**client_options(seconds_max=seconds_max, connections=connections))

    def close(self) -> None:
        self._http.close()

    def open(
        self, url: str, *, name: str, field: str, bytes_max: int, check: Callable[[], None] = lambda: None
    ) -> RemoteFile:
        """The file behind a URL, its first block read.

        `name` begins messages ("The video"), `field` is the request's; `check` is called before each fetch and
        while one goes on, and may raise. Raises ItemError: origin.refused, media.too_large, or media.fetch_failed
        (retryable where the store or the way to it failed, not where it refused).
        """
        ensure_allowed(url, self._origins, field=field)
        return RemoteFile(self._http, url, name=name, bytes_max=bytes_max, seconds_max=self._seconds_max, check=check)


class RemoteFile(io.RawIOBase):
    """A seekable, read-only file over ranged GETs. For one thread at a time.

    A failed fetch is raised by every later read too, and kept as `failure`: demuxers take a read that fails for
    the end of the file, so `ensure_readable` is asked after them.
    """

    def __init__(
        self,
        http: httpx.Client,
        url: str,
        *,
        name: str,
        bytes_max: int,
        seconds_max: float,
        check: Callable[[], None],
    ) -> None:
        super().__init__()
        self._http = http
        self._url = url
        self._name = name
        self._seconds_max = seconds_max
        self._check = check
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0
        self._next_block = 0
        self._span_blocks = 1
        self._tag: str | None = None
        self._size: int | None = None
        self.failure: ItemError | None = None
        self.fetched_bytes = 0
        self._load(0)
        if self.size > bytes_max:
            self._fail(
                Code.MEDIA_TOO_LARGE,
                f"{name} has {self.size} bytes; at most {bytes_max} are taken. Shorten it, or encode it smaller.",
            )

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self._size or 0

    def ensure_readable(self) -> None:
        """Raises the ItemError of the fetch that failed, where one has."""
        if self.failure is not None:
            raise self.failure

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError(f"there is nothing before the file's first byte, so not at {start + offset}")
        self._position = start + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from the position on, and fewer only at the end of the file."""
        left = max(0, self.size - self._position)
        left = left if size < 0 else min(size, left)
        parts = []
        while left > 0:
            number, offset = divmod(self._position, BLOCK_BYTES)
            part = self._block(number)[offset : offset + left]
            parts.append(part)
            self._position += len(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Forgets what was read; the connections are those of `RemoteFiles`."""
        self._blocks.clear()
        super().close()

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self.ensure_readable()
            self._load(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _load(self, first: int) -> None:
        """Fetches a block and, for one who reads on, some after it."""
        self._span_blocks = min(2 * self._span_blocks, SPAN_BLOCKS_MAX) if first and first == self._next_block else 1
        start, end = first * BLOCK_BYTES, (first + self._span_blocks) * BLOCK_BYTES
        if self._size is not None:
            end = min(end, self._size)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                data = self._fetch(start, end)
                break
            except ItemError as error:
                if attempt == _ATTEMPTS or not (error.retryable and error.code is Code.MEDIA_FETCH_FAILED):
                    self.failure = error
                    raise
                time.sleep(_PAUSE_SECONDS)
        self._next_block = first + self._span_blocks
        for offset in range(0, max(1, len(data)), BLOCK_BYTES):
            self._blocks[first + offset // BLOCK_BYTES] = data[offset : offset + BLOCK_BYTES]
        while len(self._blocks) > BLOCKS_MAX:
            self._blocks.popitem(last=False)

    def _fetch(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, fewer only where the file ends."""
        headers = {"Range": f"bytes={start}-{end - 1}"}
        deadline = time.monotonic() + self._seconds_max
        self._check()
        try:
            with self._http.stream("GET", self._url, headers=headers) as response:
                expected = self._read_head(response, start, end)
                data = bytearray()
                for chunk in response.iter_raw() if expected else ():
                    data += chunk
                    self._check()
                    if len(data) > expected:
                        self._fail_fetch("its store sent more than it was asked for", retryable=True)
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("the whole transfer")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._fail_fetch(describe_break(error, self._seconds_max), retryable=True)
        if len(data) != expected:
            self._fail_fetch("its store sent less than it told", retryable=True)
        self.fetched_bytes += len(data)
        return bytes(data)

    def _read_head(self, response: httpx.Response, start: int, end: int) -> int:
        """How many bytes the answer's body must have; takes note of the file's size."""
        status = response.status_code
        told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if status == 416 and told is not None and start >= int(told[3]):
            self._note_identity(response, int(told[3]))
            return 0
        if status == 200:
            # A store that sends the whole file although it was asked for a part will do for what fits the part.
            length = response.headers.get("Content-Length", "")
            if start == 0 and length.isdigit() and int(length) <= end:
                self._note_identity(response, int(length))
                return int(length)
            self._fail_fetch("its store does not answer requests for a range, which a video needs", retryable=False)
        if status != 206:
            self._fail_fetch(
                f"its store answered {status}", retryable=is_retryable(status), advice=explain_status(status)
            )
        if told is None or told[1] is None or int(told[1]) != start:
            self._fail_fetch("its store answered with another range than it was asked for", retryable=True)
        self._note_identity(response, int(told[3]))
        if int(told[2]) != min(end, self.size) - 1:
            self._fail_fetch("its store answered with another range than it was asked for", retryable=True)
        return int(told[2]) + 1 - start

    def _note_identity(self, response: httpx.Response, size: int) -> None:
        tag = response.headers.get("ETag")
        if self._size is not None and (size, tag) != (self._size, self._tag):
            self._fail_fetch("it was replaced while it was read", retryable=True)
        self._size, self._tag = size, tag

    def _fail(self, code: Code, message: str, *, retryable: bool = False) -> NoReturn:
        self.failure = ItemError(code, message, retryable=retryable)
        raise self.failure

    def _fail_fetch(self, reason: str, *, retryable: bool, advice: str = "") -> NoReturn:
        advice = advice or ("Try again." if retryable else "Keep it in a store that does.")
        raise ItemError(
            Code.MEDIA_FETCH_FAILED, f"{self._name} could not be fetched: {reason}. {advice}", retryable=retryable
        )
