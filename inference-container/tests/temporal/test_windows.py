"""How a video is divided into windows."""

import pytest

from inpainting.temporal import REACH_FRAMES, WINDOW_FRAMES, is_near_enough, plan_windows


def test_a_stretch_is_divided_on_one_grid_however_a_video_is_cut() -> None:
    whole = plan_windows(range(100), 100)
    parts = plan_windows(range(48), 100) + plan_windows(range(48, 100), 100)
    assert whole == parts
    assert [index for window in whole for index in window.keep] == list(range(100))


def test_a_window_looks_a_bounded_number_of_frames_around_it() -> None:
    window = plan_windows(range(48, 72), 1000)[0]
    assert window.look == range(48 - REACH_FRAMES, 72 + REACH_FRAMES + 1)


def test_a_window_looks_past_neither_end_of_the_video() -> None:
    assert plan_windows(range(10), 10)[0].look == range(10)


def test_a_stretch_that_begins_between_windows_is_refused() -> None:
    with pytest.raises(ValueError, match=f"multiple of {WINDOW_FRAMES}, not at frame 5"):
        plan_windows(range(5, 10), 10)


def test_frames_a_second_apart_are_not_followed() -> None:
    assert is_near_enough(1 / 25)
    assert not is_near_enough(1.0)
