"""What a process does first: it ends with the service, has a bound on its memory, and is the first to go."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# malloc.h. Arrays of up to this size come from memory that is kept, of which so much is kept at most.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_ARRAY_BYTES, _KEPT_BYTES = 8 * 1024 * 1024, 48 * 1024 * 1024
_OOM_SCORE = "500"


def confine(*, bytes_max: int | None = None, nice: int = 0) -> None:
    """Confines the process that calls it.

    `bytes_max` is how much memory it may take beyond what it has now; more fails as if the machine had none left.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Writing gigabytes of a crashed process to a disk helps nobody.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if nice:
        os.nice(nice)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _let_go_of_service()
        # Where the machine's memory runs out, an item is lost and not the service.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    keep_memory()
    if bytes_max is not None:
        bound_memory(bytes_max)


def keep_memory() -> None:
    """Lets this process keep what the arrays of a picture took for those of the next, where the C library can (glibc).

    Otherwise each array is given back and asked for anew, page by page: a tenth of the time of a small picture.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT_ARRAY_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _let_go_of_service() -> None:
    """Closes what this process inherits of the sign that the service lives.

    The process that forks ends when nobody holds that sign any more, and what it has forked ends with it, whatever it
    computes. multiprocessing gives it to each process, for those that fork on.
    """
    held = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_alive_fd", None)
    if held is not None:
        with suppress(OSError):
            os.close(held)


def bound_memory(bytes_max: int) -> None:
    """Bounds what this process may take beyond what it has now, where the system tells and enforces it (Linux)."""
    taken = read_data_bytes()
    if taken is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (taken + bytes_max, hard))


def unbound_memory() -> None:
    """Lifts the bound: what a model needs once is no item's."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def read_data_bytes() -> int | None:
    """Memory that this process has asked for as its own, as RLIMIT_DATA counts it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), None)
