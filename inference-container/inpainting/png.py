"""PNG with a quicker deflate than the one in OpenCV: half of what a small picture costs is compression.

Reading inflates here and leaves the rest to OpenCV, so that one decoder judges every file. Writing is done here
(PNG, third edition, W3C 2025), with the filters that are quick in whole rows.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from isal import igzip_lib, isal_zlib

Pixels = npt.NDArray[Any]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_COLOUR_TYPES = {channels: kind for kind, channels in _CHANNELS.items()}
# What a stored block of deflate holds at most (RFC 1951, 3.2.4).
_STORED_BYTES_MAX = 65535
_INFLATED_BYTES_MAX = 2**30
_INFLATED_AT_A_TIME = 16 * _STORED_BYTES_MAX
# What is compressed to less than this part is inflated in no time by anybody.
_SPARSE = 16
_STRIP_BYTES = 256 * 1024
# One row in so many tells which filter suits a strip.
_SAMPLE_ROWS = 8
_LEVEL = 1
_SUB, _UP, _AVERAGE = 1, 2, 3


def inflate_png(data: bytes) -> bytes | bytearray:
    """The same picture as a PNG whose pixels are stored and not compressed, which any decoder reads quickly.

    What is unusual or damaged is answered as it is: to judge it is the decoder's.
    """
    found = _find_pixels(data)
    if found is None:
        return data
    start, end, compressed, size = found
    if len(compressed) * _SPARSE < size:
        return data
    try:
        stored = _store_inflated(compressed, size, head=data[:start])
    except igzip_lib.IsalError:  # type: ignore[misc]  # its stub takes the class for an instance
        return data
    if stored is None:
        return data
    stored += data[end:]
    return stored


def encode_png(pixels: Pixels, icc: bytes | None) -> bytes:
    """A PNG of pixels that are grey, BGR or BGRA; uint8 or uint16. `icc` fits them."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    depth = 8 * pixels.itemsize
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPES[channels], 0, 0, 0)
    parts = [_SIGNATURE, *_write_chunk(b"IHDR", header)]
    if icc is not None:
        parts += _write_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))
    deflater = isal_zlib.compressobj(_LEVEL)
    for strip in _filter_strips(pixels):
        if piece := deflater.compress(strip):
            parts += _write_chunk(b"IDAT", piece)
    parts += _write_chunk(b"IDAT", deflater.flush())
    parts += _write_chunk(b"IEND", b"")
    return b"".join(parts)


# Reading


def _find_pixels(data: bytes) -> tuple[int, int, bytes, int] | None:
    """Where the chunks of pixels begin and end, what they hold, and how much it is inflated; None if it is unusual."""
    if data[:8] != _SIGNATURE or data[12:16] != b"IHDR" or len(data) < 33:
        return None
    width, height, depth, kind, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if kind not in _CHANNELS or depth not in (8, 16) or interlace:
        return None
    size = height * (1 + width * _CHANNELS[kind] * depth // 8)
    if size > _INFLATED_BYTES_MAX:
        return None
    view, position, start, pieces = memoryview(data), 8, 0, []
    while position + 12 <= len(data):
        length, name = _HEAD.unpack_from(data, position)
        end = position + 12 + length
        if name == b"IDAT":
            start = start or position
            if end > len(data) or not _is_whole(view[position + 4 : end]):
                return None
            pieces.append(view[position + 8 : end - 4])
        elif start:
            return start, position, b"".join(pieces), size
        position = end
    return None


def _is_whole(chunk: memoryview) -> bool:
    """Whether the checksum behind a chunk's name and content is theirs."""
    return isal_zlib.crc32(chunk[:-4]) == int.from_bytes(chunk[-4:])


def _store_inflated(compressed: bytes, size: int, *, head: bytes) -> bytearray | None:
    """`head` and a chunk of pixels that are not compressed (RFC 1950, RFC 1951); None where they are not of that size.

    No more is inflated than the size and a byte, which would show a bomb.
    """
    out = bytearray(head)
    blocks = -(-size // _STORED_BYTES_MAX)
    out += _HEAD.pack(2 + 5 * blocks + size + 4, b"IDAT") + b"\x78\x01"
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_ZLIB)
    checksum, left = 1, size
    while left:
        wanted = min(left, _INFLATED_AT_A_TIME)
        inflated = _read(inflater, compressed, wanted)
        compressed = b""
        if len(inflated) < wanted:
            return None
        left -= wanted
        view = memoryview(inflated)
        for start in range(0, wanted, _STORED_BYTES_MAX):
            block = view[start : start + _STORED_BYTES_MAX]
            is_last = left == 0 and start + len(block) == wanted
            out += struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF)
            out += block
        checksum = isal_zlib.adler32(inflated, checksum)
    if not inflater.eof and (_read(inflater, b"", 1) or not inflater.eof):
        return None
    out += checksum.to_bytes(4)
    checksum = isal_zlib.crc32(memoryview(out)[len(head) + 4 :])
    out += checksum.to_bytes(4)
    return out


