"""What the bench's clips are once they went through the service's encoder."""

from __future__ import annotations

import cv2
import numpy as np

from inpainting.bench.clips import make_clips
from inpainting.bench.compression import compress


def test_a_compressed_clip_has_its_frames_in_their_order_with_noise_of_the_encoder() -> None:
    scene = cv2.resize(np.random.default_rng(4).integers(0, 256, (24, 40, 3), np.uint8), (800, 480))
    clip = make_clips([scene], frames=5)[0]
    compressed = compress(clip)
    assert compressed.truth is clip.truth
    assert len(compressed.shown) == len(clip.shown)
    for index, frame in enumerate(compressed.shown):
        differences = [float(np.abs(frame.astype(float) - other).mean()) for other in clip.shown]
        assert int(np.argmin(differences)) == index
        assert 0.2 < differences[index] < 6
