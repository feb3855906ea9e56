"""Videos filled from what other frames show."""
