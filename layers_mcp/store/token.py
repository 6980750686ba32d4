"""The person's secret, which opens the page where they answer: a file of its own, made at first use and readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["FILE", "Exposed", "kept_token", "person_token"]

FILE = "person-token"
_OURS, _OTHERS = 0o600, 0o077
_BYTES = 32


class Exposed(ValueError):
    """Others could have read the person's secret; the message says what to do."""


def _make(file: Path) -> None:
    """Put a new secret there in one step, unless somebody else just did."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as kept:
            kept.write(secrets.token_urlsafe(_BYTES))
        os.link(draft, file)
    except FileExistsError:
        pass  # the other one's secret stands
    finally:
        draft.unlink()


def kept_token(folder: Path) -> str | None:
    """The secret kept in the state folder, None when there is none.

    Raises:
        Exposed: the file is open to others, or holds no secret.
    """
    file = folder / FILE
    try:
        mode, token = file.stat().st_mode, file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        raise Exposed(f"{FILE} in the state folder can't be read ({type(problem).__name__}); delete it, and a new one is made") from None
    if os.name == "posix" and mode & _OTHERS:
        raise Exposed(f"{FILE} in the state folder can be read by others; delete it, and a new one is made")
    if len(token) < _BYTES:
        raise Exposed(f"{FILE} in the state folder holds no secret; delete it, and a new one is made")
    return token


def person_token(folder: Path) -> str:
    """The secret kept in the state folder; made when there is none. Deleting the file makes a new one, and ends every session.

    Raises:
        Exposed: the file is open to others, or holds no secret.
    """
    token = kept_token(folder)
    if token is None:
        _make(folder / FILE)
        token = kept_token(folder)
    if token is None:
        raise Exposed(f"{FILE} in the state folder is deleted again and again; try once more")
    return token
