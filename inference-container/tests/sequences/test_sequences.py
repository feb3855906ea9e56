"""What frames of a video that are sent as one sequence come back as."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from conftest import Bench, RunningService
from footage import Clip, encode
from media_server import MediaServer

from inpainting.sequences.memory import measure_window

COUNT = 60


@pytest.fixture(scope="module")
def clip(service: RunningService, media: MediaServer) -> Clip:
    """A clip whose frames have been filled as one task, into the run `whole`."""
    clip = Clip(Bench(service, media), COUNT)
    lines = clip.send(list(range(COUNT)), run="whole")
    assert [line["isTemporal"] for line in lines] == [True] * COUNT
    return clip


def test_every_pixel_outside_the_hole_stays(clip: Clip) -> None:
    for index in range(COUNT):
        kept = clip.mask == 0
        assert np.array_equal(clip.result(index, "whole")[kept], clip.shown[index][kept])


def test_frames_that_are_near_are_filled_better_than_each_by_itself(clip: Clip) -> None:
    lines = clip.send(list(range(12, 36)), run="alone", spacing=0.25)
    assert {line["isTemporal"] for line in lines} == {False}
    indices = range(12, 36)
    assert clip.psnr(indices, "whole") > clip.psnr(indices, "alone") + 6


def test_the_bytes_are_the_same_however_the_video_is_cut_into_tasks(clip: Clip) -> None:
    indices = range(24, 48)
    clip.send(list(indices), run="cut")
    assert [clip.bytes_of(i, "cut") for i in indices] == [clip.bytes_of(i, "whole") for i in indices]


def test_the_bytes_are_the_same_where_some_frames_had_ended_before(clip: Clip) -> None:
    left = [3, 4, 20, 47, 59]
    lines = clip.send(left, run="again")
    assert [line["isTemporal"] for line in lines] == [True] * len(left)
    assert all(clip.bytes_of(index, "again") == clip.bytes_of(index, "whole") for index in left)


def test_a_line_tells_of_a_frame_what_it_tells_of_a_picture(clip: Clip) -> None:
    line = clip.send([0], run="told", output={"format": "webp", "quality": 80})[0]
    data = clip.bytes_of(0, "told")
    assert data[:4] == b"RIFF"
    assert (line["sizeBytes"], line["contentType"]) == (len(data), "image/webp")
    assert (line["width"], line["height"], line["model"]) == (320, 180, "telea")
    assert set(line["timings"]) == {"fetchMs", "decodeMs", "inpaintMs", "encodeMs", "storeMs"}
    assert line["energy"]["joules"] > 0
    assert 0.02 < line["holeShare"] < 0.03


@pytest.mark.parametrize("kind", ["missing", "no picture", "another size", "grey mask"])
def test_a_frame_around_that_cannot_be_used_fails_no_other(clip: Clip, media: MediaServer, kind: str) -> None:
    body = clip.body([24, 25], run="beside")
    spoilt = next(frame for frame in body["sequence"]["around"] if frame["index"] == 50)
    if kind == "missing":
        spoilt["imageUrl"] = media.url("objects/nowhere")
    elif kind == "no picture":
        spoilt["imageUrl"] = media.put(f"{clip.key}-text", b"no picture")
    elif kind == "another size":
        spoilt["imageUrl"] = media.put(f"{clip.key}-small", encode(clip.shown[50][::2, ::2]))
        spoilt["maskUrl"] = media.put(f"{clip.key}-small-mask", encode(clip.mask[::2, ::2]))
    else:
        spoilt["maskUrl"] = media.put(f"{clip.key}-grey", encode(np.full_like(clip.mask, 100)))
    *lines, end = clip.ask(body)
    assert end["succeeded"] == 2
    assert [line["isTemporal"] for line in lines] == [False, False]


def test_frames_wait_for_a_store_that_fails_for_a_while(clip: Clip, media: MediaServer) -> None:
    body = clip.body([24, 25], run="later")
    next(frame for frame in body["sequence"]["around"] if frame["index"] == 50)["imageUrl"] = media.url("fail/503")
    *lines, end = clip.ask(body)
    assert end["failed"] == 2
    assert {(line["error"]["code"], line["error"]["retryable"]) for line in lines} == {("media.fetch_failed", True)}
    assert "Frame 50" in lines[0]["error"]["message"]


def test_an_item_that_cannot_be_read_fails_alone(clip: Clip, media: MediaServer) -> None:
    body = clip.body([0, 1, 2], run="broken")
    body["items"][1]["imageUrl"] = media.put(f"{clip.key}-broken", b"no picture")
    lines = {line.get("id"): line for line in clip.ask(body)}
    assert lines["frame-1"]["error"]["code"] == "media.undecodable"
    assert [lines[id_]["status"] for id_ in ("frame-0", "frame-2")] == ["succeeded"] * 2


def test_a_frame_that_is_all_hole_fails_and_the_others_are_filled_from_each_other(
    clip: Clip, media: MediaServer
) -> None:
    body = clip.body([0, 1, 2], run="covered")
    body["items"][1]["maskUrl"] = media.put(f"{clip.key}-white", encode(np.full_like(clip.mask, 255)))
    lines = {line.get("id"): line for line in clip.ask(body)}
    assert lines["frame-1"]["error"]["code"] == "mask.covers_everything"
    assert [lines[id_]["isTemporal"] for id_ in ("frame-0", "frame-2")] == [True] * 2


def test_a_result_that_cannot_be_stored_fails_its_item(clip: Clip, media: MediaServer) -> None:
    body = clip.body([0, 1], run="unstored")
    body["items"][1]["resultUrl"] = media.url("fail/503")
    lines = {line.get("id"): line for line in clip.ask(body)}
    assert lines["frame-0"]["status"] == "succeeded"
    assert lines["frame-1"]["error"]["code"] == "result.store_failed"


def test_depth_and_alpha_are_kept(service: RunningService, media: MediaServer) -> None:
    clip = Clip(Bench(service, media), 4)
    alpha = np.full(clip.mask.shape, 200 * 257, np.uint16)
    deep = [np.dstack([frame.astype(np.uint16) * 257 + 3, alpha]) for frame in clip.shown]
    for index, frame in enumerate(deep):
        media.put(f"{clip.key}-{index}", encode(frame))
    assert {line["isTemporal"] for line in clip.send([0, 1, 2, 3])} == {True}
    result = clip.result(1)
    kept = clip.mask == 0
    assert result.dtype == np.uint16
    assert np.array_equal(result[kept], deep[1][kept])
    assert (result[..., 3] == 200 * 257).all()
    assert (result[~kept][:, :3] % 257 == 0).all()


def test_a_model_and_its_parameters_fill_what_no_frame_shows(service: RunningService, media: MediaServer) -> None:
    clip = Clip(Bench(service, media), 3, step=0)
    for run, radius in (("a", 1), ("b", 1), ("c", 20)):
        clip.send([0, 1, 2], run=run, parameters={"radius": radius})
    assert clip.bytes_of(1, "a") == clip.bytes_of(1, "b")
    assert clip.bytes_of(1, "a") != clip.bytes_of(1, "c")


@pytest.mark.parametrize(("missing_bytes", "is_temporal"), [(0, True), (1, False)])
def test_frames_take_no_more_memory_than_is_told_and_are_filled_one_by_one_where_less_is_allowed(
    start: Any, media: MediaServer, missing_bytes: int, is_temporal: bool
) -> None:
    count, size = 26, (1280, 720)
    bound = str(measure_window(size, count) - missing_bytes)
    service = start(INFERENCE_ITEM_BYTES_MAX=bound, INFERENCE_THREADS="1", INFERENCE_DEFAULT_MODEL="telea")
    clip = Clip(Bench(service, media), count, width=size[0], height=size[1])
    lines = clip.send([0, 23, 24])
    assert [line["isTemporal"] for line in lines] == [is_temporal] * 3


def test_files_that_take_more_memory_than_there_is_are_filled_one_by_one(start: Any, media: MediaServer) -> None:
    count, size = 12, (1280, 720)
    bound = str(measure_window(size, count) + 2**20)
    service = start(INFERENCE_ITEM_BYTES_MAX=bound, INFERENCE_THREADS="1", INFERENCE_DEFAULT_MODEL="telea")
    clip = Clip(Bench(service, media), count, width=size[0], height=size[1])
    assert clip.send([0], run="small")[0]["isTemporal"] is True
    noise = np.random.default_rng(3).integers(0, 2**16, (*size[::-1], 4), np.uint16)
    for index in range(count):
        media.put(f"{clip.key}-{index}", encode(noise))
    assert clip.send([0], run="large")[0]["isTemporal"] is False


def test_a_client_that_goes_away_ends_the_work(clip: Clip) -> None:
    service = clip.bench.service
    with service.http.stream("POST", "/v1/inpaint", json=clip.body(list(range(COUNT)), run="gone")) as response:
        next(response.iter_lines())
        assert "inpainting_sequences_in_hand 1" in service.http.get("/metrics").text
    deadline = time.monotonic() + 5
    while service.http.get("/health").json()["queuedItems"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "inpainting_sequences_in_hand 0" in service.http.get("/metrics").text
