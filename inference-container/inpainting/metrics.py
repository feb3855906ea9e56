"""Counters and histograms, written in the Prometheus text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from inpainting.errors import Code

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300, 700)


class Histogram:
    """Seconds, by how many took no longer than each of some bounds."""

    def __init__(self) -> None:
        self._counts = [0] * len(_BUCKETS)
        self._count = 0
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._count += 1
        self._sum += seconds
        for index, bound in enumerate(_BUCKETS):
            if seconds <= bound:
                self._counts[index] += 1

    def lines(self, name: str, label: str) -> list[str]:
        """The samples, with the label (`stage="decode"`) in each."""
        bounds = [f'{name}_bucket{{{label},le="{b}"}} {c}' for b, c in zip(_BUCKETS, self._counts, strict=True)]
        total = [f'{name}_bucket{{{label},le="+Inf"}} {self._count}']
        return bounds + total + [f"{name}_sum{{{label}}} {self._sum:.6f}", f"{name}_count{{{label}}} {self._count}"]


class Metrics:
    """What happened since the start. Only the event loop writes here."""

    def __init__(self) -> None:
        self._items: Counter[tuple[str, ...]] = Counter()
        self._refused: Counter[tuple[str, ...]] = Counter()
        self._replaced: Counter[tuple[str, ...]] = Counter()
        self._loads: Counter[tuple[str, ...]] = Counter()
        self._stages: dict[str, Histogram] = {}
        self._load_seconds: dict[str, Histogram] = {}
        self._joules: Counter[tuple[str, ...]] = Counter()

    def count_item(self, status: str, code: Code | None, milliseconds: Mapping[str, float]) -> None:
        """Counts an item that ended, with the time it took by stage."""
        self._items[status, code or ""] += 1
        for stage, value in milliseconds.items():
            self._stages.setdefault(stage.removesuffix("Ms"), Histogram()).add(value / 1000)

    def count_energy(self, joules: float, method: str) -> None:
        """Counts energy, of items that failed too."""
        self._joules[method,] += joules  # type: ignore[assignment]

    def count_refusal(self, code: Code) -> None:
        """Counts a request that was refused as a whole."""
        self._refused[code,] += 1

    def count_replaced(self, pool: str, why: str) -> None:
        """Counts a process that ended before it was told to."""
        self._replaced[pool, why] += 1

    def count_load(self, model: str, seconds: float, *, is_loaded: bool) -> None:
        """Counts a model that was loaded into a process, or could not be."""
        self._loads[model, "loaded" if is_loaded else "failed"] += 1
        self._load_seconds.setdefault(model, Histogram()).add(seconds)

    def render(self, gauges: Iterable[tuple[str, str, float]]) -> str:
        """All metrics as text, those of the moment (name, help, value) first."""
        lines = []
        for name, meaning, value in gauges:
            lines += [*_head(name, "gauge", meaning), f"{name} {value:g}"]
        for name, meaning, labels, counter in (
            ("inpainting_items_total", "Items that ended, by outcome and code.", ("status", "code"), self._items),
            (
                "inpainting_requests_refused_total",
                "Requests refused as a whole, by error code.",
                ("code",),
                self._refused,
            ),
            (
                "inpainting_processes_replaced_total",
                "Processes that ended before they were told to.",
                ("pool", "why"),
                self._replaced,
            ),
            ("inpainting_model_loads_total", "Models loaded into a process.", ("model", "outcome"), self._loads),
            ("inpainting_energy_joules_total", "Energy, by how it was found.", ("method",), self._joules),
        ):
            lines += _head(name, "counter", meaning)
            for values, count in sorted(counter.items()):
                told = ",".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
                lines.append(f"{name}{{{told}}} {count:g}" if isinstance(count, float) else f"{name}{{{told}}} {count}")
        lines += _head("inpainting_stage_seconds", "histogram", "Seconds that items took, by stage.")
        for stage, histogram in sorted(self._stages.items()):
            lines += histogram.lines("inpainting_stage_seconds", f'stage="{stage}"')
        lines += _head("inpainting_model_load_seconds", "histogram", "Seconds that loading a model took.")
        for model, histogram in sorted(self._load_seconds.items()):
            lines += histogram.lines("inpainting_model_load_seconds", f'model="{model}"')
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
