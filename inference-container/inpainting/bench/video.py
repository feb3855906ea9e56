"""`python -m inpainting bench video`: frames filled from each other against frames filled one by one, in one run."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from inpainting.bench.clips import CLIP_FRAMES, Clip, ClipScore, make_clips, score
from inpainting.bench.compression import compress
from inpainting.bench.damages import SEED
from inpainting.bench.photographs import PhotographsMissing, load_photograph
from inpainting.bench.tables import format_table
from inpainting.filling import fill_holes
from inpainting.models import Model, Pixels
from inpainting.models.opencv import TELEA
from inpainting.models.patchmatch import PatchMatch
from inpainting.pictures import Picture
from inpainting.temporal import PairStore, fill_window, plan_windows

EXIT_UNUSABLE = 2

_SCENES = (
    "coffee.png",
    "rocket.jpg",
    "chelsea.png",
    "motorcycle_left.png",
    "astronaut.png",
    "gravel.png",
    "coffee.png",
)
# Clips that are filled once more after they went through the service's encoder, as videos do.
_COMPRESSED = ("pan, logo", "pan, moving mask")
_QUICK_FRAMES = 12
_STRIP_FRAMES, _STRIP_WIDTH = 5, 320

Filling = Callable[[Clip], Iterator[Pixels]]


class VideoResult(NamedTuple):
    """How one way of filling did on one clip; `frame_ms` is processor time on one core, motion and all."""

    way: str
    clip: Clip
    filled: list[Pixels]
    score: ClipScore
    frame_ms: float


def run_video_bench(arguments: list[str]) -> int:
    """Prints the table; the process's exit code, 2 for what the caller must change."""
    parser = argparse.ArgumentParser(prog="python -m inpainting bench video", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_FRAMES} frames a clip, under the logo only")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of grain and noise ({SEED} if left out)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a strip of each clip there")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        pictures = [load_photograph(name, side_max=None) for name in _SCENES]
    except PhotographsMissing as error:
        print(error, file=sys.stderr)
        return EXIT_UNUSABLE
    clips = make_clips(pictures, frames=_QUICK_FRAMES if options.quick else CLIP_FRAMES, seed=options.seed)
    clips += [compress(clip) for clip in clips if clip.name in _COMPRESSED]
    ways = _list_ways()
    results = []
    for clip in clips[::2] if options.quick else clips:
        of_clip = [_measure(name, way, clip) for name, way in ways]
        results += of_clip
        if options.out is not None:
            _write_strip(options.out, clip, of_clip)
    print(format_video(results))
    return 0


def format_video(results: Sequence[VideoResult]) -> str:
    """A line for each clip and way. Flicker is told beyond what the truth has itself."""
    return format_table(
        ("clip", "filled by", "PSNR in the hole", "flicker", "ms a frame"),
        [
            (
                result.clip.name,
                result.way,
                f"{result.score.psnr:.1f}",
                f"{max(0.0, result.score.flicker - result.score.flicker_floor):.1f}",
                f"{result.frame_ms:.0f}",
            )
            for result in results
        ],
    )


def _list_ways() -> list[tuple[str, Filling]]:
    models: list[Model] = [TELEA, PatchMatch()]
    alone = [(f"{model.manifest.id}, one by one", _one_by_one(model)) for model in models]
    return [*alone, ("frames from each other", _from_each_other(models[-1]))]


def _one_by_one(model: Model) -> Filling:
    def fill(clip: Clip) -> Iterator[Pixels]:
        for frame, hole in zip(clip.shown, clip.holes, strict=True):
            yield _fill_still(model, frame, hole, None)

    return fill


def _from_each_other(model: Model) -> Filling:
    def fill(clip: Clip) -> Iterator[Pixels]:
        pairs = PairStore()
        for keep, look in plan_windows(range(len(clip.shown)), len(clip.shown)):
            pairs.forget_before(look.start)
            yield from fill_window(
                clip.shown[look.start : look.stop],
                clip.holes[look.start : look.stop],
                first=look.start,
                keep=keep,
                fill_still=lambda image, hole, foreign: _fill_still(model, image, hole, foreign),
                check=lambda: None,
                pairs=pairs,
            )

    return fill


def _fill_still(model: Model, image: Pixels, hole: Pixels, foreign: Pixels | None) -> Pixels:
    picture = Picture(image.copy(), None, None)
    parameters: Any = model.parameters()
    fill_holes(picture, hole, model, parameters, check=lambda: None, foreign=foreign)
    return picture.pixels


def _measure(name: str, way: Filling, clip: Clip) -> VideoResult:
    started = time.thread_time()
    filled = list(way(clip))
    frame_ms = (time.thread_time() - started) * 1000 / len(filled)
    return VideoResult(name, clip, filled, score(clip, filled), frame_ms)


def _write_strip(folder: Path, clip: Clip, results: Sequence[VideoResult]) -> None:
    """A PNG: a column for each of some frames; rows of what was shown, the truth, and each way's filling."""
    folder.mkdir(parents=True, exist_ok=True)
    last = len(clip.shown) - 1
    chosen = [round(last * k / (_STRIP_FRAMES - 1)) for k in range(_STRIP_FRAMES)]
    rows = [clip.shown, clip.truth, *(result.filled for result in results)]
    height = round(_STRIP_WIDTH * clip.shown[0].shape[0] / clip.shown[0].shape[1])
    sheet = np.vstack([np.hstack([cv2.resize(row[k], (_STRIP_WIDTH, height)) for k in chosen]) for row in rows])
    name = clip.name.replace(", ", "-").replace(" ", "-")
    (folder / f"{name}.png").write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
