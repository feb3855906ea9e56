"""`python -m inpainting run`: the pictures of a folder, without a service."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inpainting.errors import ItemError, RequestError
from inpainting.metrics import Metrics
from inpainting.models import read_parameters
from inpainting.models.manifest import DEFAULT_ALIAS
from inpainting.models.registry import Registry, create_registry
from inpainting.processes.child import Spawner
from inpainting.processes.item_pool import Order
from inpainting.processes.staff import Staff
from inpainting.settings import Settings, SettingsError, read_local_settings

EXIT_FAILED, EXIT_UNUSABLE, EXIT_INTERRUPTED = 1, 2, 130
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_BAR_CHARACTERS = 30


class UsageError(Exception):
    """What was asked for cannot be done. The message is one sentence for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A picture with its mask, and where the result goes. `problem` is why it cannot be worked on."""

    picture: Path
    mask: Path | None
    result: Path
    problem: str | None


def run_folder(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Runs the command; the process's exit code: 1 where any picture failed, 2 for what the caller must change."""
    try:
        options = _parse(arguments)
        settings = read_local_settings(environment)
        pairs = find_pairs(options.images, options.masks, options.out, options.format, is_forced=options.force)
        logging.disable()
        return asyncio.run(_Run(settings, options, pairs).run())
    except (UsageError, SettingsError) as error:
        print(error, file=sys.stderr)
        return EXIT_UNUSABLE
    except KeyboardInterrupt:
        print("Interrupted; what was written is whole.", file=sys.stderr)
        return EXIT_INTERRUPTED


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inpainting run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", default=DEFAULT_ALIAS, help=f"the model's id ({DEFAULT_ALIAS} if left out)")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--masks", type=Path, required=True, metavar="DIR", help="of the pictures' names, or NAME_mask")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--format", choices=("png", "source"), default="png")
    parser.add_argument("--parameters", type=_read_json, default={}, metavar="JSON", help="the model's, as an object")
    parser.add_argument("--force", action="store_true", help="write over results that are there")
    return parser.parse_args(arguments)


def _read_json(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it is no JSON: {error}") from None
    if not isinstance(values, dict):
        raise argparse.ArgumentTypeError("it must be an object such as '{\"radius\": 5}'")
    return values


def find_pairs(images: Path, masks: Path, out: Path, format_: str, *, is_forced: bool) -> list[Pair]:
    """The pictures of a folder by name, each with the mask of its name (`a.png`, `a_mask.png`); raises UsageError."""
    for name, folder in (("--images", images), ("--masks", masks)):
        if not folder.is_dir():
            raise UsageError(f"{name} is {folder}, which is no folder.")
    found = {path.stem: path for path in reversed(_list_pictures(masks))}
    pictures = _list_pictures(images)
    if images.resolve() == masks.resolve():
        pictures = [path for path in pictures if not path.stem.endswith("_mask")]
    if not pictures:
        raise UsageError(f"--images is {images}, which holds no picture ({', '.join(_SUFFIXES)}).")
    pairs: list[Pair] = []
    taken: set[Path] = set()
    for picture in pictures:
        mask = found.get(f"{picture.stem}_mask") or found.get(picture.stem)
        result = out / (picture.name if format_ == "source" else f"{picture.stem}.png")
        problem = None
        if mask is None:
            problem = f"there is no mask of its name in {masks}: {picture.stem}.png or {picture.stem}_mask.png."
        elif result in taken:
            problem = f"another picture's result is {result.name} too: rename one, or ask for --format source."
        elif result.exists() and not is_forced:
            problem = f"{result} is there already: choose another --out, or --force."
        taken.add(result)
        pairs.append(Pair(picture=picture, mask=mask, result=result, problem=problem))
    return pairs


def _list_pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())


class _Run:
    """One run of the command."""

    def __init__(self, settings: Settings, options: argparse.Namespace, pairs: list[Pair]) -> None:
        self._options = options
        self._pairs = pairs
        self._done = self._failed = 0
        try:
            self._registry: Registry = create_registry(settings)
        except ValueError as error:
            raise UsageError(f"INFERENCE_DEFAULT_MODEL cannot be used: {error}.") from error
        self._spawner = Spawner()
        self._staff = Staff(settings, self._registry, Metrics(), self._spawner)

    async def run(self) -> int:
        try:
            order = await self._set_up()
            self._options.out.mkdir(parents=True, exist_ok=True)
            turns = asyncio.Semaphore(2 * self._staff.places)
            self._show_progress()
            async with asyncio.TaskGroup() as tasks:
                for pair in self._pairs:
                    await turns.acquire()
                    tasks.create_task(self._finish(pair, order)).add_done_callback(lambda _: turns.release())
        finally:
            await self._staff.close()
            self._spawner.close()
        print(f"{self._done - self._failed} of {len(self._pairs)} pictures written to {self._options.out}.")
        return EXIT_FAILED if self._failed else 0

    async def _set_up(self) -> Order:
        name = self._options.model
        id_ = self._registry.default_id if name == DEFAULT_ALIAS else name
        known = self._registry.startable_ids
        if not self._registry.has(id_):
            raise UsageError(f"There is no model '{id_}': choose one of {', '.join(known)}.")
        self._staff.begin()
        if id_ in known:
            await self._staff.set_up([id_])
            if reason := "; ".join(self._registry.reasons):
                raise UsageError(f"The model cannot be used: {reason}.")
        try:
            parameters: BaseModel = read_parameters(self._registry.choose(id_), self._options.parameters)
        except RequestError as error:
            raise UsageError(error.message) from error
        return Order(
            model=id_,
            parameters=parameters.model_dump(mode="json"),
            output_format=self._options.format,
            quality=92,
        )

    async def _finish(self, pair: Pair, order: Order) -> None:
        """Works on one picture, and tells what came of it."""
        problem = pair.problem or await self._work(pair, order)
        self._done += 1
        if problem is not None:
            self._failed += 1
            self._clear_progress()
            print(f"{pair.picture.name}: {problem}", file=sys.stderr)
        self._show_progress()

    async def _work(self, pair: Pair, order: Order) -> str | None:
        """Why there is no result; None where there is one."""
        assert pair.mask is not None  # noqa: S101 - else there is a problem
        try:
            picture, mask = pair.picture.read_bytes(), pair.mask.read_bytes()
            answer = await self._staff.choose(order.model).run(order, picture, mask)
            if answer.data is None:
                return str(answer.told["message"])
            # A name of its own until it is whole: what is there is never half a result.
            partial = pair.result.with_name(f".{pair.result.name}.{os.getpid()}.part")
            partial.write_bytes(answer.data)
            partial.replace(pair.result)
        except ItemError as error:
            return error.message
        except OSError as error:
            return f"{error.filename or 'it'}: {error.strerror or error}."
        except RuntimeError as error:
            return f"a fault of this program: {error}"
        return None

    def _show_progress(self) -> None:
        if sys.stderr.isatty():
            filled = _BAR_CHARACTERS * self._done // len(self._pairs)
            bar = "#" * filled + "-" * (_BAR_CHARACTERS - filled)
            end = "\n" if self._done == len(self._pairs) else ""
            print(f"\r[{bar}] {self._done}/{len(self._pairs)}", end=end, file=sys.stderr, flush=True)

    def _clear_progress(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
