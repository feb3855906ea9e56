"""Contact sheets: what numbers do not tell is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from inpainting.bench.damages import Case, DamageClass
from inpainting.bench.quality import ClassResult
from inpainting.models import Pixels

_SIDE, _GAP, _HEAD = 256, 4, 22
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


def write_sheets(folder: Path, classes: Sequence[DamageClass], results: Sequence[ClassResult]) -> list[Path]:
    """A PNG for each class: a row for each case, columns of the truth, what was masked and each model's filling."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for damage in classes:
        columns = [result for result in results if result.damage == damage.name]
        names = ["truth", "masked", *(column.model for column in columns)]
        width = len(names) * (_SIDE + _GAP) - _GAP
        head = np.full((_HEAD, width, 3), _PAPER, np.uint8)
        for index, name in enumerate(names):
            place = (index * (_SIDE + _GAP) + 4, _HEAD - 7)
            cv2.putText(head, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
        rows = [head]
        for number, case in enumerate(damage.cases):
            pictures = [case.truth, case.damaged, *(column.filled[number] for column in columns)]
            rows.append(_lay_out_row(case, pictures, width))
        path = folder / f"{damage.name}.png"
        path.write_bytes(cv2.imencode(".png", np.vstack(rows))[1].tobytes())
        paths.append(path)
    return paths


def _lay_out_row(case: Case, pictures: Sequence[Pixels], width: int) -> Pixels:
    """The same square of each picture, around the middle of the hole."""
    rows, columns = np.nonzero(case.hole)
    top = _choose_start(int(np.median(rows)), case.hole.shape[0])
    left = _choose_start(int(np.median(columns)), case.hole.shape[1])
    row = np.full((_SIDE + _GAP, width, 3), _PAPER, np.uint8)
    for index, picture in enumerate(pictures):
        part = picture[top : top + _SIDE, left : left + _SIDE]
        x = index * (_SIDE + _GAP)
        row[: part.shape[0], x : x + part.shape[1]] = part
    return row


def _choose_start(middle: int, size: int) -> int:
    return max(0, min(middle - _SIDE // 2, size - _SIDE))
