"""Videos: probed, taken apart into frames, and put together again."""
