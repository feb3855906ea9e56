"""A small HTTP store: keeps what is put, serves what is there, and fails in named ways.

/objects/<key>            GET answers the object, the one range asked for, or 404; PUT keeps it
/whole/<key>              GET answers the object whatever range is asked for
/cut-range/<key>          tells the range asked for and breaks off half way
/fail/<status>            any method answers that status
/redirect/<key>           answers 302 to the object
/endless                  a body without a length that never ends
/cut/<key>                tells the object's length and breaks off half way
/held/<gate>/<key>        answers as /objects once the gate has been opened
/slow/<bytes>/<key>       answers as /objects, that many bytes each tenth of a second
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MediaServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self.requests: list[str] = []
        self.sent_bytes: Counter[str] = Counter()
        self.gates: dict[str, threading.Event] = defaultdict(threading.Event)
        self.arrivals: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(0))
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        """A URL with a query such as a signed one has."""
        return f"{self.origin}/{path}?X-Amz-Signature=very-secret-signature"

    def put(self, key: str, data: bytes) -> str:
        self.objects[key] = data
        return self.url(f"objects/{key}")

    def stop(self) -> None:
        for gate in list(self.gates.values()):
            gate.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of some tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: MediaServer

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _take_path(self) -> tuple[str, str]:
        """Notes the request; answers what its path asks for and of what, once its gate is open where it has one."""
        path = self.path.partition("?")[0].lstrip("/")
        self.server.requests.append(f"{self.command} {path}")
        kind, _, rest = path.partition("/")
        if kind == "held":
            gate, _, rest = rest.partition("/")
            self.server.arrivals[gate].release()
            self.server.gates[gate].wait(30)
            kind = "objects"
        return kind, rest

    def do_GET(self) -> None:
        kind, rest = self._take_path()
        if kind == "fail":
            self._answer(int(rest))
        elif kind == "redirect":
            self._answer(302, Location=self.server.url(f"objects/{rest}"))
        elif kind == "endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        elif kind == "cut":
            data = self.server.objects[rest]
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif kind == "objects" and rest in self.server.objects:
            self._answer_part(self.server.objects[rest])
        elif kind == "whole" and rest in self.server.objects:
            self._answer(200, self.server.objects[rest])
        elif kind == "slow":
            pace, _, key = rest.partition("/")
            self._answer_part(self.server.objects[key], pace=int(pace))
        elif kind == "cut-range":
            self._answer_part(self.server.objects[rest], is_cut=True)
        else:
            self._answer(404)

    def _answer_part(self, data: bytes, *, is_cut: bool = False, pace: int = 0) -> None:
        told = self.headers.get("Range")
        headers = {"Content_Type": "application/octet-stream", "ETag": f'"{zlib.crc32(data):08x}"'}
        if told is None:
            self._answer(200, data, **headers)
            return
        first, last = (int(part) for part in told.removeprefix("bytes=").split("-"))
        if first >= len(data):
            self._answer(416, Content_Range=f"bytes */{len(data)}")
            return
        last = min(last, len(data) - 1)
        part = data[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.server.sent_bytes[self.path.partition("?")[0]] += len(part)
        if is_cut:
            part = part[: len(part) // 2]
        for start in range(0, len(part), pace or len(part)):
            self.wfile.write(part[start : start + pace] if pace else part)
            time.sleep(0.1 if pace else 0)
        self.close_connection = self.close_connection or is_cut

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        kind, rest = self._take_path()
        if kind == "fail":
            self._answer(int(rest))
        elif kind == "objects":
            self.server.objects[rest] = data
            self.server.content_types[rest] = self.headers["Content-Type"]
            self._answer(200)
        else:
            self._answer(404)
