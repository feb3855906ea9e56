"""What a process does with one request about a video: all of it, with connections of its own, and no more.

FFmpeg reads hostile bytes, so each request has a process that may die. It is told `stop`; it answers `line` (one of the
answer's), `frames` (so many are done) with its processor time, and at its end `done`, `error` or `fault`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from inpainting.course import Course
from inpainting.errors import Code, ItemError
from inpainting.logs import configure_logs, current_task
from inpainting.processes.channel import ChildEnd, Message
from inpainting.processes.confinement import confine
from inpainting.settings import Settings
from inpainting.videos.frame_budget import FrameBudget
from inpainting.videos.frame_schemas import FramesBody, ProbeBody
from inpainting.videos.frame_work import FrameWork
from inpainting.videos.probing import probe
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody
from inpainting.videos.segment_work import VideoWork, assemble, encode_segment
from inpainting.videos.source import VideoSource
from inpainting.workshop import Workshop

# Pictures and videos share the cores by the system's own clock. A picture has one thread and a video several, each of
# which weighs a third of it: neither waits until the other has ended.
_NICE = 5
_TELL_SECONDS = 0.25
SHORTER = "Cut the video shorter, or encode it anew with a smaller picture."
SMALLER = "Make the video shorter, or its picture smaller."


def run_video_worker(end: socket.socket, settings: Settings, kind: str, body: Any) -> None:
    """The whole life of the process."""
    confine(bytes_max=settings.item_bytes_bound, nice=_NICE)
    configure_logs(settings.log_level)
    current_task.set(str(body.task_id) if hasattr(body, "task_id") else None)
    channel = ChildEnd(end)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        last = loop.run_until_complete(_run(channel, settings, kind, body))
        channel.send({**last, "cpuSeconds": time.process_time()})
    except OSError:
        pass
    # Threads may be anywhere in FFmpeg; nothing of theirs is wanted any more.
    os._exit(0)


async def _run(channel: ChildEnd, settings: Settings, kind: str, body: Any) -> Message:
    """Does the work; its last message."""
    job = JOBS[kind]
    workshop = Workshop(settings)
    course = Course(
        getattr(settings, job.limit),
        what=job.describe(body),
        advice=job.advice,
        still_seconds_max=settings.still_seconds_max,
    )
    work = VideoWork(workshop, course)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_listen, args=(channel, loop, workshop), daemon=True).start()
    telling = asyncio.create_task(_tell_frames(channel, work))
    course.begin()
    try:
        return {"done": await workshop.attend(course, job.run(body, Scene(work=work, tell=channel.send)))}
    except ItemError as error:
        return {"error": describe_item_error(error)}
    except MemoryError:
        bound = settings.item_bytes_bound >> 20
        message = f"This video needs more memory than the {bound} MiB that one may take. {SHORTER}"
        return {"error": describe_item_error(ItemError(Code.ITEM_OUT_OF_MEMORY, message))}
    except OSError:
        raise
    except Exception:
        return {"fault": traceback.format_exc()}
    finally:
        telling.cancel()


def _listen(channel: ChildEnd, loop: asyncio.AbstractEventLoop, workshop: Workshop) -> None:
    """Takes what the service says until it is gone, and this process with it."""
    while channel.receive() is not None:
        loop.call_soon_threadsafe(workshop.begin_stop)
    os._exit(0)


async def _tell_frames(channel: ChildEnd, work: VideoWork) -> None:
    """Tells how far the work is, and what it has taken: what is told last is known of a process that is killed."""
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        channel.send({"frames": work.count_frames(), "cpuSeconds": time.process_time()})


def describe_item_error(error: ItemError) -> dict[str, Any]:
    """The error as a message; `details` are its further fields."""
    return {**error.describe(), "details": error.details}


# What is done


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the work on one request is given."""

    work: VideoWork
    tell: Callable[[Message], None]


@dataclass(frozen=True, kw_only=True)
class VideoJob:
    """One kind of request: the setting that limits it, what begins and ends messages about the limit, and the work."""

    limit: str
    describe: Callable[[Any], str]
    advice: str
    run: Callable[[Any, Scene], Coroutine[Any, Any, Any]]


def name_file(body: ProbeBody) -> str:
    """How messages call what is probed."""
    return {"video": "The video", "mask": "The mask"}[body.name]


async def _probe(body: ProbeBody, scene: Scene) -> dict[str, Any]:
    workshop, course = scene.work.workshop, scene.work.course
    settings = workshop.settings
    name = name_file(body)

    def read() -> dict[str, Any]:
        course.check()
        file = workshop.files.open(
            body.url, name=name, field="url", bytes_max=settings.video_bytes_max, check=course.check
        )
        with VideoSource(file, name=name, pixels_max=settings.picture_pixels_max) as source:
            return probe(
                source,
                fps=None if body.sampling is None else body.sampling.fps,
                frames_max=body.frames_max,
                pixels_max=settings.picture_pixels_max,
                check=course.check,
            )

    return await asyncio.get_running_loop().run_in_executor(workshop.readers, read)


async def _sample(body: FramesBody, scene: Scene) -> None:
    workshop = scene.work.workshop
    settings = workshop.settings
    # As many videos as there are threads share what may be decoded at a time.
    budget = FrameBudget(settings.picture_pixels_max // settings.threads)

    async def emit(line: dict[str, Any]) -> None:
        scene.tell({"line": line})

    await FrameWork(body, workshop, scene.work.course, budget, emit).run()


async def _encode(body: SegmentBody, scene: Scene) -> dict[str, Any]:
    return await encode_segment(body, scene.work)


async def _assemble(body: AssembleBody, scene: Scene) -> dict[str, Any]:
    return await assemble(body, scene.work)


JOBS = {
    "probe": VideoJob(
        limit="probe_seconds_max",
        describe=lambda body: f"Reading {name_file(body).lower()}",
        advice=SHORTER,
        run=_probe,
    ),
    "frames": VideoJob(
        limit="frames_seconds_max", describe=lambda _: "Sampling these frames", advice=SHORTER, run=_sample
    ),
    "segments": VideoJob(
        limit="segment_seconds_max", describe=lambda _: "Encoding these frames", advice=SMALLER, run=_encode
    ),
    "assemble": VideoJob(
        limit="assemble_seconds_max", describe=lambda _: "Putting the video together", advice=SMALLER, run=_assemble
    ),
}
