"""Colour profiles built from figures: what cameras, phones and printers write into pictures (ICC.1:2001-04)."""

from __future__ import annotations

import struct

import numpy as np

XY = tuple[float, float]
Facts = tuple[XY, XY, XY, float]

_WHITE: XY = (0.3127, 0.3290)
DISPLAY_P3: Facts = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), 2.2)
ADOBE_RGB: Facts = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), 2.2)
LINEAR: Facts = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), 1.0)
# Red is what others call green, green blue, and blue red: who loses this profile shows another picture.
EXCHANGED: Facts = ((0.300, 0.600), (0.150, 0.060), (0.640, 0.330), 2.2)

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def rgb_profile(red: XY, green: XY, blue: XY, gamma: float) -> bytes:
    """A display's profile: a matrix and one gamma."""
    white = _to_xyz(_WHITE)
    primaries = np.column_stack([_to_xyz(xy) for xy in (red, green, blue)])
    colours = primaries * np.linalg.solve(primaries, white)
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted = np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ colours
    tags = {name: _xyz(adapted[:, i]) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= {name: _curve(gamma) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile() -> bytes:
    """A printer's: what each of the sixteen mixes of whole inks looks like, in CIE L*a*b*."""
    ramp = bytes(range(256))
    grid = b""
    for mix in range(16):
        cyan, magenta, yellow, black = ((mix >> bit) & 1 for bit in (3, 2, 1, 0))
        light = 100 * (1 - 0.85 * black) * (1 - 0.3 * cyan) * (1 - 0.4 * magenta) * (1 - 0.08 * yellow)
        a, b = (60 * magenta - 35 * cyan) * (1 - black), (75 * yellow - 45 * cyan) * (1 - black)
        grid += bytes([round(light * 2.55), round(a) + 128, round(b) + 128])
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + grid + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def _to_xyz(xy: XY) -> np.ndarray:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(float(value)) for value in values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78 + 1)
    tags = {b"desc": text, b"cprt": b"text" + bytes(4) + b"free\0\0\0\0", b"wtpt": _xyz(_D50), **tags}
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += padded
    size = start + len(body)
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header = struct.pack(">I", size) + bytes(4) + b"\x02\x40\0\0" + kind + space + connection + date + b"acsp"
    header += bytes(128 - len(header) - 60) + b"".join(_fixed(float(v)) for v in _D50)
    header = header.ljust(128, b"\0")
    return header + struct.pack(">I", len(tags)) + table + body
