"""How a video is divided into windows, and whether its frames are near enough to each other to be used at all."""

from __future__ import annotations

from typing import NamedTuple

# A window gives this many frames. Callers cut a video into tasks at multiples of it.
WINDOW_FRAMES = 24
# How many frames further a window looks on both sides.
REACH_FRAMES = 24
# How far sources are looked for. What a frame shows is judged with its neighbours, which a window holds as well, so
# that an anchor comes out the same in both windows that it belongs to.
TRACE_FRAMES = REACH_FRAMES - 1
# Frames further apart than this show too different things for flow between them.
SPACING_SECONDS_MAX = 0.2


class Window(NamedTuple):
    """Frames `keep` are filled, looking at frames `look` (which hold `keep`); indices of the sampled video."""

    keep: range
    look: range


def plan_windows(frames: range, count: int) -> list[Window]:
    """The windows for a stretch of a video of `count` frames; a stretch begins at a multiple of WINDOW_FRAMES."""
    if frames.start % WINDOW_FRAMES:
        raise ValueError(f"a stretch begins at a multiple of {WINDOW_FRAMES}, not at frame {frames.start}")
    windows = []
    for start in range(frames.start, frames.stop, WINDOW_FRAMES):
        keep = range(start, min(start + WINDOW_FRAMES, frames.stop))
        look = range(max(0, start - REACH_FRAMES), min(count, start + WINDOW_FRAMES + REACH_FRAMES + 1))
        windows.append(Window(keep, look))
    return windows


def is_near_enough(spacing_seconds: float) -> bool:
    """Whether frames that far apart are worth following; otherwise each frame is filled on its own."""
    return spacing_seconds <= SPACING_SECONDS_MAX
