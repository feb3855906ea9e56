"""The routes that put videos together: POST /v1/segments and POST /v1/assemble."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from inpainting.errors import Code, ItemError
from inpainting.exchange import Emit, LineStream, read_bytes
from inpainting.logs import current_task
from inpainting.openapi import describe_route
from inpainting.schemas import read_body
from inpainting.service import Service
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody, ensure_size
from inpainting.videos.video_runner import VideoTask

log = logging.getLogger("inpainting")

# Lines come at this pace even while nothing moves on, so that those on the way see that the connection lives.
PROGRESS_SECONDS = 2.0


def create_segment_routes(service: Service) -> APIRouter:
    """The routes; who may call them is the caller's to see to."""
    router = APIRouter()
    settings = service.settings

    @router.post("/v1/segments", **describe_route("Frames as a part of a video.", body=SegmentBody, lines=True))
    async def post_segments(request: Request) -> Response:
        body = read_body(SegmentBody, await read_bytes(request, settings.request_bytes_max))
        ensure_size(body.size, settings.picture_pixels_max)
        service.admit(1)
        return LineStream(lambda emit: _answer(service, "segments", body, emit, stage="segmentMs"))

    @router.post("/v1/assemble", **describe_route("Parts as one video, with sound.", body=AssembleBody, lines=True))
    async def post_assemble(request: Request) -> Response:
        body = read_body(AssembleBody, await read_bytes(request, settings.request_bytes_max))
        service.admit(1)
        return LineStream(lambda emit: _answer(service, "assemble", body, emit, stage="assembleMs"))

    return router


async def _answer(service: Service, kind: str, body: SegmentBody | AssembleBody, emit: Emit, *, stage: str) -> None:
    """Works on an admitted request, emitting progress, and one line at the end: `end` or `error`."""
    task_id = body.task_id
    current_task.set(str(task_id))
    started = time.monotonic()
    task = service.videos.create_work(kind, body, emit)
    telling = asyncio.create_task(_tell_progress(task, emit))
    code: Code | None = None
    line: dict[str, Any]
    try:
        line = {"type": "end", "taskId": str(task_id), **await service.run_video(kind, task.run)}
    except asyncio.CancelledError:
        service.count_energy(task.cpu_seconds)
        log.info("request dropped", extra={"fields": {"frames": task.frames}})
        raise
    except ItemError as error:
        code, line = error.code, _describe_failure(task_id, error)
    except Exception:
        log.exception("video work failed unexpectedly")
        code = Code.SERVICE_FAILED
        line = _describe_failure(
            task_id, ItemError(code, "The service failed on this request. Send it again.", retryable=True)
        )
    finally:
        telling.cancel()
    milliseconds = {stage: (time.monotonic() - started) * 1000}
    energy = service.count_energy(task.cpu_seconds)
    if code is None:
        line["energy"] = energy
    service.metrics.count_item("succeeded" if code is None else "failed", code, milliseconds)
    log.info("video work ended", extra={"fields": {"code": code, "timings": {stage: round(milliseconds[stage], 1)}}})
    await emit(line)


async def _tell_progress(task: VideoTask, emit: Emit) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        await emit({"type": "progress", "frames": task.frames})


def _describe_failure(task_id: UUID, error: ItemError) -> dict[str, Any]:
    return {
        "type": "error",
        "taskId": str(task_id),
        "error": error.describe(),
    }