def _read(inflater: igzip_lib.IgzipDecompressor, compressed: bytes, wanted: int) -> bytes:
    """The next bytes that are wanted, or all there are."""
    block = inflater.decompress(compressed, wanted)
    while len(block) < wanted and not (inflater.eof or inflater.needs_input):
        block += inflater.decompress(b"", wanted - len(block))
    return block


# Writing


def _write_chunk(name: bytes, content: bytes) -> tuple[bytes, ...]:
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(name))
    return _HEAD.pack(len(content), name), content, checksum.to_bytes(4)


def _filter_strips(pixels: Pixels) -> Iterator[Pixels]:
    """The rows as they are compressed, some at a time, so that they are still at hand when they are."""
    height, width = pixels.shape[:2]
    per_pixel = pixels.itemsize * (1 if pixels.ndim == 2 else pixels.shape[2])
    row_bytes = width * per_pixel
    rows = max(_SAMPLE_ROWS, _STRIP_BYTES // row_bytes)
    # The row above the strip, black above the first.
    above = np.zeros((1, row_bytes), np.uint8)
    for top in range(0, height, rows):
        strip = _order(pixels[top : top + rows])
        known = np.concatenate((above, strip))
        out = np.empty((len(strip), 1 + row_bytes), np.uint8)
        filter_ = min((_SUB, _UP, _AVERAGE), key=lambda each: _measure(known, per_pixel, each))
        out[:, 0] = filter_
        _apply(filter_, known[:-1], known[1:], per_pixel, out[:, 1:])
        above = strip[-1:]
        yield out


def _order(strip: Pixels) -> Pixels:
    """Rows of bytes in the order of the format: RGB, the high byte first."""
    if strip.ndim == 3:
        strip = cv2.cvtColor(strip, cv2.COLOR_BGR2RGB if strip.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    if strip.dtype == np.uint16:
        strip = strip.byteswap()
    return np.ascontiguousarray(strip).view(np.uint8).reshape(len(strip), -1)


def _measure(known: Pixels, per_pixel: int, filter_: int) -> int:
    """How large the differences are that a filter leaves in some of the rows."""
    above, rows = known[:-1:_SAMPLE_ROWS], known[1::_SAMPLE_ROWS]
    out = np.empty_like(rows)
    _apply(filter_, above, rows, per_pixel, out)
    return int(cv2.norm(out.view(np.int8), cv2.NORM_L1))


def _apply(filter_: int, above: Pixels, rows: Pixels, per_pixel: int, out: Pixels) -> None:
    """One filter for whole rows (PNG, 9.2): what is left of each byte."""
    if filter_ == _UP:
        np.subtract(rows, above, out=out)
        return
    left = rows[:, :-per_pixel]
    if filter_ == _SUB:
        out[:, :per_pixel] = rows[:, :per_pixel]
        np.subtract(rows[:, per_pixel:], left, out=out[:, per_pixel:])
        return
    first, rest = above[:, :per_pixel], above[:, per_pixel:]
    np.subtract(rows[:, :per_pixel], first >> 1, out=out[:, :per_pixel])
    # The mean of two bytes, rounded down, without a carry.
    mean = np.bitwise_xor(rest, left)
    np.right_shift(mean, 1, out=mean)
    np.add(mean, rest & left, out=mean)
    np.subtract(rows[:, per_pixel:], mean, out=out[:, per_pixel:])
