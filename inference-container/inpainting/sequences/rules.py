"""What a sequence must hold, and which of its frames are filled together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from inpainting.errors import Code, RequestError
from inpainting.schemas import ITEMS_MAX, InpaintBody, SequenceBody
from inpainting.temporal.windows import WINDOW_FRAMES, is_near_enough, plan_windows


class Stretch(NamedTuple):
    """Frames `keep` of one window that are asked for, and those that it looks at; indices of the sampled video."""

    keep: tuple[int, ...]
    look: range


def plan_stretches(indices: Sequence[int], count: int) -> list[Stretch]:
    """The windows that ascending indices of a video of `count` frames belong to, on their fixed grid."""
    kept: dict[int, list[int]] = {}
    for index in indices:
        kept.setdefault(index - index % WINDOW_FRAMES, []).append(index)
    return [Stretch(tuple(keep), plan_windows(range(start, start + 1), count)[0].look) for start, keep in kept.items()]


def ensure_sequence(body: InpaintBody) -> None:
    """Raises RequestError(request.invalid) where items and sequence do not belong together, or a frame is missing."""
    if body.sequence is None:
        _ensure_single(body)
        return
    indices = [item.index for item in body.items]
    _ensure_indices(indices, body.sequence)
    around = [frame.index for frame in body.sequence.around]
    _ensure_around(around, [index for index in indices if index is not None], body.sequence.count)
    if is_near_enough(body.sequence.spacing_seconds):
        _ensure_complete([index for index in indices if index is not None], around, body.sequence.count)


def _ensure_single(body: InpaintBody) -> None:
    if len(body.items) > ITEMS_MAX:
        raise _refuse(
            f"The field items has {len(body.items)} items; without a sequence at most {ITEMS_MAX} are taken. Send "
            "fewer at a time.",
            "items",
        )
    for place, item in enumerate(body.items):
        if item.index is not None:
            raise _refuse(
                f"The field items.{place}.index is {item.index}, but there is no sequence that it belongs to. Send "
                "sequence, or leave index out.",
                f"items.{place}.index",
            )


def _ensure_indices(indices: Sequence[int | None], sequence: SequenceBody) -> None:
    before = sequence.first - 1
    for place, index in enumerate(indices):
        field = f"items.{place}.index"
        if index is None:
            raise _refuse(f"The field {field} is missing: each item of a sequence has one.", field)
        if index >= sequence.count:
            raise _refuse(f"The field {field} is {index}, but the video has {sequence.count} frames.", field)
        if place == 0 and index != sequence.first:
            raise _refuse(
                f"The field sequence.first is {sequence.first}, but the first item has index {index}.", "sequence.first"
            )
        if index <= before:
            raise _refuse(f"The field {field} is {index}, after {before}: indices ascend without repeating.", field)
        before = index


def _ensure_around(around: Sequence[int], indices: Collection[int], count: int) -> None:
    seen = set(indices)
    for place, index in enumerate(around):
        field = f"sequence.around.{place}.index"
        if index >= count:
            raise _refuse(f"The field {field} is {index}, but the video has {count} frames.", field)
        if index in seen:
            raise _refuse(f"The field {field} is {index}, a frame that is sent already. Send each frame once.", field)
        seen.add(index)


def _ensure_complete(indices: Sequence[int], around: Sequence[int], count: int) -> None:
    sent = {*indices, *around}
    for stretch in plan_stretches(indices, count):
        missing = next((index for index in stretch.look if index not in sent), None)
        if missing is not None:
            raise _refuse(
                f"Frame {missing} is missing: frames {stretch.keep[0]} to {stretch.keep[-1]} are filled from frames "
                f"{stretch.look.start} to {stretch.look.stop - 1}. Send it in sequence.around.",
                "sequence.around",
            )


def _refuse(message: str, field: str) -> RequestError:
    return RequestError(Code.REQUEST_INVALID, message, field=field)
