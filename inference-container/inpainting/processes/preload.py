"""What each process has from its first moment: imported once, in the process that they are forked from."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal

# A whole group of processes may be told to stop. The service decides what that means for its own, and the process that
# forks them must outlive what is in hand: processes end with it.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)

# When the service is gone there is nothing to tidy up, and libraries take long to.
atexit.register(os._exit, 0)

import cv2  # noqa: E402

import inpainting.media  # noqa: E402
import inpainting.processes.item_worker  # noqa: E402
import inpainting.sequences.sequence_worker  # noqa: E402
import inpainting.videos.video_worker  # noqa: E402, F401

# Found by name when weights are loaded, and a second that nobody else need wait for.
if any(name.startswith("INFERENCE_") and name.endswith("_WEIGHTS") for name in os.environ):
    importlib.import_module("onnxruntime")
# Threads do not survive a fork: none may be started here.
cv2.setNumThreads(1)
# What is imported stays: no process need look through it for garbage, nor take a copy of it by looking.
gc.collect()
gc.freeze()
