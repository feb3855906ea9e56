"""What each model makes of each class of damage: its scores, its time on one core, and the pictures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass

from inpainting.bench.damages import Case, DamageClass
from inpainting.bench.measures import Score, average, score
from inpainting.filling import fill_holes
from inpainting.models import Model, Pixels
from inpainting.pictures import Picture


@dataclass(frozen=True, kw_only=True)
class ClassResult:
    """A model's mean score over a class, its median milliseconds, and its fillings in the order of the cases."""

    damage: str
    model: str
    score: Score
    median_ms: float
    filled: list[Pixels]


def measure_models(classes: Iterable[DamageClass], models: Iterable[Model]) -> list[ClassResult]:
    """A result for each class and model, classes first."""
    models = list(models)
    results = []
    for damage in classes:
        for model in models:
            runs = [_fill(case, model) for case in damage.cases]
            scores = [
                score(pixels, case.truth, case.hole) for (pixels, _), case in zip(runs, damage.cases, strict=True)
            ]
            results.append(
                ClassResult(
                    damage=damage.name,
                    model=model.manifest.id,
                    score=average(scores),
                    median_ms=statistics.median(ms for _, ms in runs),
                    filled=[pixels for pixels, _ in runs],
                )
            )
    return results


def _fill(case: Case, model: Model) -> tuple[Pixels, float]:
    """The filling with the model's default parameters, and the milliseconds it took of this thread's processor time.

    Processor time, because other work on the machine would count otherwise.
    """
    picture = Picture(case.damaged.copy(), None, None)
    started = time.thread_time()
    fill_holes(picture, case.hole, model, model.parameters(), check=lambda: None)
    return picture.pixels, (time.thread_time() - started) * 1000
