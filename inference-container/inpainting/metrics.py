"""Counters, written in the Prometheus text format."""

from __future__ import annotations

from collections import Counter

from inpainting.errors import Code


class Metrics:
    """What happened since the start. Only the event loop writes here."""

    def __init__(self) -> None:
        self._items: Counter[tuple[str, str]] = Counter()
        self._stage_seconds: Counter[str] = Counter()
        self._stage_count: Counter[str] = Counter()
        self._joules = 0.0
        self._refused: Counter[str] = Counter()

    def count_item(self, status: str, code: Code | None, milliseconds: dict[str, float], joules: float) -> None:
        """Counts an item that ended, with the time it took by stage."""
        self._items[status, code or ""] += 1
        self._joules += joules
        for stage, value in milliseconds.items():
            name = stage.removesuffix("Ms")
            self._stage_seconds[name] += value / 1000  # type: ignore[assignment]
            self._stage_count[name] += 1

    def count_energy(self, joules: float) -> None:
        """Counts energy that belongs to no single item."""
        self._joules += joules

    def count_refusal(self, code: Code) -> None:
        """Counts a request that was refused as a whole."""
        self._refused[code] += 1

    def render(self, *, queued_items: int, threads: int) -> str:
        """All metrics as text."""
        lines = [
            "# HELP inpainting_queued_items Items accepted and not ended.",
            "# TYPE inpainting_queued_items gauge",
            f"inpainting_queued_items {queued_items}",
            "# HELP inpainting_threads Threads that work on items.",
            "# TYPE inpainting_threads gauge",
            f"inpainting_threads {threads}",
            "# HELP inpainting_items_total Items that ended, by outcome and error code.",
            "# TYPE inpainting_items_total counter",
        ]
        for (status, code), count in sorted(self._items.items()):
            lines.append(f'inpainting_items_total{{status="{status}",code="{code}"}} {count}')
        lines += [
            "# HELP inpainting_requests_refused_total Requests refused as a whole, by error code.",
            "# TYPE inpainting_requests_refused_total counter",
        ]
        for refusal, count in sorted(self._refused.items()):
            lines.append(f'inpainting_requests_refused_total{{code="{refusal}"}} {count}')
        lines += [
            "# HELP inpainting_stage_seconds Seconds spent on items, by stage.",
            "# TYPE inpainting_stage_seconds summary",
        ]
        for stage, seconds in sorted(self._stage_seconds.items()):
            lines.append(f'inpainting_stage_seconds_sum{{stage="{stage}"}} {seconds:.6f}')
            lines.append(f'inpainting_stage_seconds_count{{stage="{stage}"}} {self._stage_count[stage]}')
        lines += [
            "# HELP inpainting_energy_joules_total Energy of items, estimated from processor time.",
            "# TYPE inpainting_energy_joules_total counter",
            f"inpainting_energy_joules_total {self._joules:.3f}",
        ]
        return "\n".join(lines) + "\n"
