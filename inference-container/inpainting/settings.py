"""Settings: the environment, parsed once and checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from inpainting import PIXELS_CEILING
from inpainting.origins import Origin

SECRET_CHARACTERS_MIN = 32
# What a picture needs at most, as measured: sixteen bits with alpha, most of it a hole.
ITEM_BYTES_PER_PIXEL = 48
ITEM_BYTES_BASE = 512 * 1024 * 1024


class SettingsError(Exception):
    """A setting cannot be used. The message is one sentence for the person who set it."""


# Models whose weights are named by INFERENCE_<NAME>_WEIGHTS.
LEARNED_MODELS = ("lama", "migan")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class WeightsSettings:
    """Where a learned model's weights are: a path, or a URL with the hash that its file must have."""

    location: str
    sha256: str | None = None
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service was told. Bytes, pixels and seconds are in the names."""

    secrets: tuple[str, ...]
    media_origins: frozenset[Origin]
    host: str = "127.0.0.1"
    port: int = 8788
    threads: int = 2
    default_model: str | None = None
    weights: Mapping[str, WeightsSettings] = field(default_factory=dict)
    weights_folder: str = ""
    weights_bytes_max: int = 1024 * 1024 * 1024
    allows_noncommercial: bool = False
    device: str = "auto"
    queue_items_max: int = 256
    request_bytes_max: int = 4 * 1024 * 1024
    media_bytes_max: int = 64 * 1024 * 1024
    video_bytes_max: int = 16 * 1024 * 1024 * 1024
    picture_pixels_max: int = 64_000_000
    item_seconds_max: int = 120
    item_bytes_max: int = 0
    gpus: int = 1
    gpu_items_max: int = 32
    turn_seconds_max: int = 30
    still_seconds_max: int = 60
    probe_seconds_max: int = 160
    frames_seconds_max: int = 160
    segment_seconds_max: int = 200
    assemble_seconds_max: int = 680
    transfer_seconds_max: int = 30
    stop_seconds_max: int = 8
    watts_per_core: float = 6.0
    log_level: str = "info"

    @property
    def item_bytes_bound(self) -> int:
        """How much memory a process may take for one item or video, beyond what it has before."""
        return self.item_bytes_max or ITEM_BYTES_BASE + ITEM_BYTES_PER_PIXEL * self.picture_pixels_max


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment; raises SettingsError for the first that cannot be used."""
    return replace(
        read_local_settings(environment),
        secrets=_read_secrets(environment),
        media_origins=_read_origins(environment),
    )


def read_local_settings(environment: Mapping[str, str]) -> Settings:
    """The settings for who needs neither secret nor media origins; raises SettingsError."""
    defaults = Settings(secrets=(), media_origins=frozenset())
    return Settings(
        secrets=(),
        media_origins=frozenset(),
        host=environment.get("INFERENCE_HOST") or defaults.host,
        port=_read_int(environment, "INFERENCE_PORT", defaults.port, 0, 65535),
        threads=_read_int(environment, "INFERENCE_THREADS", os.cpu_count() or 1, 1, 256),
        default_model=environment.get("INFERENCE_DEFAULT_MODEL") or None,
        weights=_read_weights(environment),
        weights_folder=environment.get("INFERENCE_WEIGHTS_DIR") or _find_cache(environment),
        weights_bytes_max=_read_int(
            environment, "INFERENCE_WEIGHTS_BYTES_MAX", defaults.weights_bytes_max, 1024, 2**40
        ),
        allows_noncommercial=_read_choice(environment, "INFERENCE_ALLOW_NONCOMMERCIAL", "0", ("0", "1")) == "1",
        device=_read_choice(environment, "INFERENCE_DEVICE", defaults.device, ("auto", "cpu", "cuda")),
        queue_items_max=_read_int(environment, "INFERENCE_QUEUE_ITEMS_MAX", defaults.queue_items_max, 1, 100_000),
        request_bytes_max=_read_int(
            environment, "INFERENCE_REQUEST_BYTES_MAX", defaults.request_bytes_max, 1024, 2**30
        ),
        media_bytes_max=_read_int(environment, "INFERENCE_MEDIA_BYTES_MAX", defaults.media_bytes_max, 1024, 2**31),
        video_bytes_max=_read_int(environment, "INFERENCE_VIDEO_BYTES_MAX", defaults.video_bytes_max, 1024, 2**50),
        picture_pixels_max=_read_int(
            environment, "INFERENCE_PICTURE_PIXELS_MAX", defaults.picture_pixels_max, 1, PIXELS_CEILING
        ),
        item_seconds_max=_read_int(environment, "INFERENCE_ITEM_SECONDS_MAX", defaults.item_seconds_max, 1, 3600),
        item_bytes_max=_read_int(environment, "INFERENCE_ITEM_BYTES_MAX", defaults.item_bytes_max, 0, 2**50),
        gpus=_read_int(environment, "INFERENCE_GPUS", defaults.gpus, 1, 64),
        gpu_items_max=_read_int(environment, "INFERENCE_GPU_ITEMS_MAX", defaults.gpu_items_max, 1, 1024),
        turn_seconds_max=_read_int(environment, "INFERENCE_TURN_SECONDS_MAX", defaults.turn_seconds_max, 1, 3600),
        still_seconds_max=_read_int(environment, "INFERENCE_STILL_SECONDS_MAX", defaults.still_seconds_max, 1, 3600),
        probe_seconds_max=_read_int(environment, "INFERENCE_PROBE_SECONDS_MAX", defaults.probe_seconds_max, 1, 86400),
        frames_seconds_max=_read_int(
            environment, "INFERENCE_FRAMES_SECONDS_MAX", defaults.frames_seconds_max, 1, 86400
        ),
        segment_seconds_max=_read_int(
            environment, "INFERENCE_SEGMENT_SECONDS_MAX", defaults.segment_seconds_max, 1, 86400
        ),
        assemble_seconds_max=_read_int(
            environment, "INFERENCE_ASSEMBLE_SECONDS_MAX", defaults.assemble_seconds_max, 1, 86400
        ),
        transfer_seconds_max=_read_int(
            environment, "INFERENCE_TRANSFER_SECONDS_MAX", defaults.transfer_seconds_max, 1, 600
        ),
        stop_seconds_max=_read_int(environment, "INFERENCE_STOP_SECONDS_MAX", defaults.stop_seconds_max, 0, 600),
        watts_per_core=_read_float(environment, "INFERENCE_WATTS_PER_CORE", defaults.watts_per_core, 0, 1000),
        log_level=_read_choice(
            environment, "INFERENCE_LOG_LEVEL", defaults.log_level, ("debug", "info", "warning", "error")
        ),
    )


