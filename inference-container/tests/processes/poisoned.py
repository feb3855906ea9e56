"""The service with models that do what no model should: `python poisoned.py serve`.

Processes import this file as the service does, so each has the same models.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inpainting.models import registry
from inpainting.models.learned import NoParameters
from inpainting.models.manifest import Manifest
from inpainting.videos import source

# A picture with this colour at its first pixel is poison: whatever has it in hand dies.
POISON = (1, 2, 3)


def describe(id_: str, device: str) -> Manifest:
    return Manifest(
        id=id_,
        version="1",
        title=id_,
        description="For tests.",
        licence="MIT",
        commercial_use=True,
        runtime="test",
        device=device,
    )


class Poisoned:
    """Fills as it should while it is checked, and does `harm` to what users send."""

    parameters = NoParameters

    def __init__(self, id_: str, harm: Any) -> None:
        self.manifest = describe(id_, "cpu")
        self._harm = harm

    def crop_pixels_max(self, _: Any) -> int:
        return 2**30

    def fill(self, image: Any, hole: Any, *_: Any) -> Any:
        if is_sent_by_a_user(image):
            self._harm()
        return fill_with_mean(image, hole)


class Batched:
    """Stands in for a model on a GPU: what it fills in one run is filled with the run's size."""

    parameters = NoParameters
    manifest = describe("batched", "cuda")

    def crop_pixels_max(self, _: Any) -> int:
        return 2**30

    def fill(self, image: Any, hole: Any, *_: Any) -> Any:
        return fill_with_mean(image, hole)

    def fill_many(self, images: Any, holes: Any, _: Any) -> Any:
        time.sleep(0.1)
        if any(tuple(image[0, 0][::-1]) == POISON for image in images):
            os.abort()
        return np.where(holes[..., np.newaxis] != 0, np.uint8(len(images)), images)


def is_sent_by_a_user(image: Any) -> bool:
    return tuple(image[0, 0][::-1]) == POISON


def fill_with_mean(image: Any, hole: Any) -> Any:
    mean = image[hole == 0].reshape(-1, 3).mean(axis=0).astype(np.uint8)
    return np.where(hole[..., np.newaxis] != 0, mean, image)


def tell_container(head: bytes) -> str | None:
    """Stands in for a decoder that a file crashes, or keeps for ever."""
    if head.startswith(b"crash"):
        os.abort()
    if head.startswith(b"stick"):
        sum(range(10**12))
    return tell_container_as_ever(head)


tell_container_as_ever, source.tell_container = source.tell_container, tell_container

registry.BUILT_IN += [
    Poisoned("aborts", os.abort),
    Poisoned("reads-nowhere", lambda: ctypes.string_at(0)),
    # One call of C that keeps the interpreter to itself.
    Poisoned("runs-away", lambda: sum(range(10**12))),
    Poisoned("sleeps", lambda: time.sleep(3)),
    Poisoned("hogs", lambda: np.ones(1 << 33, np.uint8)),
    Poisoned("is-killed", lambda: os.kill(os.getpid(), signal.SIGKILL)),
    Batched(),
]

if __name__ == "__main__":
    from inpainting.__main__ import main

    sys.exit(main(sys.argv[1:]))
