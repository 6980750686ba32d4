"""The API keys of one process: one for good, or two that overlap while they are rotated."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from layers_mcp.reread import Reread

__all__ = ["BadKeyFile", "KeyFile", "Keys", "OneKey", "sendable"]

_AT_MOST = 2
"""The old key and the new one: that is what a rotation overlaps."""


class BadKeyFile(ValueError):
    """A file that holds no keys; the message says what is wrong with it, and never what it holds."""


class Keys(Protocol):
    """What a request may be sent with."""

    def offered(self) -> tuple[SecretStr, ...]:
        """The keys to try in turn, the likeliest first; one or two."""
        ...

    def took(self, key: SecretStr) -> None:
        """Remember that the API knows this key."""
        ...


def sendable(secret: str) -> bool:
    """Whether an HTTP header can carry it."""
    return bool(secret) and secret.isascii() and secret.isprintable()


class OneKey:
    """A key that stays."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def offered(self) -> tuple[SecretStr, ...]:
        """The key."""
        return (self._key,)

    def took(self, key: SecretStr) -> None:
        """Nothing to remember."""


def _read(path: Path) -> tuple[SecretStr, ...]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as problem:
        raise BadKeyFile(f"the file can't be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise BadKeyFile("the file is no text") from None
    if not 0 < len(lines) <= _AT_MOST:
        raise BadKeyFile(f"the file has {len(lines)} lines; write one key, or the new one and under it the old one")
    if not all(sendable(line) for line in lines):
        raise BadKeyFile("a line holds characters that no HTTP header can carry")
    if os.name == "posix" and path.stat().st_mode & stat.S_IROTH:
        logging.getLogger(__name__).warning("%s can be read by everybody on this machine; chmod 600 it", path)
    return tuple(map(SecretStr, lines))


class KeyFile:
    """The keys in a file, newest first, read again when it changes: write the new key above the old one, later take the old one out."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            BadKeyFile: it does not hold one key or two.
        """
        self._file = Reread(path, _read)
        self._known = self._file.now()
        self._took: str | None = None

    def offered(self) -> tuple[SecretStr, ...]:
        """The key that the API took last, then the other; of a changed file the newest first."""
        keys = self._file.now()
        if keys is not self._known:
            self._known, self._took = keys, None
        return tuple(sorted(keys, key=lambda key: key.get_secret_value() != self._took))

    def took(self, key: SecretStr) -> None:
        """Try this key first from now on."""
        self._took = key.get_secret_value()
