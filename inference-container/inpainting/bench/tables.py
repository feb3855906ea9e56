"""The bench's figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from inpainting.bench.large import LargeResult
from inpainting.bench.quality import ClassResult


def format_quality(results: Sequence[ClassResult]) -> str:
    """A line for each class and model."""
    return format_table(
        ("class", "model", "PSNR in the hole", "SSIM", "sharpness", "median ms"),
        [
            (
                result.damage,
                result.model,
                f"{result.score.psnr:.2f}",
                f"{result.score.ssim:.3f}",
                f"{result.score.sharpness:.2f}",
                f"{result.median_ms:.0f}",
            )
            for result in results
        ],
    )


def format_large(results: Sequence[LargeResult]) -> str:
    """A line for each model."""
    return format_table(
        ("model", "processor seconds", "over decoding and encoding", "peak MB"),
        [
            (
                result.model,
                f"{result.seconds:.2f}",
                f"{result.seconds / result.codec_seconds:.2f}",
                f"{result.peak_mb:.0f}",
            )
            for result in results
        ],
    )


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns as wide as what is in them."""
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
