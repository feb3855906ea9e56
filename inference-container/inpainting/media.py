"""Reads pictures from and writes results to signed URLs, within the allowed origins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Collection
from typing import Any

import httpx

from inpainting.errors import Code, ItemError
from inpainting.http_client import BrokenError, HttpClient, UnreachableError
from inpainting.origins import Origin, ensure_allowed

# Made once, and before processes are forked: reading the certificates takes longer than a small picture.
_TLS = httpx.create_ssl_context(trust_env=False)
# A result up to this size is sent in one piece.
_PIECE_BYTES = 1024 * 1024
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "inpainting"}
_PERMANENT_ADVICE = "The object may be gone, or its signed URL has expired: start again, with new URLs."


class MediaClient:
    """One pool of connections for all items."""

    def __init__(
        self, *, origins: Collection[Origin], media_bytes_max: int, seconds_max: float, connections: int
    ) -> None:
        self._origins = origins
        self._media_bytes_max = media_bytes_max
        self._seconds_max = seconds_max
        self._http = HttpClient(tls=_TLS, connections=connections, seconds_max=seconds_max)

    async def close(self) -> None:
        await self._http.close()

    async def fetch(self, url: str, *, name: str, field: str) -> bytearray:
        """The bytes behind a URL.

        Raises ItemError: origin.refused, media.too_large, or media.fetch_failed (retryable where the store
        or the way to it failed, not where it refused). `name` begins messages, `field` is the request's.
        """
        ensure_allowed(url, self._origins, field=field)
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._fetch(url, name)
        except (BrokenError, UnreachableError, TimeoutError) as error:
            raise ItemError(
                Code.MEDIA_FETCH_FAILED,
                f"{name} could not be fetched: {describe_break(error, self._seconds_max)}.",
                retryable=True,
            ) from error

    async def _fetch(self, url: str, name: str) -> bytearray:
        async with self._http.send("GET", url, _HEADERS) as answer:
            if answer.status != 200:
                raise ItemError(
                    Code.MEDIA_FETCH_FAILED,
                    f"{name} could not be fetched: its store answered {answer.status}. {explain_status(answer.status)}",
                    retryable=is_retryable(answer.status),
                )
            length = answer.headers.get("content-length", "")
            if length.isdigit():
                self._ensure_size(int(length), name)
            chunks = bytearray()
            async for chunk in answer.chunks():
                chunks += chunk
                self._ensure_size(len(chunks), name)
            return chunks

    async def store(self, url: str, data: bytes | bytearray | memoryview, *, content_type: str) -> None:
        """Writes a result; raises ItemError: origin.refused or result.store_failed."""
        content = bytes(data) if len(data) <= _PIECE_BYTES else _cut(data)
        headers = {"Content-Type": content_type, "Content-Length": str(len(data))}
        await self._put(url, content, headers, seconds_max=self._seconds_max)

    async def store_chunks(self, url: str, chunks: AsyncIterable[bytes], *, size_bytes: int, content_type: str) -> None:
        """Writes a result of any size for as long as its store keeps taking of it.

        Raises ItemError: origin.refused or result.store_failed.
        """
        headers = {"Content-Type": content_type, "Content-Length": str(size_bytes)}
        await self._put(url, chunks, headers, seconds_max=None)

    async def _put(
        self, url: str, content: bytes | AsyncIterable[bytes], headers: dict[str, str], *, seconds_max: float | None
    ) -> None:
        ensure_allowed(url, self._origins, field="resultUrl")
        try:
            async with asyncio.timeout(seconds_max):
                async with self._http.send("PUT", url, _HEADERS | headers, content) as answer:
                    status = answer.status
                    await self._http.drop(answer)
        except (BrokenError, UnreachableError, TimeoutError) as error:
            raise ItemError(
                Code.RESULT_STORE_FAILED,
                f"The result could not be stored: {describe_break(error, self._seconds_max)}.",
                retryable=True,
            ) from error
        if not 200 <= status < 300:
            raise ItemError(
                Code.RESULT_STORE_FAILED,
                f"The result could not be stored: its store answered {status}. {explain_status(status)}",
                retryable=is_retryable(status),
            )

    def _ensure_size(self, size: int, name: str) -> None:
        if size > self._media_bytes_max:
            raise ItemError(
                Code.MEDIA_TOO_LARGE,
                f"{name} has {size} bytes or more; at most {self._media_bytes_max} are taken. Scale it down.",
            )


async def _cut(data: bytes | bytearray | memoryview) -> AsyncIterator[bytes]:
    view = memoryview(data)
    for start in range(0, len(view), _PIECE_BYTES):
        yield bytes(view[start : start + _PIECE_BYTES])


def client_options(*, seconds_max: float, connections: int) -> dict[str, Any]:
    """How stores of videos are spoken to: httpx's arguments."""
    return {
        "follow_redirects": False,
        "trust_env": False,
        "verify": _TLS,
        "timeout": httpx.Timeout(seconds_max, connect=min(5.0, seconds_max)),
        "limits": httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        # The stored bytes are the picture; a compressed transfer would hide its size and have ranges of its own.
        "headers": _HEADERS,
    }


def is_retryable(status: int) -> bool:
    """Whether a store that answered so may answer otherwise later."""
    return status >= 500 or status in (408, 425, 429)


def explain_status(status: int) -> str:
    """What to do about a store's refusal, as a sentence."""
    if 300 <= status < 400:
        return "Redirects are not followed: send the final URL."
    return "Try again." if is_retryable(status) else _PERMANENT_ADVICE


def describe_break(error: Exception, seconds_max: float) -> str:
    """Why nothing came of a transfer, without the URL, whose query is a secret."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"it took longer than {seconds_max:g} s"
    if isinstance(error, httpx.ConnectError | UnreachableError):
        return "no connection to its store"
    return f"the connection broke ({type(error).__name__})"
