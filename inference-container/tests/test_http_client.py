"""The client of stores: how bodies are framed, connections that are kept and that end, and answers that are no HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from inpainting.http_client import BrokenError, HttpClient, UnreachableError


def ask(*replies: bytes, method: str = "GET", times: int = 1, content: bytes = b"") -> tuple[list[bytes], int]:
    """The bodies of so many answers, and how many connections they took; each connection sends the replies and ends."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            for reply in replies:
                head = await reader.readuntil(b"\r\n\r\n")
                assert b"Host: 127.0.0.1:" in head
                if content:
                    assert await reader.readexactly(len(content)) == content
                writer.write(reply)
                await writer.drain()
        writer.close()

    async def run() -> tuple[list[bytes], int]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = HttpClient(tls=ssl.create_default_context(), connections=2, seconds_max=2)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=c"
        bodies = []
        try:
            for _ in range(times):
                headers = {"Content-Length": str(len(content))} if content else {}
                async with client.send(method, url, headers, content) as answer:
                    bodies.append(b"".join([chunk async for chunk in answer.chunks()]))
                # A connection that the server ends is seen to have ended.
                await asyncio.sleep(0.02)
        finally:
            await client.close()
            server.close()
        return bodies, connections

    return asyncio.run(run())


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    "reply",
    [
        WHOLE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: t\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello",
    ],
    ids=["a length", "chunks", "until the end", "an older version", "after a go-ahead"],
)
def test_a_body_is_read_however_it_is_framed(reply: bytes) -> None:
    assert ask(reply) == ([b"hello"], 1)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
        b"SSH-2.0-server\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
    ids=[
        "nothing", "half a head", "a body cut off", "a length of letters", "a chunk cut off", "a chunk without a size",
        "another protocol", "half a status", "an endless head",
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_a_break(reply: bytes) -> None:
    with pytest.raises(BrokenError):
        ask(reply)


def test_a_connection_is_kept_and_one_that_has_ended_is_replaced() -> None:
    assert ask(WHOLE, WHOLE, WHOLE, times=3) == ([b"hello"] * 3, 1)
    assert ask(WHOLE, times=3) == ([b"hello"] * 3, 3)
    close = WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    assert ask(close, close, times=2) == ([b"hello"] * 2, 2)


def test_a_put_is_sent_whole_and_again_where_the_kept_connection_had_ended() -> None:
    done = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert ask(done, method="PUT", content=b"x" * 300_000, times=2) == ([b"", b""], 2)


def test_a_server_that_is_not_there_is_told_from_one_that_breaks() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        client = HttpClient(tls=ssl.create_default_context(), connections=1, seconds_max=2)
        with pytest.raises(UnreachableError):
            async with client.send("GET", f"http://127.0.0.1:{port}/", {}):
                pass

    asyncio.run(run())


def test_what_is_made_while_it_is_sent_stops_at_its_own_error() -> None:
    async def run() -> None:
        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        client = HttpClient(tls=ssl.create_default_context(), connections=1, seconds_max=2)

        async def content() -> AsyncIterator[bytes]:
            yield b"x"
            raise ValueError("over")

        with pytest.raises(ValueError, match="over"):
            async with client.send("PUT", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, content()):
                pass
        await asyncio.sleep(0.02)
        server.close()

    asyncio.run(run())
