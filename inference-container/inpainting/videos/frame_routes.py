"""The routes that take videos apart: POST /v1/probe and POST /v1/frames."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from inpainting.course import Course
from inpainting.errors import Code, ItemError
from inpainting.exchange import Emit, LineStream, answer_while_connected, read_bytes
from inpainting.schemas import read_body
from inpainting.service import Service
from inpainting.videos.frame_budget import FrameBudget
from inpainting.videos.frame_schemas import FramesBody, ProbeBody
from inpainting.videos.frame_work import FrameWork, as_item_error, describe_error, describe_failure
from inpainting.videos.probing import probe
from inpainting.videos.segment_schemas import ensure_size
from inpainting.videos.source import VideoSource

log = logging.getLogger("inpainting")

_ADVICE = "Cut the video shorter, or encode it anew with a smaller picture."


def create_frame_routes(service: Service) -> APIRouter:
    """The routes; who may call them is the caller's to see to."""
    router = APIRouter()
    settings = service.settings
    budget = FrameBudget(settings.picture_pixels_max)

    @router.post("/v1/probe")
    async def post_probe(request: Request) -> Response:
        body = read_body(ProbeBody, await read_bytes(request, settings.request_bytes_max))
        service.admit(1)
        return await answer_while_connected(request, _answer_probe(service, body))

    @router.post("/v1/frames")
    async def post_frames(request: Request) -> Response:
        body = read_body(FramesBody, await read_bytes(request, settings.request_bytes_max))
        ensure_size(body.size, settings.picture_pixels_max)
        service.admit(1)
        return LineStream(lambda emit: _run_frames(service, body, budget, emit))

    return router


async def _answer_probe(service: Service, body: ProbeBody) -> Response:
    """Probes in an admitted request's turn; raises RequestError."""
    workshop, settings = service.workshop, service.settings
    name = {"video": "The video", "mask": "The mask"}[body.name]
    course = Course(
        settings.probe_seconds_max,
        what=f"Reading {name.lower()}",
        advice=_ADVICE,
        still_seconds_max=settings.still_seconds_max,
    )

    def work() -> dict[str, Any]:
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

    async def run() -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(workshop.readers, work)

    try:
        return JSONResponse(await service.run_video(course, run))
    except ItemError as error:
        raise error.as_request_error() from error


async def _run_frames(service: Service, body: FramesBody, budget: FrameBudget, emit: Emit) -> None:
    """Works on an admitted request: a line for each sample, whatever ends it, and an end line.

    Where no turn comes, one line of type `error` alone.
    """
    workshop, metrics, settings = service.workshop, service.metrics, service.settings
    course = Course(
        settings.frames_seconds_max,
        what="Sampling these frames",
        advice=_ADVICE,
        still_seconds_max=settings.still_seconds_max,
    )
    failed = 0

    async def tell(line: dict[str, Any]) -> None:
        nonlocal failed
        is_failed = line["status"] == "failed"
        failed += is_failed and line["type"] == "frame"
        metrics.count_item(line["status"], line["error"]["code"] if is_failed else None, {}, 0)
        await emit(line)

    work = FrameWork(body, workshop, course, budget, tell)
    try:
        await service.run_video(course, work.run)
    except asyncio.CancelledError:
        fields = {"taskId": str(body.task_id), "unfinishedFrames": len(work.left)}
        log.info("request dropped", extra={"fields": fields})
        raise
    except Exception as caught:
        error = as_item_error(caught, body)
        if error.code is Code.SERVICE_BUSY:
            metrics.count_item("failed", error.code, {}, 0)
            await emit({"type": "error", "taskId": str(body.task_id), "error": describe_error(error)})
            return
        if error.code is Code.ITEM_TIMEOUT and len(work.left) < len(body.samples):
            # What is left can be had by asking for it alone.
            error = ItemError(error.code, error.message, retryable=True)
        if work.is_mask_left:
            await tell({"type": "mask", "status": "failed", "error": describe_error(error)})
        for sample in list(work.left.values()):
            await tell(describe_failure(sample, error))
    energy = workshop.describe_energy(work.cpu_seconds)
    metrics.count_energy(energy["joules"])
    count = len(body.samples)
    fields = {"taskId": str(body.task_id), "succeeded": count - failed, "failed": failed}
    log.info("frames ended", extra={"fields": fields})
    await emit(
        {"type": "end", "taskId": str(body.task_id), "succeeded": count - failed, "failed": failed, "energy": energy}
    )
