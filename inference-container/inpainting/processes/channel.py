"""Messages between the service and its processes: a JSON object with any bytes beside it, over a pair of sockets.

JSON and not pickle: a process that a hostile file has taken over must not get further by what it answers.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import Any

# How many bytes of JSON follow, and how many after that.
PREFIX = struct.Struct("<IQ")
# Whole pictures pass: the fewer times each end is woken for one, the better.
_SOCKET_BYTES = 1024 * 1024

Message = dict[str, Any]
Blob = bytes | bytearray | memoryview


def create_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets with room for pictures."""
    pair = socket.socketpair()
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES)
    return pair


def pack(message: Message, blobs: tuple[Blob, ...]) -> bytes:
    """What goes in front of the blobs."""
    head = json.dumps({**message, "blobs": [len(blob) for blob in blobs]}).encode()
    return PREFIX.pack(len(head), sum(len(blob) for blob in blobs)) + head


def unpack(head: bytearray, body: bytearray) -> tuple[Message, list[Blob]]:
    """The message and its blobs, which are parts of one memory."""
    message: Message = json.loads(head)
    sizes = message.pop("blobs")
    if len(sizes) == 1:
        return message, [body]
    blobs: list[Blob] = []
    view, position = memoryview(body), 0
    for size in sizes:
        blobs.append(view[position : position + size])
        position += size
    return message, blobs


class ChildEnd:
    """The end of the process: blocking. One thread receives, any sends."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def receive(self) -> tuple[Message, list[Blob]] | None:
        """The next message; None once the service is gone."""
        prefix = self._read(PREFIX.size)
        if prefix is None:
            return None
        head_bytes, body_bytes = PREFIX.unpack(prefix)
        head = self._read(head_bytes)
        body = self._read(body_bytes)
        return None if head is None or body is None else unpack(head, body)

    def send(self, message: Message, *blobs: Blob) -> None:
        """Sends a message; raises OSError once the service is gone."""
        with self._lock:
            self._socket.sendall(pack(message, blobs))
            for blob in blobs:
                self._socket.sendall(blob)

    def fileno(self) -> int:
        return self._socket.fileno()

    def _read(self, size: int) -> bytearray | None:
        data = bytearray(size)
        view, position = memoryview(data), 0
        while position < size:
            count = self._socket.recv_into(view[position:])
            if count == 0:
                return None
            position += count
        return data
