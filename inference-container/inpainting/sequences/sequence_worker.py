"""A process's life with one sequence: all of it, with connections of its own, and no more.

It is told `go` and `stop`; it answers `ask` (pixels), a message for each item that ended, and `done` or `fault`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from inpainting.course import Course
from inpainting.errors import ItemError
from inpainting.items import Job
from inpainting.logs import configure_logs, current_task
from inpainting.models.registry import create_registry
from inpainting.processes.channel import ChildEnd
from inpainting.processes.confinement import bound_memory, confine, read_data_bytes, unbound_memory
from inpainting.processes.item_pool import Order
from inpainting.schemas import InpaintBody
from inpainting.sequences.sequence_work import SequenceWork
from inpainting.settings import ITEM_BYTES_PER_PIXEL, Settings
from inpainting.workshop import Workshop

# A sequence takes minutes: single pictures, which people wait for, go first.
_NICE = 5
_SIGN_SECONDS = 1.0


def run_sequence_worker(
    end: socket.socket, settings: Settings, body: InpaintBody, order: Order, bytes_max: int | None
) -> None:
    """The whole life of the process."""
    confine(bytes_max=bytes_max, nice=_NICE)
    configure_logs(settings.log_level)
    current_task.set(str(body.task_id))
    channel = ChildEnd(end)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with suppress(OSError):
        channel.send(loop.run_until_complete(_run(channel, settings, body, order, bytes_max)))
    # The thread may be anywhere in a kernel; nothing of it is wanted any more.
    os._exit(0)


async def _run(
    channel: ChildEnd, settings: Settings, body: InpaintBody, order: Order, bytes_max: int | None
) -> dict[str, Any]:
    """Does the work; its last message."""
    workshop = Workshop(settings)
    # Each step may take as long as an item may.
    course = Course(float("inf"), advice="", still_seconds_max=settings.item_seconds_max)
    granted = asyncio.Semaphore(0)

    async def ask(bytes_: int) -> None:
        channel.send({"ask": bytes_ // ITEM_BYTES_PER_PIXEL})
        await granted.acquire()

    work = SequenceWork(
        body,
        workshop=workshop,
        course=course,
        load=_prepare_loading(settings, order, bytes_max),
        bytes_max=bytes_max,
        ask=ask,
        tell=channel.send,
    )
    arguments = (channel, asyncio.get_running_loop(), workshop, granted)
    threading.Thread(target=_listen, args=arguments, daemon=True).start()
    signing = asyncio.create_task(_give_signs(channel))
    course.begin()
    try:
        await workshop.attend(course, work.run())
    except ItemError as error:
        return {"done": False, "reason": error.message}
    except OSError:
        raise
    except Exception:
        return {"fault": traceback.format_exc()}
    finally:
        signing.cancel()
    return {"done": True}


def _listen(channel: ChildEnd, loop: asyncio.AbstractEventLoop, workshop: Workshop, granted: asyncio.Semaphore) -> None:
    """Takes what the service says until it is gone, and this process with it."""
    while (received := channel.receive()) is not None:
        loop.call_soon_threadsafe(granted.release if received[0]["do"] == "go" else workshop.begin_stop)
    os._exit(0)


async def _give_signs(channel: ChildEnd) -> None:
    """Tells that the process is not stuck in a kernel that keeps the interpreter to itself."""
    while True:
        await asyncio.sleep(_SIGN_SECONDS)
        channel.send({"sign": True})


def _prepare_loading(settings: Settings, order: Order, bytes_max: int | None) -> Callable[[], Job]:
    """The job, whose model is loaded the first time: its memory is no sequence's."""
    bytes_before = read_data_bytes()

    @cache
    def load() -> Job:
        bytes_held = (read_data_bytes() or 0) - (bytes_before or 0)
        if bytes_max is not None:
            unbound_memory()
        try:
            model = create_registry(settings).entry(order.model).load()
        finally:
            if bytes_max is not None:
                bound_memory(max(0, bytes_max - bytes_held))
        return Job(
            model=model,
            parameters=model.parameters.model_validate(order.parameters),
            output_format=order.output_format,
            quality=order.quality,
            pixels_max=settings.picture_pixels_max,
            bytes_max=bytes_max,
        )

    return load
