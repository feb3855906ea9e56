"""What a process does with items: as many at a time as it has threads, in the order they come.

It is told `load` (model), `setUp` (model), `item`, `go` and `cancel` (number). It answers `loaded`, `setUp`, for each
item `ask` (pixels) and then `result`, `error` or `fault`.
"""

from __future__ import annotations

import os
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from inpainting.course import Course
from inpainting.errors import Code, ItemError
from inpainting.items import Job, Timings, process_item
from inpainting.models import Model
from inpainting.models.contract import SetupError
from inpainting.models.registry import create_registry
from inpainting.processes.batching import Batcher, take_batch_seconds
from inpainting.processes.channel import Blob, ChildEnd, Message
from inpainting.processes.confinement import bound_memory, confine, unbound_memory
from inpainting.settings import Settings

TIMEOUT_ADVICE = "Scale the picture down, mask less, or choose a quicker model such as telea."


def run_item_worker(end: socket.socket, settings: Settings, threads: int, bytes_max: int | None, gpu: str) -> None:
    """The whole life of the process. `gpu` is the device it may use, empty where it is not to choose."""
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    confine(bytes_max=bytes_max)
    ItemWorker(ChildEnd(end), settings, threads, bytes_max).serve()
    # The service is gone: nobody waits for what is still computing.
    os._exit(0)


class ItemWorker:
    """Works on items until the service is gone."""

    def __init__(self, end: ChildEnd, settings: Settings, threads: int, bytes_max: int | None) -> None:
        self._end = end
        self._settings = settings
        self._bytes_max = bytes_max
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="item")
        self._registry = create_registry(settings)
        self._models: dict[str, Model] = {}
        self._loading = threading.Lock()
        self._items: dict[int, _Item] = {}

    def serve(self) -> None:
        """Takes messages as they come; returns once the service is gone."""
        while (received := self._end.receive()) is not None:
            message, blobs = received
            match message["do"]:
                case "item":
                    new = _Item(message, blobs, self._settings.item_seconds_max)
                    self._items[new.number] = new
                    self._pool.submit(self._guard, partial(self._work, new), new.number)
                case "go" | "cancel" as what:
                    item = self._items.get(message["number"])
                    if item is not None:
                        if what == "cancel":
                            item.course.end()
                        item.may_go.set()
                case "load":
                    self._pool.submit(self._guard, partial(self._load, message["model"]))
                case "setUp":
                    self._pool.submit(self._guard, partial(self._set_up, message["model"]))

    def _guard(self, step: Callable[[], None], number: int | None = None) -> None:
        """Runs a step; what it raises is told, and nothing once the service is gone."""
        try:
            step()
        except OSError:
            os._exit(0)
        except Exception:
            self._end.send({"number": number, "fault": traceback.format_exc()})
        finally:
            if number is not None:
                self._items.pop(number, None)

    def _work(self, item: _Item) -> None:
        timings = Timings()
        started = time.thread_time()
        take_batch_seconds()

        def describe_end() -> Message:
            return {
                "number": item.number,
                "timings": timings.milliseconds,
                "cpuSeconds": time.thread_time() - started + take_batch_seconds(),
            }

        def ask(pixels: int) -> None:
            self._end.send({"number": item.number, "ask": pixels})
            item.may_go.wait()
            item.course.begin()

        try:
            model = self._find(item.order["model"])
            job = Job(
                model=model,
                parameters=model.parameters.model_validate(item.order["parameters"]),
                output_format=item.order["outputFormat"],
                quality=item.order["quality"],
                pixels_max=self._settings.picture_pixels_max,
                bytes_max=self._bytes_max,
            )
            # Files as they came are bytes to every reader, whatever holds them.
            picture, mask = (bytes(blob) for blob in item.blobs)
            result = process_item(picture, mask, job, ask=ask, timings=timings, check=item.course.check)
        except ItemError as error:
            self._end.send({**describe_end(), "error": error.describe()})
            return
        self._end.send({**describe_end(), "result": result.describe()}, result.data)

    def _find(self, id_: str) -> Model:
        """The model, loaded if it is not; raises ItemError."""
        with self._loading:
            if id_ not in self._models:
                self._load_now(id_)
            return self._models[id_]

    def _load(self, id_: str) -> None:
        # Why it could not be loaded is told by `loaded`, and to each item that asks for it.
        with suppress(ItemError):
            self._find(id_)

    def _load_now(self, id_: str) -> None:
        started = time.monotonic()
        reason = None
        if self._bytes_max is not None:
            unbound_memory()
        try:
            model = self._registry.entry(id_).load()
            batches = self._threads > 1 and hasattr(model, "fill_many")
            self._models[id_] = Batcher(model) if batches else model  # type: ignore[arg-type]
        except Exception as error:
            reason = str(error) if isinstance(error, SetupError) else f"{type(error).__name__}: {error}"
            raise ItemError(Code.MODEL_FAILED, f"{id_} could not be loaded: {reason}.", retryable=True) from error
        finally:
            if self._bytes_max is not None:
                bound_memory(self._bytes_max)
            self._end.send({"loaded": id_, "seconds": time.monotonic() - started, "reason": reason})

    def _set_up(self, id_: str) -> None:
        """Only what has never held a file of a user is asked for this, so that what it answers is trusted."""
        self._end.send({"setUp": id_}, pickle.dumps(self._registry.entry(id_).report()))


class _Item:
    """An item in hand."""

    def __init__(self, order: dict[str, Any], blobs: list[Blob], seconds_max: float) -> None:
        self.number: int = order["number"]
        self.order = order
        self.blobs = blobs
        self.course = Course(seconds_max, advice=TIMEOUT_ADVICE)
        self.may_go = threading.Event()
