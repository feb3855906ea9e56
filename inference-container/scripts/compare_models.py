"""Writes docs/pictures/models.png: the sample pictures, and what each model makes of them.

.venv/bin/python scripts/compare_models.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "inference-container"))

from PIL import Image, ImageDraw, ImageFont  # noqa: E402

from inpainting import masks  # noqa: E402
from inpainting.filling import fill_holes  # noqa: E402
from inpainting.headers import read_header  # noqa: E402
from inpainting.models.opencv import NAVIER_STOKES, TELEA  # noqa: E402
from inpainting.models.patchmatch import PatchMatch  # noqa: E402
from inpainting.pictures import decode_luminance, decode_picture  # noqa: E402

CASES = (
    ("chelsea-scratch.png", "chelsea-scratch-mask.png", "scratches", (60, 40, 400, 270)),
    ("coffee-text.jpg", "coffee-text-mask.png", "text", (90, 230, 430, 341)),
    ("rocket.jpg", "rocket-object-mask.png", "object", (86, 70, 426, 342)),
)
COLUMNS = ("damaged", "mask", "telea", "navier-stokes", "patchmatch")
WIDTH, GAP, HEAD, SIDE = 340, 6, 26, 26
PAPER, INK = (255, 255, 255), (40, 40, 40)


def main() -> None:
    models = {model.manifest.id: model for model in (TELEA, NAVIER_STOKES, PatchMatch())}
    rows = [(label, window, compare(picture, mask, models)) for picture, mask, label, window in CASES]
    heights = [window[3] - window[1] for _, window, _ in rows]
    sheet = Image.new("RGB", (SIDE + len(COLUMNS) * (WIDTH + GAP), HEAD + sum(heights) + GAP * len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for index, name in enumerate(COLUMNS):
        x = SIDE + index * (WIDTH + GAP) + WIDTH // 2
        draw.text((x, HEAD // 2), name, fill=INK, font=font, anchor="mm")
    y = HEAD
    for (label, window, pictures), height in zip(rows, heights, strict=True):
        upright = Image.new("RGB", (height, SIDE), PAPER)
        ImageDraw.Draw(upright).text((height // 2, SIDE // 2), label, fill=INK, font=font, anchor="mm")
        sheet.paste(upright.rotate(90, expand=True), (0, y))
        for index, name in enumerate(COLUMNS):
            sheet.paste(pictures[name].crop(window), (SIDE + index * (WIDTH + GAP), y))
        y += height + GAP
    target = ROOT / "docs" / "pictures" / "models.png"
    target.parent.mkdir(exist_ok=True)
    sheet.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {sheet.width}x{sheet.height}, {target.stat().st_size} bytes")


def compare(picture_name: str, mask_name: str, models: dict) -> dict[str, Image.Image]:
    """The columns of one row."""
    samples = ROOT / "docs" / "samples"
    picture_data, mask_data = (samples / picture_name).read_bytes(), (samples / mask_name).read_bytes()
    picture_header = read_header(picture_data, name=picture_name, pixels_max=10**7)
    mask_header = read_header(mask_data, name=mask_name, pixels_max=10**7)
    values = decode_luminance(mask_data, mask_header, name=mask_name)
    pictures = {
        "damaged": to_image(decode_picture(picture_data, picture_header, name=picture_name).pixels),
        "mask": Image.fromarray(values).convert("RGB"),
    }
    for name, model in models.items():
        picture = decode_picture(picture_data, picture_header, name=picture_name)
        started = time.perf_counter()
        fill_holes(picture, masks.find_hole(values), model, model.parameters(), check=lambda: None)
        print(f"{picture_name} {name}: {(time.perf_counter() - started) * 1000:.0f} ms")
        pictures[name] = to_image(picture.pixels)
    return pictures


def to_image(pixels) -> Image.Image:
    return Image.fromarray(pixels[..., ::-1])


if __name__ == "__main__":
    main()
