"""Where a result is written before it is stored: an index in front needs a file that can be read again."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from fractions import Fraction

import av
from av.container import OutputContainer

CHUNK_BYTES = 1024 * 1024
# Edit lists count in ticks of the whole file; a finer clock than this is of no use to sound.
_MOVIE_TICKS_MIN = 48_000


class ResultFile:
    """A temporary file without a name: nothing is left of it however the work on it or the process ends.

    Closing it ends whoever still writes to it. `sha256` and `crc32` are of what `chunks` has given so far.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._sha256 = hashlib.sha256()
        self.crc32 = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def size_bytes(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()

    def open_mp4(self, time_base: Fraction) -> OutputContainer:
        """An MP4 to be written here with its index in front, which keeps times of `time_base` to the tick."""
        return av.open(
            self._file,
            "w",
            format="mp4",
            options={"movflags": "+faststart", "movie_timescale": str(_choose_movie_ticks(time_base))},
            io_open=self._open_again,
        )

    async def chunks(self, executor: Executor) -> AsyncIterator[bytes]:
        """The file's content, to be gone through once; read and hashed in `executor`."""
        self._file.flush()
        position = 0
        while data := await asyncio.get_running_loop().run_in_executor(executor, self._read_and_hash, position):
            position += len(data)
            yield data

    def _read_and_hash(self, position: int) -> bytes:
        data = os.pread(self._file.fileno(), CHUNK_BYTES, position)
        self._sha256.update(data)
        self.crc32 = zlib.crc32(data, self.crc32)
        return data

    def _open_again(self, url: str, flags: int, options: dict[str, str]) -> _SecondReader:  # noqa: ARG002
        """What the muxer reads through while it moves what it has written to behind the index."""
        return _SecondReader(self._file.fileno())


class _SecondReader(io.RawIOBase):
    """The same file with a position of its own."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = os.dup(descriptor)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = os.fstat(self._descriptor).st_size
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        return self._position

    def read(self, size: int = -1) -> bytes:
        data = os.pread(self._descriptor, size, self._position)
        self._position += len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _choose_movie_ticks(time_base: Fraction) -> int:
    ticks = time_base.denominator
    while ticks < _MOVIE_TICKS_MIN:
        ticks *= 2
    return ticks
