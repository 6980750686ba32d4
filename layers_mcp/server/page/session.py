"""Who is at the page: a session that only the person's secret can make, and a form's token that only that session has. Pure.

Nothing is kept: a session is an id and its end, signed. Whoever changes the secret ends every session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

__all__ = ["LIFE", "form_token", "new_session", "opens", "same", "valid"]

LIFE = timedelta(hours=12)
"""How long a browser stays known (our choice: a working day)."""


def same(one: str, other: str) -> bool:
    """Whether two strings are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def opens(given: str, token: str) -> bool:
    """Whether what came is the person's secret; of another length is compared no faster."""
    return hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest(), hashlib.sha256(token.encode()).digest())


def _signed(token: str, use: str, words: str) -> str:
    key = hmac.digest(token.encode(), b"layers-mcp page", "sha256")
    return hmac.new(key, f"{use}\n{words}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def new_session(token: str, now: datetime) -> str:
    """A session's cookie: a random id, its end in seconds of the epoch, and the signature of both."""
    words = f"{secrets.token_hex(16)}.{int((now + LIFE).timestamp())}"
    return f"{words}.{_signed(token, 'session', words)}"


def valid(session: str, token: str, now: datetime) -> bool:
    """Whether this is a session of ours that has not ended."""
    words, _, signature = session.rpartition(".")
    if not same(signature, _signed(token, "session", words)):
        return False
    return int(words.rpartition(".")[2]) > now.timestamp()


def form_token(token: str, session: str, name: str) -> str:
    """What the form of the preview `name` must come with in this session."""
    return _signed(token, "form", f"{session}\n{name}")
