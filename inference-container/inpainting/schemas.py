"""The bodies of requests, as the README writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from inpainting.errors import Code, RequestError
from inpainting.models.manifest import DEFAULT_ALIAS

ITEMS_MAX = 64
# Windows of 24 frames look 24 further: in larger sequences less is fetched twice.
SEQUENCE_ITEMS_MAX = 128
AROUND_MAX = 256
# The most frames of a video that indices count to; what is sent of it is bounded by the limits above.
FRAMES_MAX = 10_000_000

FrameIndex = Annotated[int, Field(ge=0, lt=FRAMES_MAX)]
Url = Annotated[str, Field(min_length=1, max_length=8192)]


class Body(BaseModel):
    """A JSON object of a request: camelCase, with no field but those that are known."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


B = TypeVar("B", bound=Body)


class ItemBody(Body):
    """One picture: where to read it and its mask, and where to write the result."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    image_url: Url
    mask_url: Url
    result_url: Url
    index: FrameIndex | None = None


class AroundBody(Body):
    """A frame that others are filled from, and that is not filled itself."""

    index: FrameIndex
    image_url: Url
    mask_url: Url


class SequenceBody(Body):
    """What a request's items are as frames of one video, and the frames around them."""

    first: FrameIndex
    count: Annotated[int, Field(ge=1, le=FRAMES_MAX)]
    spacing_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    around: Annotated[list[AroundBody], Field(max_length=AROUND_MAX)] = []


class OutputBody(Body):
    """How results are encoded; `source` is the format of each picture."""

    format: Literal["png", "jpeg", "webp", "source"] = "png"
    quality: Annotated[int, Field(ge=1, le=100)] = 92


class InpaintBody(Body):
    """`POST /v1/inpaint`."""

    task_id: UUID
    model: Annotated[str, Field(min_length=1, max_length=200)] = DEFAULT_ALIAS
    parameters: dict[str, Any] = {}
    output: OutputBody = OutputBody()
    items: Annotated[list[ItemBody], Field(min_length=1, max_length=SEQUENCE_ITEMS_MAX)]
    sequence: SequenceBody | None = None

    @field_validator("items")
    @classmethod
    def _ensure_distinct(cls, items: list[ItemBody]) -> list[ItemBody]:
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise ValueError(f"two items have the id '{item.id}'")
            seen.add(item.id)
        return items


def read_body(kind: type[B], data: bytes) -> B:
    """The request in a JSON body; raises RequestError(request.invalid) naming the field and its value."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if not place:
            raise RequestError(
                Code.REQUEST_INVALID, f"The body is not the JSON object that is needed: {first['msg']}."
            ) from None
        # A missing field's input is the object around it, a list's every item: neither belongs in a message.
        value = "" if isinstance(first["input"], dict | list) else f" is {str(first['input'])[:100]!r}"
        raise RequestError(Code.REQUEST_INVALID, f"The field {place}{value}: {first['msg']}.", field=place) from None
