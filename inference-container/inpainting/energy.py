"""What work is taken to have cost in energy: measured where the machine tells, else estimated, and said which."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

ESTIMATE = "cpu-time-estimate"
RAPL = "rapl"

_POWERCAP = Path("/sys/class/powercap")
_STAT = Path("/proc/stat")
# A reading is an average over this long at least: the counters tick every millisecond, and processor time every ten.
_SPAN_SECONDS = 2.0
_WATTS_PER_CORE_MAX = 200.0


class EnergyMeter:
    """Joules for processor time.

    RAPL counts the energy of whole processor packages. What it counted over the last seconds, divided by the time that
    processors worked meanwhile (everybody's), is what a second of this service's work is charged with. Where it cannot
    be read, as on most shared hosts, a second of a core is charged with `watts_per_core`.
    """

    def __init__(self, watts_per_core: float, *, powercap: Path = _POWERCAP, stat: Path = _STAT) -> None:
        self._watts = watts_per_core
        self._stat = stat
        self._counters = _find_counters(powercap)
        self.method = ESTIMATE
        self._last: tuple[float, float, float] | None = None
        self._measure()

    def describe(self, cpu_seconds: float) -> dict[str, Any]:
        """The `energy` of a line."""
        self._measure()
        return {"joules": round(cpu_seconds * self._watts, 3), "method": self.method}

    def _measure(self) -> None:
        now = time.monotonic()
        if not self._counters or (self._last is not None and now - self._last[0] < _SPAN_SECONDS):
            return
        try:
            joules = sum(int(path.read_text()) for path in self._counters) / 1e6
            busy = _read_busy_seconds(self._stat)
        except (OSError, ValueError):
            self._counters = []
            return
        if self._last is not None:
            spent, worked = joules - self._last[1], busy - self._last[2]
            # The counters begin again at zero every few minutes, and a machine that rests tells nothing about work.
            if spent > 0 and worked > 0.1 and spent / worked <= _WATTS_PER_CORE_MAX:
                self._watts, self.method = spent / worked, RAPL
        self._last = (now, joules, busy)


def _find_counters(powercap: Path) -> list[Path]:
    """The counters of packages, not those of the parts that they include."""
    counters = [path / "energy_uj" for path in sorted(powercap.glob("intel-rapl:*")) if path.name.count(":") == 1]
    try:
        for counter in counters:
            int(counter.read_text())
    except (OSError, ValueError):
        return []
    return counters


def _read_busy_seconds(stat: Path) -> float:
    """Seconds that all cores have worked, from the first line of /proc/stat."""
    user, nice, system, _, _, irq, softirq, steal = (int(part) for part in stat.read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / 100
