"""The processes of a running service, as the system lists them."""

from __future__ import annotations

import time
from pathlib import Path

_STATE, _PARENT, _NICE = 0, 1, 16


def worker_ids(service_id: int, *, nice: int | None = None) -> list[int]:
    """The processes that work for a service (of that niceness): the children of its one child that forks them."""
    return [
        worker
        for child in children_of(service_id)
        for worker in children_of(child)
        if nice is None or read_fields(worker)[_NICE:][:1] == [str(nice)]
    ]


def children_of(process_id: int) -> list[int]:
    ids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [id_ for id_ in ids if is_running(id_) and read_fields(id_)[_PARENT:][:1] == [str(process_id)]]


def wait_until_gone(process_ids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(is_running(process_id) for process_id in process_ids):
            return True
        time.sleep(0.05)
    return False


def is_running(process_id: int) -> bool:
    return read_fields(process_id)[_STATE:][:1] not in ([], ["Z"])


def read_fields(process_id: int) -> list[str]:
    """The fields of its `stat` after its name; none once it is gone."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
