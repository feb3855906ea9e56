"""Processes of the service's own: what reads hostile bytes or computes runs in one that may die."""
