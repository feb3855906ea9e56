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
from inpainting.errors import Code, ItemError, RequestError
from inpainting.exchange import Emit, LineStream, read_bytes
from inpainting.schemas import read_body
from inpainting.service import Service
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody
from inpainting.videos.segment_work import VideoWork, assemble, encode_segment

log = logging.getLogger("inpainting")

# Lines come at this pace even while nothing moves on, so that those on the way see that the connection lives.
PROGRESS_SECONDS = 2.0
_ADVICE = "Send frames with fewer pixels."

Run = Callable[[VideoWork], Awaitable[dict[str, Any]]]


def create_segment_routes(service: Service) -> APIRouter:
    """The routes; who may call them is the caller's to see to."""
    router = APIRouter()
    settings = service.settings

    @router.post("/v1/segments")
    async def post_segments(request: Request) -> Response:
        body = read_body(SegmentBody, await read_bytes(request, settings.request_bytes_max))
        pixels = body.size.width * body.size.height
        if pixels > settings.picture_pixels_max:
            raise RequestError(
                Code.REQUEST_INVALID,
                f"The field size asks for {body.size.width}x{body.size.height} = {pixels} pixels; this service takes "
                f"{settings.picture_pixels_max}. Scale the video down.",
                field="size",
            )
        service.admit(1)
        return LineStream(
            lambda emit: _answer(service, body.task_id, "segmentMs", lambda work: encode_segment(body, work), emit)
        )

    @router.post("/v1/assemble")
    async def post_assemble(request: Request) -> Response:
        body = read_body(AssembleBody, await read_bytes(request, settings.request_bytes_max))
        service.admit(1)
        return LineStream(
            lambda emit: _answer(service, body.task_id, "assembleMs", lambda work: assemble(body, work), emit)
        )

    return router


async def _answer(service: Service, task_id: UUID, stage: str, run: Run, emit: Emit) -> None:
    """Works on an admitted request, emitting progress, and one line at the end: `end` or `error`."""
    started = time.monotonic()
    course = Course(service.settings.item_seconds_max, advice=_ADVICE)
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
