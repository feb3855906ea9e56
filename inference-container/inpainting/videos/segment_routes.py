"""The routes that put videos together: POST /v1/segments and POST /v1/assemble."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from inpainting.course import Course
from inpainting.errors import Code, ItemError
from inpainting.exchange import Emit, LineStream, read_bytes
from inpainting.schemas import read_body
from inpainting.service import Service
from inpainting.settings import Settings
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody, ensure_size
from inpainting.videos.segment_work import VideoWork, assemble, encode_segment

log = logging.getLogger("inpainting")

# Lines come at this pace even while nothing moves on, so that those on the way see that the connection lives.
PROGRESS_SECONDS = 2.0

Run = Callable[[VideoWork], Awaitable[dict[str, Any]]]


def create_segment_routes(service: Service) -> APIRouter:
    """The routes; who may call them is the caller's to see to."""
    router = APIRouter()
    settings = service.settings

    @router.post("/v1/segments")
    async def post_segments(request: Request) -> Response:
        body = read_body(SegmentBody, await read_bytes(request, settings.request_bytes_max))
        ensure_size(body.size, settings.picture_pixels_max)
        service.admit(1)
        course = _create_course(settings, settings.segment_seconds_max, "Encoding these frames")
        return LineStream(
            lambda emit: _answer(
                service,
                course,
                emit,
                task_id=body.task_id,
                stage="segmentMs",
                run=lambda work: encode_segment(body, work),
            )
        )

    @router.post("/v1/assemble")
    async def post_assemble(request: Request) -> Response:
        body = read_body(AssembleBody, await read_bytes(request, settings.request_bytes_max))
        service.admit(1)
        course = _create_course(settings, settings.assemble_seconds_max, "Putting the video together")
        return LineStream(
            lambda emit: _answer(
                service, course, emit, task_id=body.task_id, stage="assembleMs", run=lambda work: assemble(body, work)
            )
        )

    return router


def _create_course(settings: Settings, seconds_max: float, what: str) -> Course:
    advice = "Make the video shorter, or its picture smaller."
    return Course(seconds_max, what=what, advice=advice, still_seconds_max=settings.still_seconds_max)


async def _answer(service: Service, course: Course, emit: Emit, *, task_id: UUID, stage: str, run: Run) -> None:
    """Works on an admitted request, emitting progress, and one line at the end: `end` or `error`."""
    started = time.monotonic()
    work = VideoWork(service.workshop, course)

    async def work_on() -> dict[str, Any]:
        return await run(work)

    telling = asyncio.create_task(_tell_progress(work, emit))
    code: Code | None = None
    line: dict[str, Any]
    try:
        line = {"type": "end", "taskId": str(task_id), **await service.run_video(course, work_on)}
    except asyncio.CancelledError:
        log.info("request dropped", extra={"fields": {"taskId": str(task_id), "frames": work.count_frames()}})
        raise
    except ItemError as error:
        code, line = error.code, _describe_failure(task_id, error)
    except Exception:
        log.exception("video work failed unexpectedly", extra={"fields": {"taskId": str(task_id)}})
        code = Code.SERVICE_FAILED
        line = _describe_failure(
            task_id, ItemError(code, "The service failed on this request. Send it again.", retryable=True)
        )
    finally:
        telling.cancel()
    milliseconds = {stage: (time.monotonic() - started) * 1000}
    joules = service.workshop.describe_energy(work.cpu_seconds)["joules"]
    service.metrics.count_item("succeeded" if code is None else "failed", code, milliseconds, joules)
    fields = {"taskId": str(task_id), "code": code, "timings": {stage: round(milliseconds[stage], 1)}}
    log.info("video work ended", extra={"fields": fields})
    await emit(line)


async def _tell_progress(work: VideoWork, emit: Emit) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        await emit({"type": "progress", "frames": work.count_frames()})


def _describe_failure(task_id: UUID, error: ItemError) -> dict[str, Any]:
    return {
        "type": "error",
        "taskId": str(task_id),
        "error": {"code": error.code, "message": error.message, "retryable": error.retryable},
    }
