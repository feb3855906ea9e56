"""The routes that take videos apart: POST /v1/probe and POST /v1/frames."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from inpainting.errors import Code, ItemError
from inpainting.exchange import Emit, LineStream, answer_while_connected, read_bytes
from inpainting.logs import current_task
from inpainting.openapi import describe_route
from inpainting.schemas import read_body
from inpainting.service import Service
from inpainting.videos.frame_schemas import FramesBody, MaskStillBody, ProbeBody
from inpainting.videos.frame_work import as_item_error, describe_failure
from inpainting.videos.segment_schemas import ensure_size

log = logging.getLogger("inpainting")


def create_frame_routes(service: Service) -> APIRouter:
    """The routes; who may call them is the caller's to see to."""
    router = APIRouter()
    settings = service.settings

    @router.post("/v1/probe", **describe_route("What a video is.", body=ProbeBody))
    async def post_probe(request: Request) -> Response:
        body = read_body(ProbeBody, await read_bytes(request, settings.request_bytes_max))
        service.admit(1)
        return await answer_while_connected(request, _answer_probe(service, body))

    @router.post("/v1/frames", **describe_route("Frames of a video as PNGs.", body=FramesBody, lines=True))
    async def post_frames(request: Request) -> Response:
        body = read_body(FramesBody, await read_bytes(request, settings.request_bytes_max))
        ensure_size(body.size, settings.picture_pixels_max)
        service.admit(1)
        return LineStream(lambda emit: _run_frames(service, body, emit))

    return router


async def _answer_probe(service: Service, body: ProbeBody) -> Response:
    """Probes in an admitted request's turn; raises RequestError."""

    async def tell(_: dict[str, Any]) -> None:
        """A probe has one answer and no lines."""

    task = service.videos.create_work("probe", body, tell)
    try:
        return JSONResponse(await service.run_video("probe", task.run))
    except ItemError as error:
        raise error.as_request_error() from error
    finally:
        service.count_energy(task.cpu_seconds)


async def _run_frames(service: Service, body: FramesBody, emit: Emit) -> None:
    """Works on an admitted request: a line for each sample, whatever ends it, and an end line.

    Where no turn comes, one line of type `error` alone.
    """
    current_task.set(str(body.task_id))
    metrics = service.metrics
    left = {sample.index: sample for sample in body.samples}
    is_mask_left = isinstance(body.mask, MaskStillBody) and body.mask.result_url is not None
    failed = 0

    async def tell(line: dict[str, Any]) -> None:
        nonlocal failed, is_mask_left
        is_failed = line["status"] == "failed"
        if line["type"] == "frame":
            failed += is_failed
            del left[line["index"]]
        else:
            is_mask_left = False
        metrics.count_item(line["status"], line["error"]["code"] if is_failed else None, {})
        await emit(line)

    task = service.videos.create_work("frames", body, tell)
    try:
        await service.run_video("frames", task.run)
    except asyncio.CancelledError:
        service.count_energy(task.cpu_seconds)
        log.info("request dropped", extra={"fields": {"unfinishedFrames": len(left)}})
        raise
    except Exception as caught:
        error = as_item_error(caught)
        if error.code is Code.SERVICE_BUSY:
            metrics.count_item("failed", error.code, {})
            await emit({"type": "error", "taskId": str(body.task_id), "error": error.describe()})
            return
        if error.code is Code.ITEM_TIMEOUT and len(left) < len(body.samples):
            # What is left can be had by asking for it alone.
            error = ItemError(error.code, error.message, retryable=True)
        if is_mask_left:
            await tell({"type": "mask", "status": "failed", "error": error.describe()})
        for sample in list(left.values()):
            await tell(describe_failure(sample, error))
    energy = service.count_energy(task.cpu_seconds)
    count = len(body.samples)
    log.info("frames ended", extra={"fields": {"succeeded": count - failed, "failed": failed}})
    await emit(
        {"type": "end", "taskId": str(body.task_id), "succeeded": count - failed, "failed": failed, "energy": energy}
    )
