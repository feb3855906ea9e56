"""Measures how well and how fast holes are filled."""
