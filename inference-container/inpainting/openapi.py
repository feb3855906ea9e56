"""The document that describes this service's HTTP contract, from the models that requests are read with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from inpainting.errors import STATUS_BY_CODE, Code
from inpainting.schemas import Body

_REFERENCE = "#/components/schemas/{model}"
_LINES = "application/x-ndjson"


def describe_route(summary: str, *, body: type[Body] | None = None, lines: bool = False) -> dict[str, Any]:
    """What a route says of itself beside its path: arguments of the router's decorators."""
    extra: dict[str, Any] = {}
    if body is not None:
        schema = {"$ref": _REFERENCE.format(model=body.__name__)}
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    kind = _LINES if lines else "application/json"
    answer = "One JSON object a line, as each ends, and an end line." if lines else "The answer."
    schema = {"type": "string"} if lines else {"type": "object"}
    return {
        "summary": summary,
        "openapi_extra": extra,
        "responses": {200: {"description": answer, "content": {kind: {"schema": schema}}}},
    }


class ErrorBody(BaseModel):
    """What was wrong with a whole request, with the value and the limit, and what to do."""

    code: Code
    message: str


class ErrorAnswer(BaseModel):
    """The answer to a request that was refused; some codes have further fields, which the README names."""

    error: ErrorBody


def write_openapi(app: FastAPI, bodies: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """The document: every route but `/health` asks for a token and may answer with an error."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    models: list[type[BaseModel]] = [*bodies, ErrorAnswer]
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
    components = document.setdefault("components", {})
    components["schemas"] = definitions["$defs"]
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    refusal = {"schema": {"$ref": _REFERENCE.format(model=ErrorAnswer.__name__)}}
    codes_by_status: dict[int, list[str]] = {}
    for code, status in STATUS_BY_CODE.items():
        codes_by_status.setdefault(status, []).append(code)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if path == "/health":
                continue
            operation["security"] = [{"token": []}]
            for status, codes in sorted(codes_by_status.items()):
                operation["responses"][str(status)] = {
                    "description": ", ".join(codes),
                    "content": {"application/json": refusal},
                }
    return document
