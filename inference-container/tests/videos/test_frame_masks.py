"""Masks of frames: the one on display, scaled, black and white, and told where it cannot be used."""

from __future__ import annotations

import hashlib
from typing import Any

import cv2
import numpy as np
import pytest
from clips import H, W, make_clip, paint_mask
from conftest import RunningService
from media_server import MediaServer
from pictures import encode, exif_with_orientation
from video_bench import VideoBench


@pytest.fixture(scope="session")
def video_bench(service: RunningService, media: MediaServer) -> VideoBench:
    return VideoBench(service, media)


# Mask videos


def mask_of(bench: VideoBench, clip: bytes) -> dict[str, Any]:
    return {"kind": "video", "url": bench.put(clip)}


def test_each_frame_gets_the_mask_on_display_at_its_time(video_bench: VideoBench) -> None:
    mask = make_clip(10, painter=paint_mask, rate=5, container="matroska", options={"crf": "1"})
    body = video_bench.body(make_clip(40), [1024 * n for n in range(0, 40, 3)], mask=mask_of(video_bench, mask))
    *lines, _ = video_bench.send(body)
    for line in lines:
        # Two frames of the video to one of the mask, whose last one is held.
        number = min(line["index"] * 3 // 2, 9)
        stored = video_bench.stored(body, line["index"], "mask")
        assert stored is not None
        assert set(np.unique(stored)) == {0, 255}
        assert np.array_equal(stored, paint_mask(number)[..., 0])
        data = video_bench.media.objects[f"{body['taskId']}-{line['index']}-mask"]
        digest = {"sizeBytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert line["mask"] == {**digest, "holePixels": 16 * 32}


def test_a_mask_video_counts_from_its_own_first_frame(video_bench: VideoBench) -> None:
    mask = mask_of(video_bench, make_clip(20, painter=paint_mask, options={"crf": "1"}))
    body = video_bench.body(make_clip(20), [1024 * 12, 1024 * 14], first_pts=1024 * 10, mask=mask)
    video_bench.send(body)
    for index, number in ((0, 2), (1, 4)):
        stored = video_bench.stored(body, index, "mask")
        assert stored is not None
        assert np.array_equal(stored, paint_mask(number)[..., 0])


def test_a_mask_video_of_another_size_is_scaled(video_bench: VideoBench) -> None:
    large = cv2.resize(paint_mask(8), (256, 192), interpolation=cv2.INTER_NEAREST)
    mask = make_clip(2, painter=lambda *_: large, size=(256, 192))
    body = video_bench.body(make_clip(2), [0], mask=mask_of(video_bench, mask))
    video_bench.send(body)
    stored = video_bench.stored(body, 0, "mask")
    assert stored is not None
    assert (stored != paint_mask(8)[..., 0]).mean() < 0.01


def test_only_the_frames_whose_mask_cannot_be_used_fail(video_bench: VideoBench) -> None:
    def painter(number: int, width: int, height: int) -> np.ndarray:
        if number == 1:
            return np.full((height, width, 3), 128, np.uint8)
        return np.full((height, width, 3), 255, np.uint8) if number == 2 else paint_mask(number)

    clip = make_clip(4)
    body = video_bench.body(clip, [0, 1024, 2048, 3072], mask=mask_of(video_bench, make_clip(4, painter=painter)))
    *lines, end = video_bench.send(body)
    errors = {line["index"]: line["error"] for line in lines if line["status"] == "failed"}
    assert (end["succeeded"], end["failed"]) == (2, 2)
    assert errors[1]["code"] == "mask.not_binary"
    assert errors[1]["message"].startswith("Frame 2 of the mask (at 0.10 s): 100.0%")
    assert errors[2]["code"] == "mask.covers_everything"
    assert errors[2]["message"].startswith("Frame 3 of the mask (at 0.20 s): ")
    for index in (1, 2):
        assert video_bench.stored(body, index, "image") is None
        assert video_bench.stored(body, index, "mask") is None


def test_a_mask_that_is_no_video_fails_each_sample_and_is_named(video_bench: VideoBench) -> None:
    lines, _ = video_bench.sample(make_clip(2), [0, 1024], mask=mask_of(video_bench, b"text"))
    for line in lines:
        assert line["error"]["code"] == "video.undecodable"
        assert line["error"]["message"].startswith("The mask is not")


# Still masks


def still(bench: VideoBench, data: bytes, key: str) -> dict[str, Any]:
    return {"kind": "still", "url": bench.put(data), "resultUrl": bench.media.url(f"objects/{key}")}


def test_a_still_mask_is_scaled_once_and_told(video_bench: VideoBench) -> None:
    large = cv2.resize(paint_mask(20), (256, 192), interpolation=cv2.INTER_NEAREST)
    mask = still(video_bench, encode(large), "still-scaled")
    lines = video_bench.send(video_bench.body(make_clip(2), [0, 1024], mask=mask))
    told = next(line for line in lines if line["type"] == "mask")
    data = video_bench.media.objects["still-scaled"]
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored, paint_mask(20)[..., 0])
    assert told == {
        "type": "mask",
        "status": "succeeded",
        "width": W,
        "height": H,
        "holePixels": 16 * 32,
        "sizeBytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert lines[-1]["succeeded"] == 2


def test_a_still_mask_is_upright(video_bench: VideoBench) -> None:
    turned = np.ascontiguousarray(np.rot90(paint_mask(20), 1))
    mask = still(video_bench, encode(turned, exif=exif_with_orientation(6)), "still-turned")
    told, _ = video_bench.send(video_bench.body("http://127.0.0.1:9/never-read", [], mask=mask))
    assert told["holePixels"] == 16 * 32
    data = np.frombuffer(video_bench.media.objects["still-turned"], np.uint8)
    assert np.array_equal(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), paint_mask(20)[..., 0])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode(np.full((H, W), 128, np.uint8)), "mask.not_binary"),
        (encode(np.full((H, W), 255, np.uint8)), "mask.covers_everything"),
        (b"text", "media.undecodable"),
    ],
)
def test_a_still_mask_that_cannot_be_used_is_told_and_the_frames_go_on(
    video_bench: VideoBench, data: bytes, code: str
) -> None:
    mask = still(video_bench, data, f"still-{code}")
    lines = video_bench.send(video_bench.body(make_clip(2), [0], mask=mask))
    told = next(line for line in lines if line["type"] == "mask")
    assert (told["status"], told["error"]["code"], told["error"]["retryable"]) == ("failed", code, False)
    assert lines[-1]["succeeded"] == 1
    assert f"still-{code}" not in video_bench.media.objects
