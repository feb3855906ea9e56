"""A store and its clients in one process of their own, as cheap as they can be: what is measured is the service.

Requests are bytes made beforehand, answers are looked at for their last line alone, and one thread waits for all
sockets at once.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import selectors
import socket
import time
from multiprocessing.connection import Connection
from typing import NamedTuple

_BUFFER_BYTES = 1024 * 1024
_STORED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_ANSWER_END = b"0\r\n\r\n"
_SUCCEEDED = b'"succeeded":1,"failed":0'
_TASK_ID = "00000000-0000-4000-8000-000000000001"


class Load(NamedTuple):
    """What was asked of a service: items that were done, in how many seconds, and what it took to ask and to store."""

    done: int
    seconds: float
    cpu_seconds: float


class _Demand(NamedTuple):
    address: tuple[str, int]
    request: bytes
    concurrency: int
    seconds: float


class LoadProcess:
    """The process, as the bench sees it. `origin` is the store's."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, its = context.Pipe()
        self._process = context.Process(target=_serve, args=(its, objects), daemon=True)
        self._process.start()
        self.origin: str = self._end.recv()

    def put(self, name: str, data: bytes) -> None:
        """Gives the store another object."""
        self._end.send(("put", name, data))

    def ask(
        self, host: str, port: int, token: str, *, names: tuple[str, str], concurrency: int, seconds: float
    ) -> Load:
        """Sends requests of one item, so many at a time. `names` are the picture's and the mask's."""
        item = {
            "id": "1",
            "imageUrl": f"{self.origin}/{names[0]}",
            "maskUrl": f"{self.origin}/{names[1]}",
            "resultUrl": f"{self.origin}/result",
        }
        body = json.dumps({"taskId": _TASK_ID, "model": "telea", "items": [item]}).encode()
        head = (
            f"POST /v1/inpaint HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._end.send(("ask", _Demand((host, port), head.encode() + body, concurrency, seconds)))
        answer: Load | str = self._end.recv()
        if isinstance(answer, str):
            raise RuntimeError(f"The service did not do what it was asked: {answer}")
        return answer

    def close(self) -> None:
        self._end.close()
        self._process.join()


def _serve(end: Connection, objects: dict[str, bytes]) -> None:
    selector = selectors.DefaultSelector()
    bodies = {f"/{name}".encode(): data for name, data in objects.items()}
    buffer = bytearray(_BUFFER_BYTES)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.setblocking(False)

    def accept() -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keeper = _Keeper(connection, bodies, buffer, selector)
        selector.register(connection, selectors.EVENT_READ, keeper.go_on)

    selector.register(listener, selectors.EVENT_READ, accept)
    selector.register(end, selectors.EVENT_READ)
    end.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
    while True:
        for key, _ in selector.select():
            if key.fileobj is not end:
                key.data()
                continue
            try:
                what, *told = end.recv()
            except EOFError:
                return
            if what == "put":
                name, data = told
                bodies[f"/{name}".encode()] = data
            else:
                end.send(_ask(selector, buffer, *told))


def _ask(selector: selectors.BaseSelector, buffer: bytearray, demand: _Demand) -> Load | str:
    """Keeps so many requests under way for so many seconds, while the store goes on."""
    clients = [_Client(demand, buffer) for _ in range(demand.concurrency)]
    spent, started = _read_own_cpu_seconds(), time.perf_counter()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client.go_on)
        client.ask()
    done, under_way, end = 0, demand.concurrency, started + demand.seconds
    try:
        while under_way:
            for key, _ in selector.select():
                if key.data is None or (answered := key.data()) is None:
                    continue
                done += 1
                if time.perf_counter() < end:
                    answered.ask()
                else:
                    under_way -= 1
    except _RefusedError as error:
        return str(error)
    finally:
        for client in clients:
            selector.unregister(client.socket)
            client.socket.close()
    return Load(done, time.perf_counter() - started, _read_own_cpu_seconds() - spent)


def _read_own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _RefusedError(Exception):
    """The service answered something else than that the item succeeded."""


class _Client:
    """One connection on which the same request is sent again and again."""

    def __init__(self, demand: _Demand, buffer: bytearray) -> None:
        self.socket = socket.create_connection(demand.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = demand.request
        self._buffer = buffer
        self._answer = b""

    def ask(self) -> None:
        self._answer = b""
        self.socket.sendall(self._request)

    def go_on(self) -> _Client | None:
        """This once the answer is whole; raises _RefusedError for another than the one wanted."""
        count = self.socket.recv_into(self._buffer)
        self._answer += self._buffer[:count]
        if count and not self._answer.endswith(_ANSWER_END):
            return None
        if _SUCCEEDED not in self._answer:
            raise _RefusedError(self._answer[-2000:].decode("utf-8", "replace"))
        return self


class _Keeper:
    """One connection of the store: objects to read, and a place to drop results."""

    def __init__(
        self, connection: socket.socket, bodies: dict[bytes, bytes], buffer: bytearray, selector: selectors.BaseSelector
    ) -> None:
        self._socket = connection
        self._bodies = bodies
        self._buffer = buffer
        self._selector = selector
        self._head = b""
        self._to_drop = 0
        self._to_send = memoryview(b"")

    def go_on(self) -> None:
        if self._to_send:
            self._send()
            return
        try:
            count = self._socket.recv_into(self._buffer)
        except ConnectionError:
            count = 0
        if count == 0:
            self._selector.unregister(self._socket)
            self._socket.close()
            return
        if self._to_drop:
            # Nothing follows a result before it is answered.
            self._drop(count)
            return
        self._head += self._buffer[:count]
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return
        head, rest = self._head[:end], len(self._head) - end - 4
        self._head = b""
        if head.startswith(b"GET"):
            body = self._bodies[head.split(b" ", 2)[1]]
            self._to_send = memoryview(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            self._send()
        else:
            self._to_drop = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            self._drop(rest)

    def _drop(self, count: int) -> None:
        self._to_drop -= count
        if self._to_drop == 0:
            self._to_send = memoryview(_STORED)
            self._send()

    def _send(self) -> None:
        try:
            self._to_send = self._to_send[self._socket.send(self._to_send) :]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._to_send = memoryview(b"")
        self._listen_for(selectors.EVENT_WRITE if self._to_send else selectors.EVENT_READ)

    def _listen_for(self, event: int) -> None:
        key = self._selector.get_key(self._socket)
        if key.events != event:
            self._selector.modify(self._socket, event, key.data)
