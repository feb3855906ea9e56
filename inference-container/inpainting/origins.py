"""Which addresses the service may talk to: exact origins, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from inpainting.errors import Code, ItemError

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, lower-case host and port of an address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Origin:
        """The origin written alone, as in settings; raises ValueError for anything more or less."""
        origin = cls.of_url(text)
        parts = urlsplit(text)
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it must be a scheme, a host and a port only")
        return origin

    @classmethod
    def of_url(cls, url: str) -> Origin:
        """The origin of an http(s) URL; raises ValueError with the reason where there is none."""
        # urlsplit drops tabs and newlines, and other readers take a backslash for a slash:
        # an address that two readers may read differently is not an address.
        if not url.isascii() or any(character <= " " or character in "\\\x7f" for character in url):
            raise ValueError("it holds spaces, control characters, backslashes or non-ASCII characters")
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS:
            raise ValueError("its scheme must be http or https")
        if "@" in parts.netloc:
            raise ValueError("it must not carry a user name or password")
        if not parts.hostname:
            raise ValueError("it names no host")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("its port is not a number from 0 to 65535") from None
        return cls(parts.scheme, parts.hostname, _DEFAULT_PORTS[parts.scheme] if port is None else port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def ensure_allowed(url: str, allowed: Collection[Origin], *, field: str) -> None:
    """Raises ItemError(origin.refused) unless the URL's origin is one of those allowed.

    The message names origins only: the rest of a signed URL is a secret.
    """
    try:
        origin = Origin.of_url(url)
    except ValueError as error:
        raise ItemError(Code.ORIGIN_REFUSED, f"{field} cannot be used: {error}.") from error
    if origin not in allowed:
        raise ItemError(
            Code.ORIGIN_REFUSED,
            f"{field} points at {origin}, which is not among the media origins this service may use. "
            "Add it to INFERENCE_MEDIA_ORIGINS if it should be.",
        )
