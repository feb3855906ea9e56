"""As much of an HTTP/1.1 client as stores need: GET and PUT over kept connections, for half the work of a general one.

Framing follows RFC 9112: a length, chunks, or until the connection ends. Nothing is followed, decoded or remembered.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

_READ_BYTES = 1024 * 1024
_HEAD_BYTES_MAX = 64 * 1024
_HEADERS_MAX = 200
# Servers end a connection that was idle; one that was idle for longer than this is not tried.
_IDLE_SECONDS = 5.0
_DROPPED_BYTES_MAX = 64 * 1024


class BrokenError(Exception):
    """The connection broke, or what came over it was no HTTP."""


class UnreachableError(Exception):
    """There is no connection to be had."""


class _StaleError(Exception):
    """A kept connection had ended before the answer began."""


class _Target(NamedTuple):
    scheme: str
    host: str
    port: int


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_kept: bool = False
    idle_since: float = 0.0

    @property
    def is_usable(self) -> bool:
        is_open = not (self.reader.at_eof() or self.writer.transport.is_closing())
        return is_open and time.monotonic() - self.idle_since < _IDLE_SECONDS


class Answer:
    """An answer whose head has been read. Header names are lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], connection: _Connection, *, is_kept: bool) -> None:
        self.status = status
        self.headers = headers
        self.is_whole = False
        self.is_kept = is_kept
        self._connection = connection

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; raises BrokenError where it ends early."""
        reader = self._connection.reader
        if self.status in (204, 304):
            pass
        elif "chunked" in self.headers.get("transfer-encoding", "").lower():
            async for chunk in _read_chunks(reader):
                yield chunk
        elif (length := self.headers.get("content-length")) is not None:
            if not length.isdigit():
                raise BrokenError("a length that is no number")
            left = int(length)
            while left:
                chunk = await reader.read(min(left, _READ_BYTES))
                if not chunk:
                    raise BrokenError("the body ended early")
                left -= len(chunk)
                yield chunk
        else:
            self.is_kept = False
            while chunk := await reader.read(_READ_BYTES):
                yield chunk
        self.is_whole = True


class HttpClient:
    """Connections to any origin, at most `connections` at a time. `seconds_max` bounds connecting and each step."""

    def __init__(self, *, tls: ssl.SSLContext, connections: int, seconds_max: float) -> None:
        self._tls = tls
        self._seconds_max = seconds_max
        self._turns = asyncio.Semaphore(connections)
        self._idle: dict[_Target, list[_Connection]] = {}

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.close()
        self._idle.clear()

    @asynccontextmanager
    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | AsyncIterable[bytes] = b"",
    ) -> AsyncIterator[Answer]:
        """The answer to a request. Raises BrokenError, UnreachableError or TimeoutError."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        target = _Target(parts.scheme, parts.hostname or "", port)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
        async with self._turns:
            # What is made as it is sent cannot be sent again, so it gets a connection that is sure to be new.
            connection = await self._connect(target, is_new=not isinstance(content, bytes))
            try:
                try:
                    answer = await self._exchange(connection, head, content)
                except _StaleError:
                    connection.writer.close()
                    connection = await self._connect(target, is_new=True)
                    answer = await self._exchange(connection, head, content)
                yield answer
                if answer.is_whole and answer.is_kept:
                    connection.is_kept, connection.idle_since = True, time.monotonic()
                    self._idle.setdefault(target, []).append(connection)
                    return
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                if isinstance(error, TimeoutError):
                    raise
                raise BrokenError(type(error).__name__) from error
            finally:
                if connection.idle_since == 0.0 or connection not in self._idle.get(target, []):
                    connection.writer.close()

    async def drop(self, answer: Answer) -> None:
        """Reads what is left of a short answer, so that its connection may be used again."""
        dropped = 0
        async for chunk in answer.chunks():
            dropped += len(chunk)
            if dropped > _DROPPED_BYTES_MAX:
                return

    async def _connect(self, target: _Target, *, is_new: bool) -> _Connection:
        idle = self._idle.get(target, [])
        while idle and not is_new:
            kept = idle.pop()
            if kept.is_usable:
                return kept
            kept.writer.close()
        try:
            async with asyncio.timeout(min(5.0, self._seconds_max)):
                reader, writer = await asyncio.open_connection(
                    target.host,
                    target.port,
                    ssl=self._tls if target.scheme == "https" else None,
                    limit=_READ_BYTES,
                )
        except TimeoutError:
            raise
        except OSError as error:
            raise UnreachableError(type(error).__name__) from error
        return _Connection(reader, writer)

    async def _exchange(self, connection: _Connection, head: bytes, content: bytes | AsyncIterable[bytes]) -> Answer:
        try:
            # A store that refuses answers before it has read all, and may end the connection then.
            with suppress(ConnectionError):
                if isinstance(content, bytes):
                    connection.writer.writelines((head, content))
                    await self._drain(connection)
                else:
                    connection.writer.write(head)
                    async for chunk in content:
                        connection.writer.write(chunk)
                        await self._drain(connection)
            while True:
                async with asyncio.timeout(self._seconds_max):
                    answer = await _read_head(connection)
                if answer.status >= 200:
                    return answer
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if connection.is_kept and not getattr(error, "partial", b""):
                raise _StaleError from error
            raise

    async def _drain(self, connection: _Connection) -> None:
        async with asyncio.timeout(self._seconds_max):
            await connection.writer.drain()


async def _read_head(connection: _Connection) -> Answer:
    head = await connection.reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or not (code.isdigit() and len(code) == 3):
        raise BrokenError("an answer that is no HTTP/1.1")
    if len(head) > _HEAD_BYTES_MAX or len(lines) > _HEADERS_MAX:
        raise BrokenError("an answer whose head is too long")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    is_kept = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
    return Answer(int(code), headers, connection, is_kept=is_kept)


async def _read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            left = int(line.split(b";")[0].strip(), 16)
        except ValueError:
            raise BrokenError("a chunk without a size") from None
        if left == 0:
            # Trailers end with an empty line.
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return
        while left:
            chunk = await reader.read(min(left, _READ_BYTES))
            if not chunk:
                raise BrokenError("a chunk ended early")
            left -= len(chunk)
            yield chunk
        if await reader.readexactly(2) != b"\r\n":
            raise BrokenError("a chunk longer than its size")
