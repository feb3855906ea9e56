"""Fills a hole with patches from around it, from coarse to fine, all patches at once in array operations.

At each scale two steps take turns: each patch that touches the hole looks for the most like it among the known ones
(Barnes et al., PatchMatch, 2009), and each hole pixel takes the mean of what the patches over it found (Wexler,
Shechtman, Irani, Space-Time Completion of Video, 2007). At the finest scale a pixel takes what one patch found.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inpainting.models.interface import Pixels

# Patches are compared by so many principal components, which hold nearly all of what differs between them.
_DIMENSIONS = 24
_BASIS_PATCHES = 2000
# At most this many pixels of a patch are compared along each side: larger patches are looked at with gaps.
_TAPS_MAX = 7
# Scales are halved until the hole is so deep, or the picture so small, or so few patches are left.
_DEPTH_MIN = 3.0
_SIDE_MIN = 24
SOURCES_MIN = 64
# How far from the hole patches come from, in pixels of the picture and of a smaller scale.
_REACH_MIN, _SCALED_REACH_MIN = 48, 12
# Rounds of search and vote by scale, the finest first.
_ROUNDS = (1, 2, 4, 6)
# From this scale on (0 is the finest) each round compares with all patches, or with as many as this allows.
_EXACT_SCALE = 1
_COMPARISONS_MAX = 10_000_000
_SWEEPS = 2
# How much less a vote counts for each pixel that its patch lies deeper in the hole. What grows inwards from the edge
# stays as sharp as what it was copied from; equal votes drift to whatever is smoothest.
_TRUST_FALL = 2.2
_LIKENESS_PERCENTILE = 99
_SEED_NOISE = 1.0
_BLOCK = 2048
_KERNEL = np.array([1, 3, 3, 1], np.float32) / 8


def synthesize(image: Pixels, hole: Pixels, unknown: Pixels, radius: int, seed: int) -> Pixels:
    """`image` (uint8, BGR) filled where `hole` is 1, from patches without a pixel of `unknown`, which contains it.

    At least one patch of the radius has to be known. What is unknown and no hole is compared, but not copied.
    """
    random = np.random.default_rng(seed)
    depth = float(cv2.distanceTransform(unknown, cv2.DIST_L2, 5).max())
    scales = _build_scales(image, hole, unknown, radius, depth)
    reach = max(_REACH_MIN, round(2 * depth))
    finest = _Search(scales[0], radius, reach)
    basis = finest.find_basis(random)
    coarser: _Search | None = None
    for index in range(len(scales) - 1, -1, -1):
        reach_here = max(_SCALED_REACH_MIN, reach >> index)
        search = finest if index == 0 else _Search(scales[index], radius, reach_here)
        search.describe_sources(basis)
        if coarser is None:
            search.start(random)
        else:
            search.refine_from(coarser, random)
        rounds = _ROUNDS[min(index, len(_ROUNDS) - 1)]
        for number in range(rounds):
            search.look()
            if index >= _EXACT_SCALE:
                search.compare_all(random)
            else:
                search.sweep(random)
            search.vote(pick=index == 0 and number == rounds - 1)
        coarser = search
    return np.clip(np.rint(finest.image), 0, 255).astype(np.uint8)


class _Scale(NamedTuple):
    """A picture at one scale. `known` may be copied from; `hole` is to be filled, but for what `kept` has a value."""

    image: Pixels
    known: Pixels
    hole: Pixels
    kept: Pixels


def _build_scales(image: Pixels, hole: Pixels, unknown: Pixels, radius: int, depth: float) -> list[_Scale]:
    known = cv2.subtract(np.ones_like(unknown), unknown)
    scales = [_Scale(image.astype(np.float32), known, hole, cv2.subtract(np.ones_like(hole), hole))]
    while depth > _DEPTH_MIN and min(scales[-1].hole.shape) // 2 >= max(_SIDE_MIN, 2 * radius + 2):
        smaller = _halve(scales[-1])
        if cv2.countNonZero(_find_whole(smaller.known, radius)) < SOURCES_MIN:
            break
        scales.append(smaller)
        depth /= 2
    return scales


def _halve(scale: _Scale) -> _Scale:
    """Half the size. What is known goes on into the hole a little, which shows where structures lead."""
    height, width = scale.hole.shape
    image, known, hole, kept = (
        cv2.copyMakeBorder(each, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE) for each in scale
    )
    share = _smooth(kept.astype(np.float32))
    mean = _smooth(image * kept[..., np.newaxis]) / np.maximum(share, 1e-3)[..., np.newaxis]
    cells = (hole.shape[0] // 2, 2, hole.shape[1] // 2, 2)
    return _Scale(
        np.ascontiguousarray(mean, np.float32),
        known.reshape(cells).min(axis=(1, 3)),
        hole.reshape(cells).max(axis=(1, 3)),
        (share > 0.01).astype(np.uint8),
    )


def _smooth(values: Pixels) -> Pixels:
    smooth: Pixels = cv2.sepFilter2D(values, -1, _KERNEL, _KERNEL, anchor=(1, 1), borderType=cv2.BORDER_REFLECT)
    return smooth[::2, ::2]


def _find_whole(known: Pixels, radius: int) -> Pixels:
    """1 for each place whose patch is known all over."""
    square = np.ones((2 * radius + 1,) * 2, np.uint8)
    return cv2.erode(known, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)


class _Basis(NamedTuple):
    """What patches are projected on, and the mean patch projected."""

    axes: Pixels
    mean: Pixels


class _Search:
    """The search at one scale: for each target, a patch that touches the hole, the source to copy. Places are flat."""

    def __init__(self, scale: _Scale, radius: int, reach: int) -> None:
        self.height, self.width = scale.hole.shape
        self.radius = radius
        self.image = scale.image.copy()
        self._scale = scale
        steps = np.unique(np.rint(np.linspace(-radius, radius, min(_TAPS_MAX, 2 * radius + 1))).astype(np.intp))
        rows, columns = (each.ravel() for each in np.meshgrid(steps, steps, indexing="ij"))
        self._taps = rows * self.width + columns
        self._tap_distances = rows * rows + columns * columns
        whole = _find_whole(scale.known, radius)
        near = cv2.dilate(scale.hole, np.ones((2 * reach + 1,) * 2, np.uint8))
        near = cv2.bitwise_and(near, whole)
        self.sources = np.flatnonzero(near if cv2.countNonZero(near) >= SOURCES_MIN else whole)
        touching = cv2.dilate(scale.hole, np.ones((2 * radius + 1,) * 2, np.uint8))
        inner = np.zeros_like(touching)
        inner[radius : self.height - radius, radius : self.width - radius] = 1
        self.targets = np.flatnonzero(cv2.bitwise_and(touching, inner))
        self._filled = np.flatnonzero(cv2.subtract(scale.hole, scale.kept))
        self._trust = (
            np.float32(_TRUST_FALL) ** -cv2.distanceTransform(scale.hole, cv2.DIST_L2, 3).ravel()[self.targets]
        )
        self._colours = np.dstack([scale.image, np.ones(scale.hole.shape, np.float32)]).reshape(-1, 4)
        self.found = self.targets

    def find_basis(self, random: np.random.Generator) -> _Basis:
        """The principal components of the patches that are known."""
        places = self.sources
        if len(places) > _BASIS_PATCHES:
            places = places[np.sort(random.choice(len(places), _BASIS_PATCHES, replace=False))]
        patches = self._cut(self._scale.image, places)
        mean = patches.mean(axis=0)
        patches = patches - mean
        axes = np.ascontiguousarray(np.linalg.eigh(patches.T @ patches)[1][:, -_DIMENSIONS:])
        return _Basis(axes, mean @ axes)

    def describe_sources(self, basis: _Basis) -> None:
        self._basis = basis
        self._looks = self._describe(self._scale.image, self.sources)
        self._norms = np.einsum("ij,ij->i", self._looks, self._looks)
        self._rows = np.full(self.height * self.width, -1, np.int32)
        self._rows[self.sources] = np.arange(len(self.sources), dtype=np.int32)

    def start(self, random: np.random.Generator) -> None:
        """The coarsest scale begins with what is smooth, and a little noise that the seed decides."""
        empty = cv2.subtract(np.ones_like(self._scale.kept), self._scale.kept)
        rough = cv2.inpaint(np.clip(self.image, 0, 255).astype(np.uint8), empty, 3, cv2.INPAINT_NS)
        self.image[empty != 0] = rough[empty != 0]
        # What is kept within the hole is an estimate as well.
        loose = self._scale.known == 0
        self.image[loose] += random.normal(0, _SEED_NOISE, (int(loose.sum()), 3)).astype(np.float32)
        self.found = random.choice(self.sources, len(self.targets))

    def refine_from(self, coarser: _Search, random: np.random.Generator) -> None:
        """What was found at half the size, at this one."""
        found = np.full(coarser.height * coarser.width, -1, np.intp)
        found[coarser.targets] = coarser.found
        y, x = np.divmod(self.targets, self.width)
        radius = coarser.radius
        half_y = np.clip(y // 2, radius, coarser.height - 1 - radius)
        half_x = np.clip(x // 2, radius, coarser.width - 1 - radius)
        source_y, source_x = np.divmod(found[half_y * coarser.width + half_x], coarser.width)
        source_y = np.clip(2 * source_y + y - 2 * half_y, 0, self.height - 1)
        source_x = np.clip(2 * source_x + x - 2 * half_x, 0, self.width - 1)
        self.found = source_y * self.width + source_x
        lost = np.flatnonzero(self._rows[self.found] < 0)
        self.found[lost] = random.choice(self.sources, len(lost))
        self._misses = np.ones(len(self.targets), np.float32)
        self.vote(pick=False)

    def look(self) -> None:
        """Describes the targets as they are filled now."""
        self._wanted = self._describe(self.image, self.targets)
        self._misses = self._measure(self._wanted, self.found)

    def compare_all(self, random: np.random.Generator) -> None:
        """Each target with all sources, or with as many as there is time for."""
        looks, norms, sources = self._looks, self._norms, self.sources
        count = max(SOURCES_MIN, _COMPARISONS_MAX // max(1, len(self.targets)))
        if count < len(sources):
            some = np.sort(random.choice(len(sources), count, replace=False))
            looks, norms, sources = looks[some], norms[some], sources[some]
        nearest = [
            (norms - 2 * (self._wanted[i : i + _BLOCK // 4] @ looks.T)).argmin(axis=1)
            for i in range(0, len(self.targets), _BLOCK // 4)
        ]
        self._try(sources[np.concatenate(nearest)])

    def sweep(self, random: np.random.Generator) -> None:
        """What the neighbours found, moved here, and a random place, as in PatchMatch; all targets at once."""
        field = np.full(self.height * self.width, -1, np.intp)
        w = self.width
        for number in range(_SWEEPS):
            for step in (-1, 1, -w, w) if number % 2 == 0 else (w + 1, w - 1, 1 - w, -w - 1):
                field[self.targets] = self.found
                # A target is a patch's middle, so that all around it is in the picture.
                moved = field[self.targets + step]
                self._try(np.where(moved >= 0, moved - step, self.found))
            self._try(random.choice(self.sources, len(self.targets)))

    def vote(self, *, pick: bool) -> None:
        """Fills the hole with the mean of what the patches over each pixel found, or with what the best one did."""
        likeness = max(1.0, float(np.percentile(self._misses, _LIKENESS_PERCENTILE)))
        size = self.height * self.width
        found, weights = np.zeros(size, np.intp), np.zeros(size, np.float32)
        found[self.targets] = self.found
        weights[self.targets] = (np.exp(-self._misses / likeness) + 1e-6) * self._trust + np.float32(1e-30)
        # Of patches that are as good, the one whose middle is nearest is taken.
        preference = (1 - 1e-5 * self._tap_distances).astype(np.float32)
        flat = self.image.reshape(-1, 3)
        for i in range(0, len(self._filled), _BLOCK):
            places = self._filled[i : i + _BLOCK]
            # Past the picture's edge there are no targets, so what is there weighs nothing.
            middles = np.clip(places[:, np.newaxis] - self._taps, 0, size - 1)
            shares = weights.take(middles)
            copied = np.clip(found.take(middles) + self._taps, 0, size - 1)
            if pick:
                best = (shares * preference).argmax(axis=1)
                flat[places] = self._colours[copied[np.arange(len(places)), best], :3]
            else:
                votes = (shares[:, np.newaxis, :] @ self._colours.take(copied, axis=0))[:, 0]
                flat[places] = votes[:, :3] / votes[:, 3:]

    def _try(self, places: Pixels) -> None:
        """Takes those of the places that are more like the targets than what was found so far."""
        asked = np.flatnonzero((self._rows.take(places, mode="clip") >= 0) & (places != self.found))
        misses = self._measure(self._wanted[asked], places[asked])
        better = misses < self._misses[asked]
        taken = asked[better]
        # Who shares the array that was there keeps it.
        self.found = self.found.copy()
        self.found[taken] = places[taken]
        self._misses[taken] = misses[better]

    def _measure(self, wanted: Pixels, places: Pixels) -> Pixels:
        difference = wanted - self._looks.take(self._rows.take(places), axis=0)
        squares: Pixels = np.einsum("ij,ij->i", difference, difference)
        return squares

    def _describe(self, image: Pixels, places: Pixels) -> Pixels:
        axes, mean = self._basis
        described = np.empty((len(places), axes.shape[1]), np.float32)
        for i in range(0, len(places), _BLOCK):
            described[i : i + _BLOCK] = self._cut(image, places[i : i + _BLOCK]) @ axes - mean
        return described

    def _cut(self, image: Pixels, places: Pixels) -> Pixels:
        cut: Pixels = image.reshape(-1, 3).take(places[:, np.newaxis] + self._taps, axis=0).reshape(len(places), -1)
        return cut