def _read_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    names = ("INFERENCE_SECRET", "INFERENCE_SECRET_PREVIOUS")
    if not environment.get(names[0]):
        raise SettingsError(
            "INFERENCE_SECRET is not set: set it to the secret of at least "
            f"{SECRET_CHARACTERS_MIN} characters that signs the requests."
        )
    secrets = tuple(environment[name] for name in names if environment.get(name))
    for name, secret in zip(names, secrets, strict=False):
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise SettingsError(f"{name} has {len(secret)} characters: at least {SECRET_CHARACTERS_MIN} are needed.")
    return secrets


def _read_origins(environment: Mapping[str, str]) -> frozenset[Origin]:
    text = environment.get("INFERENCE_MEDIA_ORIGINS", "")
    origins = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            origins.append(Origin.parse(part))
        except ValueError as error:
            raise SettingsError(
                f"INFERENCE_MEDIA_ORIGINS holds '{part}', which is not an origin such as "
                f"http://127.0.0.1:8787: {error}."
            ) from error
    if not origins:
        raise SettingsError(
            "INFERENCE_MEDIA_ORIGINS is not set: name the origins that pictures are read from and results "
            "written to, such as http://127.0.0.1:8787."
        )
    return frozenset(origins)


def _read_weights(environment: Mapping[str, str]) -> dict[str, WeightsSettings]:
    weights = {}
    for id_ in LEARNED_MODELS:
        name = f"INFERENCE_{id_.upper()}_WEIGHTS"
        location = environment.get(name)
        sha256 = (environment.get(f"INFERENCE_{id_.upper()}_SHA256") or "").lower() or None
        if sha256 is not None and re.fullmatch(r"[0-9a-f]{64}", sha256) is None:
            raise SettingsError(
                f"INFERENCE_{id_.upper()}_SHA256 is '{sha256[:100]}': 64 hexadecimal digits are needed."
            )
        if not location:
            continue
        parts = urlsplit(location)
        if "://" in location:
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise SettingsError(f"{name} is neither a path nor an https URL: its scheme is '{parts.scheme}'.")
            if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                raise SettingsError(f"{name} is an http URL of {parts.hostname}: https is needed.")
            if sha256 is None:
                raise SettingsError(
                    f"{name} is a URL: set INFERENCE_{id_.upper()}_SHA256 to the hash that its file must have."
                )
        licence = environment.get(f"INFERENCE_{id_.upper()}_LICENCE") or None
        weights[id_] = WeightsSettings(location=location, sha256=sha256, licence=licence)
    return weights


def _find_cache(environment: Mapping[str, str]) -> str:
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME") or "/tmp") / ".cache")  # noqa: S108
    return str(Path(cache) / "inpainting")


def _read_int(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(f"{name} is '{text}': a whole number from {low} to {high} is needed.") from None
    if not low <= value <= high:
        raise SettingsError(f"{name} is {value}: it must be from {low} to {high}.")
    return value


def _read_float(environment: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is '{text}': a number from {low} to {high} is needed.") from None
    if not low <= value <= high:
        raise SettingsError(f"{name} is {value}: it must be from {low} to {high}.")
    return value


def _read_choice(environment: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = environment.get(name) or default
    if value not in choices:
        raise SettingsError(f"{name} is '{value}': it must be one of {', '.join(choices)}.")
    return value
