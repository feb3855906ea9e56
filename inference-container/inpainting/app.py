"""The HTTP surface: routes and the error renderer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from inpainting import __version__
from inpainting.auth import ensure_authorized
from inpainting.errors import STATUS_BY_CODE, Code, RequestError
from inpainting.exchange import LineStream, read_bytes
from inpainting.models import read_parameters
from inpainting.models.registry import create_registry
from inpainting.openapi import describe_route, write_openapi
from inpainting.schemas import InpaintBody, read_body
from inpainting.sequences.rules import ensure_sequence
from inpainting.service import Service
from inpainting.settings import Settings
from inpainting.videos.frame_routes import create_frame_routes
from inpainting.videos.frame_schemas import FramesBody, ProbeBody
from inpainting.videos.segment_routes import create_segment_routes
from inpainting.videos.segment_schemas import AssembleBody, SegmentBody

BODIES = (InpaintBody, ProbeBody, FramesBody, SegmentBody, AssembleBody)


def create_app(settings: Settings) -> FastAPI:
    """The application. Its `state.service` is what the routes work with."""
    service = Service(settings, create_registry(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Not awaited: /health answers STARTING meanwhile.
        setting_up = asyncio.create_task(service.set_up())
        yield
        setting_up.cancel()
        await service.close()

    app = FastAPI(
        title="P.A. Inpainting: inference",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.service = service
    app.add_exception_handler(RequestError, _render_request_error)
    app.add_exception_handler(HTTPException, _render_http_exception)
    app.add_exception_handler(Exception, _render_unexpected)

    async def require_token(request: Request) -> None:
        ensure_authorized(request.headers.get("Authorization"), settings.secrets)

    authorized = [Depends(require_token)]

    @app.get("/health", **describe_route("Whether the service works, and what does not."))
    async def get_health() -> Response:
        status, body = service.describe_health()
        return JSONResponse(body, status)

    @app.get("/v1/models", dependencies=authorized, **describe_route("The models, and what each takes."))
    async def get_models() -> Response:
        return JSONResponse(service.registry.describe())

    @app.get("/openapi.json", dependencies=authorized, include_in_schema=False)
    async def get_openapi() -> Response:
        return JSONResponse(write_openapi(app, BODIES))

    @app.get("/metrics", dependencies=authorized, **describe_route("Counters and histograms for Prometheus."))
    async def get_metrics() -> Response:
        return PlainTextResponse(service.render_metrics(), media_type="text/plain; version=0.0.4")

    app.include_router(create_frame_routes(service), dependencies=authorized)

    @app.post(
        "/v1/inpaint",
        dependencies=authorized,
        **describe_route("Removes what masks mark from pictures.", body=InpaintBody, lines=True),
    )
    async def post_inpaint(request: Request) -> Response:
        body = read_body(InpaintBody, await read_bytes(request, settings.request_bytes_max))
        ensure_sequence(body)
        model = service.registry.choose(body.model)
        parameters = read_parameters(model, body.parameters)
        service.admit(len(body.items))
        return LineStream(lambda emit: service.run_items(body, model, parameters, emit))

    app.include_router(create_segment_routes(service), dependencies=authorized)

    return app


def _render_error(error: RequestError) -> Response:
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.code is Code.AUTH_INVALID:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": {"code": error.code, "message": error.message, **error.details}}
    return JSONResponse(body, error.status, headers)


async def _render_request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101 - registered for this type
    request.app.state.service.metrics.count_refusal(error.code)
    return _render_error(error)


async def _render_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    if error.status_code == STATUS_BY_CODE[Code.METHOD_NOT_ALLOWED]:
        message = f"{request.url.path} does not take {request.method}."
        return _render_error(RequestError(Code.METHOD_NOT_ALLOWED, message))
    return _render_error(RequestError(Code.ROUTE_NOT_FOUND, f"There is nothing at {request.url.path}."))


async def _render_unexpected(_: Request, __: Exception) -> Response:
    return _render_error(RequestError(Code.SERVICE_FAILED, "The service failed on this request. Send it again."))
