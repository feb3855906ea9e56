"""The closed list of error codes, and the errors that carry them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Every code an answer can carry. A code is stable; a message may change."""

    AUTH_INVALID = "auth.invalid"
    REQUEST_INVALID = "request.invalid"
    REQUEST_TOO_LARGE = "request.too_large"
    ROUTE_NOT_FOUND = "route.not_found"
    METHOD_NOT_ALLOWED = "method.not_allowed"
    MODEL_UNKNOWN = "model.unknown"
    MODEL_PARAMETERS_INVALID = "model.parameters_invalid"
    SERVICE_BUSY = "service.busy"
    SERVICE_NOT_READY = "service.not_ready"
    SERVICE_STOPPING = "service.stopping"
    SERVICE_FAILED = "service.failed"

    ORIGIN_REFUSED = "origin.refused"
    MEDIA_FETCH_FAILED = "media.fetch_failed"
    MEDIA_TOO_LARGE = "media.too_large"
    MEDIA_UNDECODABLE = "media.undecodable"
    MEDIA_SIZE_MISMATCH = "media.size_mismatch"
    MASK_NOT_BINARY = "mask.not_binary"
    MASK_COVERS_EVERYTHING = "mask.covers_everything"
    MODEL_FAILED = "model.failed"
    RESULT_UNENCODABLE = "result.unencodable"
    RESULT_STORE_FAILED = "result.store_failed"
    ITEM_TIMEOUT = "item.timeout"
    ITEM_CRASHED = "item.crashed"
    ITEM_OUT_OF_MEMORY = "item.out_of_memory"

    VIDEO_UNDECODABLE = "video.undecodable"
    VIDEO_NO_VIDEO_STREAM = "video.no_video_stream"
    VIDEO_NO_FRAMES = "video.no_frames"
    VIDEO_TOO_MANY_PIXELS = "video.too_many_pixels"
    VIDEO_TOO_MANY_FRAMES = "video.too_many_frames"
    VIDEO_FPS_TOO_HIGH = "video.fps_too_high"
    FRAME_UNDECODABLE = "frame.undecodable"
    SEGMENT_SIZE_MISMATCH = "segment.size_mismatch"
    SEGMENT_UNREADABLE = "segment.unreadable"
    SEGMENT_OUT_OF_ORDER = "segment.out_of_order"


# Codes that end a whole request, with their HTTP status.
STATUS_BY_CODE: dict[Code, int] = {
    Code.AUTH_INVALID: 401,
    Code.REQUEST_INVALID: 400,
    Code.REQUEST_TOO_LARGE: 413,
    Code.ROUTE_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.MODEL_UNKNOWN: 400,
    Code.MODEL_PARAMETERS_INVALID: 400,
    Code.SERVICE_BUSY: 503,
    Code.SERVICE_NOT_READY: 503,
    Code.SERVICE_STOPPING: 503,
    Code.SERVICE_FAILED: 500,
}


class RequestError(Exception):
    """Ends a request before any of its items has started.

    `details` are further fields of the answer's `error` object. `status` is asked for where a code ends requests
    as well as items, and so has none of its own.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        retry_after_seconds: int | None = None,
        status: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS_BY_CODE[code] if status is None else status
        self.retry_after_seconds = retry_after_seconds
        self.details = details


class ItemError(Exception):
    """Ends one item; the others of the request go on.

    `retryable` says whether the same item may succeed when it is sent again unchanged; `details` are further fields.
    """

    def __init__(self, code: Code, message: str, *, retryable: bool = False, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.details = details

    def describe(self) -> dict[str, Any]:
        """The `error` of a line; without `details`, which only a whole request's answer has."""
        return {"code": self.code, "message": self.message, "retryable": self.retryable}

    def as_request_error(self) -> RequestError:
        """The same for a request that has nothing but this item."""
        if self.retryable:
            return RequestError(self.code, self.message, status=503, retry_after_seconds=2, **self.details)
        status = 400 if self.code is Code.ORIGIN_REFUSED else 422
        return RequestError(self.code, self.message, status=status, **self.details)
