"""Crops of several items in one run of a model: what a GPU is quick at."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel

from inpainting.models import Pixels
from inpainting.models.interface import BatchModel
from inpainting.models.manifest import Manifest

BATCH_MAX = 16
# How long a crop waits for others: less than a model takes for one, so that a lone item is hardly slower.
WAIT_SECONDS = 0.004

_spent = threading.local()


def take_batch_seconds() -> float:
    """This thread's part of the processor time of batches since it asked last."""
    seconds: float = getattr(_spent, "seconds", 0.0)
    _spent.seconds = 0.0
    return seconds


@dataclass
class _Crop:
    image: Pixels
    unknown: Pixels
    parameters: Any
    filled: Future[tuple[Pixels, float]] = field(default_factory=Future)

    def fits(self, other: _Crop) -> bool:
        return self.image.shape == other.image.shape and bool(self.parameters == other.parameters)


class Batcher:
    """A model whose `fill` waits a moment for crops of the same size from other threads, and fills them together.

    Crops of another size keep their place: they are next. While one batch is filled the following gathers by itself,
    so that waiting costs nothing where there is much to do.
    """

    def __init__(self, model: BatchModel, *, batch_max: int = BATCH_MAX, wait_seconds: float = WAIT_SECONDS) -> None:
        self._model = model
        self._batch_max = batch_max
        self._wait_seconds = wait_seconds
        self._crops: queue.Queue[_Crop] = queue.Queue()
        self._others: list[_Crop] = []
        threading.Thread(target=self._run, name="batches", daemon=True).start()

    @property
    def manifest(self) -> Manifest:
        return self._model.manifest

    @property
    def parameters(self) -> type[BaseModel]:
        return self._model.parameters

    @property
    def crop_pixels_max(self) -> Callable[[Any], int]:
        return self._model.crop_pixels_max

    def fill(self, image: Pixels, hole: Pixels, foreign: Pixels | None, parameters: Any) -> Pixels:
        """As every model; foreign holes are holes to a model that fills in batches."""
        unknown = hole if foreign is None else cv2.bitwise_or(hole, foreign)
        crop = _Crop(image, unknown, parameters)
        self._crops.put(crop)
        filled, seconds = crop.filled.result()
        _spent.seconds = getattr(_spent, "seconds", 0.0) + seconds
        return filled

    def _run(self) -> None:
        while True:
            batch = self._gather()
            started = time.thread_time()
            try:
                filled = self._model.fill_many(
                    np.stack([crop.image for crop in batch]),
                    np.stack([crop.unknown for crop in batch]),
                    batch[0].parameters,
                )
            except Exception as error:
                for crop in batch:
                    crop.filled.set_exception(error)
                continue
            share = (time.thread_time() - started) / len(batch)
            for crop, result in zip(batch, filled, strict=True):
                crop.filled.set_result((result, share))

    def _gather(self) -> list[_Crop]:
        """The crop that has waited longest, with those that fit it."""
        batch = [self._others.pop(0) if self._others else self._crops.get()]
        fitting = [crop for crop in self._others if crop.fits(batch[0])][: self._batch_max - 1]
        batch += fitting
        self._others = [crop for crop in self._others if all(crop is not each for each in fitting)]
        deadline = time.monotonic() + self._wait_seconds
        while len(batch) < self._batch_max:
            try:
                crop = self._crops.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            (batch if crop.fits(batch[0]) else self._others).append(crop)
        return batch
