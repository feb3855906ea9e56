"""Frames of a video that are sent as one sequence: filled from each other, window by window."""
