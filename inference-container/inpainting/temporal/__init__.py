"""Videos filled from what other frames show: windows of frames that follow each other closely."""

from inpainting.temporal.filling import FillStill, fill_in_turn, fill_window
from inpainting.temporal.footage import PairStore
from inpainting.temporal.windows import REACH_FRAMES, WINDOW_FRAMES, Window, is_near_enough, plan_windows

__all__ = [
    "REACH_FRAMES",
    "WINDOW_FRAMES",
    "FillStill",
    "PairStore",
    "Window",
    "fill_in_turn",
    "fill_window",
    "is_near_enough",
    "plan_windows",
]
