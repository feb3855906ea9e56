"""A store of weights on loopback that can be told to misbehave."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WeightsServer:
    """Serves `data` at any path; each request takes one of `behaviours`: ok, cut, 404, 503, whole, rest, to:<url>."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.behaviours: list[str] = []
        self.ranges: list[str | None] = []
        self.tells_length = True
        self._gate = threading.Event()
        self._gate.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/model.onnx"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self) -> threading.Event:
        """Answers nobody until the event is set."""
        self._gate.clear()
        return self._gate

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        self._gate.wait()
        behaviour = self.behaviours.pop(0) if self.behaviours else "ok"
        if behaviour.isdigit() or behaviour.startswith("to:"):
            handler.send_response(302 if behaviour.startswith("to:") else int(behaviour))
            if behaviour.startswith("to:"):
                handler.send_header("Location", behaviour[3:])
            handler.end_headers()
            return
        start = 0 if asked is None or behaviour == "whole" else int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.data) > 0:
            handler.send_response(416)
            handler.end_headers()
            return
        body = self.data[start:]
        handler.send_response(206 if start else 200)
        if start:
            first = start - 1 if behaviour == "rest" else start
            handler.send_header("Content-Range", f"bytes {first}-{len(self.data) - 1}/{len(self.data)}")
        if self.tells_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if behaviour == "cut" else body)
