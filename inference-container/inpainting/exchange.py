"""What routes share: bodies that are read within a limit, and answers that are streamed line by line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from inpainting.errors import Code, RequestError

Emit = Callable[[dict[str, Any]], Awaitable[None]]


async def read_bytes(request: Request, bytes_max: int) -> bytes:
    """The request's body; raises RequestError(request.too_large) as soon as it passes the limit."""
    length = request.headers.get("Content-Length", "")
    data = bytearray()
    if not (length.isdigit() and int(length) > bytes_max):
        async for chunk in request.stream():
            data += chunk
            if len(data) > bytes_max:
                break
        else:
            return bytes(data)
    raise RequestError(
        Code.REQUEST_TOO_LARGE, f"The body is larger than {bytes_max} bytes. Send fewer items in a request."
    )


class LineStream(Response):
    """The answer to an admitted request: one JSON object a line, sent as they are emitted.

    A client that goes away cancels `run`, which must then leave the queue.
    """

    media_type = "application/x-ndjson"

    def __init__(self, run: Callable[[Emit], Awaitable[None]]) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["Content-Length"]
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        async def emit(line: dict[str, Any]) -> None:
            data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            await send({"type": "http.response.body", "body": data, "more_body": True})

        running = asyncio.ensure_future(self._run(emit))
        gone = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            running.cancel()
            await asyncio.gather(running, gone, return_exceptions=True)


async def wait_for_disconnect(receive: Receive) -> None:
    """Returns once the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer_while_connected(request: Request, answering: Coroutine[Any, Any, Response]) -> Response:
    """What `answering` answers or raises; it is cancelled where the client goes away first."""
    answer = asyncio.ensure_future(answering)
    gone = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        # Nobody reads the answer to a client that is gone.
        return await answer if answer.done() else Response(status_code=499)
    finally:
        gone.cancel()
        answer.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)
