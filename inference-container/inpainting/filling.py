"""Fills the holes of a picture with a model, crop by crop, and keeps every other pixel as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from inpainting.crops import Crop, find_crops
from inpainting.models import Model, Pixels
from inpainting.pictures import Picture, to_8_bit
from inpainting.scaling import fill_to_scale

_RIM = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
# Soft edges and JPEG ringing of what is removed reach past a tight mask. Where they do, the rim is no source.
_LEAK_MAX = 0.06
_LEAK_REACH = 8
_LEAK_WINDOW = (11, 11)
_CONTRAST_MIN = 24.0
_SHARE_MIN = 0.01


def fill_holes(
    picture: Picture,
    hole: Pixels,
    model: Model,
    parameters: Any,
    *,
    check: Callable[[], None],
    foreign: Pixels | None = None,
) -> None:
    """Fills the picture in place where `hole` is 1; at least one pixel of it must be 0.

    `check` is called before each crop and may raise to end the work there. The filling is computed with
    8 bits. Alpha inside a hole is continued from around it. Where `foreign` is 1 the picture is neither filled nor
    looked at, unless a crop shows nothing else.
    """
    remaining = hole.copy()
    sizes = model.manifest.sizes
    for crop in find_crops(hole, side_min=sizes.side_min, side_max=sizes.side_max):
        check()
        left_out = None if foreign is None else cv2.subtract(foreign[crop.context.slices], hole[crop.context.slices])
        _fill_crop(picture, remaining, crop, model, parameters, left_out=left_out)


def paint(picture: Picture, hole: Pixels, filled: Pixels) -> None:
    """Puts what is filled (BGR, 8 bits) into the picture where `hole` is 1, and continues alpha there."""
    values = cv2.cvtColor(filled, cv2.COLOR_BGR2GRAY) if picture.pixels.ndim == 2 else filled
    cv2.copyTo(_to_depth(values, picture), hole, picture.pixels)
    if picture.alpha is not None and hole.any():
        remaining = hole.copy()
        for crop in find_crops(hole):
            own = _cut_own(remaining, crop)
            _continue_alpha(picture, crop, own, remaining[crop.context.slices])
            remaining[crop.context.slices] = cv2.subtract(remaining[crop.context.slices], own)


def _cut_own(remaining: Pixels, crop: Crop) -> Pixels:
    """Of what remains in the crop's context, what the crop is for."""
    unknown = remaining[crop.context.slices]
    own = np.zeros_like(unknown)
    inner = _find_inner(crop)
    own[inner] = unknown[inner]
    return own


def _find_inner(crop: Crop) -> tuple[slice, slice]:
    return (
        slice(crop.hole.top - crop.context.top, crop.hole.bottom - crop.context.top),
        slice(crop.hole.left - crop.context.left, crop.hole.right - crop.context.left),
    )


def _fill_crop(
    picture: Picture, remaining: Pixels, crop: Crop, model: Model, parameters: Any, *, left_out: Pixels | None
) -> None:
    context = crop.context.slices
    unknown = remaining[context]
    own = _cut_own(remaining, crop)
    if not own.any():
        return
    if left_out is not None and not cv2.bitwise_or(unknown, left_out).all():
        unknown = cv2.bitwise_or(unknown, left_out)
    region = picture.pixels[context]
    image = np.ascontiguousarray(to_8_bit(region))
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    unsure = own
    inner = _find_inner(crop)
    edge = (_reach(inner[0]), _reach(inner[1]))
    if measure_leak(image[edge], own[edge], unknown[edge]) > _LEAK_MAX:
        unsure = _grow(own, unknown)
    foreign = cv2.subtract(unknown, unsure)
    filled = fill_to_scale(image, unsure, foreign if foreign.any() else None, model, parameters)
    if region.ndim == 2:
        filled = cv2.cvtColor(filled, cv2.COLOR_BGR2GRAY)
    cv2.copyTo(_to_depth(filled, picture), own, region)
    if picture.alpha is not None:
        _continue_alpha(picture, crop, own, unknown)
    remaining[context] = cv2.subtract(remaining[context], own)


def _continue_alpha(picture: Picture, crop: Crop, own: Pixels, unknown: Pixels) -> None:
    assert picture.alpha is not None  # noqa: S101 - asked before
    where = own != 0
    alpha = picture.alpha[crop.context.slices]
    around = alpha[unknown == 0]
    if around.size and around.min() == around.max():
        alpha[where] = around[0]
    else:
        smooth = cv2.inpaint(np.ascontiguousarray(to_8_bit(alpha)), unknown, 3, cv2.INPAINT_TELEA)
        alpha[where] = _to_depth(smooth[where], picture)


def _reach(span: slice) -> slice:
    return slice(max(0, span.start - _LEAK_REACH), span.stop + _LEAK_REACH)


def measure_leak(image: Pixels, hole: Pixels, unknown: Pixels) -> float:
    """How much of what is in the hole shows in the two pixels around it: 0 for a clean mask.

    The rim is modelled as background + leak x (content - background), with the background taken from
    beyond the rim; least squares over the rim gives the leak.
    """
    near = cv2.dilate(hole, _RIM)
    rim = cv2.subtract(near, unknown)
    beyond = cv2.subtract(cv2.subtract(cv2.dilate(near, _RIM), near), unknown)
    # A generous mask holds background along its edge; what is removed is deeper inside.
    core = cv2.erode(hole, _RIM, borderType=cv2.BORDER_REPLICATE)
    if not core.any():
        core = hole
    places = np.flatnonzero(rim.view(np.bool_))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    background, background_share = _average(grey, beyond, places)
    content, content_share = _average(grey, core, places)
    known = (background_share > _SHARE_MIN) & (content_share > _SHARE_MIN)
    contrast = (content - background)[known]
    power = float(contrast @ contrast)
    # Content that looks like its background leaks nothing that could be seen.
    if power == 0 or power < _CONTRAST_MIN**2 * contrast.size:
        return 0.0
    return float((grey.ravel()[places] - background)[known] @ contrast) / power


def _average(grey: Pixels, where: Pixels, places: Pixels) -> tuple[Pixels, Pixels]:
    """At each of `places` (flat indices): the mean level of the pixels around it in `where`, and their share."""
    # Integers that hold the sums of a whole window: a quarter of the bytes of floats.
    total = _sum_around(cv2.copyTo(grey, where), cv2.CV_16U, places)
    count = _sum_around(where, cv2.CV_8U, places)
    return total / np.maximum(count, 1), count / (_LEAK_WINDOW[0] * _LEAK_WINDOW[1])


def _sum_around(values: Pixels, depth: int, places: Pixels) -> Pixels:
    sums: Pixels = cv2.boxFilter(values, depth, _LEAK_WINDOW, normalize=False).ravel()[places].astype(np.float32)
    return sums


def _grow(hole: Pixels, unknown: Pixels) -> Pixels:
    """The hole with its rim, without parts of other holes, as long as something known is left."""
    grown = cv2.subtract(cv2.dilate(hole, _RIM), cv2.subtract(unknown, hole))
    return hole if cv2.bitwise_or(grown, unknown).all() else grown


def _to_depth(values: np.ndarray, picture: Picture) -> np.ndarray:
    return values.astype(np.uint16) * 257 if picture.is_16_bit else values
