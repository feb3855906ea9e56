"""`python -m inpainting bench`: how good and how fast the models are here."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from inpainting.bench.damages import SEED, make_classes
from inpainting.bench.large import measure_bomb, measure_large
from inpainting.bench.photographs import PhotographsMissing
from inpainting.bench.quality import measure_models
from inpainting.bench.sheets import write_sheets
from inpainting.bench.tables import format_large, format_quality
from inpainting.models.opencv import NAVIER_STOKES, TELEA
from inpainting.models.patchmatch import PatchMatch

EXIT_UNUSABLE = 2


def run_bench(arguments: list[str]) -> int:
    """Prints the tables; the process's exit code, 2 for what the caller must change."""
    parser = argparse.ArgumentParser(prog="python -m inpainting bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="two photographs of each class, and nothing large")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the holes ({SEED} if left out)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a contact sheet of each class there")
    options = parser.parse_args(arguments)
    # Times are those of one core: the service runs a picture on each.
    cv2.setNumThreads(1)
    models = (TELEA, NAVIER_STOKES, PatchMatch())
    try:
        classes = make_classes(quick=options.quick, seed=options.seed)
        results = measure_models(classes, models)
        print(f"## Quality, seed {options.seed}\n\n{format_quality(results)}\n", flush=True)
        if options.out is not None:
            for path in write_sheets(options.out, classes, results):
                print(path)
        if not options.quick:
            large = measure_large([model.manifest.id for model in models])
            print(f"\n## 12 megapixels, four holes of 0.3 %, PNG\n\n{format_large(large)}\n")
            print(f"A PNG of 30000x30000 is refused after {measure_bomb():.1f} ms.")
    except PhotographsMissing as error:
        print(error, file=sys.stderr)
        return EXIT_UNUSABLE
    return 0
