"""Digests of what is bound together, and the handles that name a preview; pure but for the dice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import unicodedata
from datetime import timedelta
from pathlib import Path

from pydantic import JsonValue, SecretStr

__all__ = ["LIFE", "canonical", "digest", "fingerprint", "new_handle", "principal_of", "principal_of_file"]

LIFE = timedelta(minutes=10)
"""How long a handle can be spent, an outcome given back, and an Idempotency-Key reused."""
_HANDLE = re.compile(r"cf_[a-z2-7]{32}", re.ASCII)


def _plain(value: JsonValue) -> JsonValue:
    """The one form of everything that means the same: whole floats as integers, strings in NFC."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def canonical(value: JsonValue) -> bytes:
    """`value` as bytes that are equal exactly when the values mean the same: sorted keys, NFC strings, `1.0` as `1`.

    Raises:
        ValueError: NaN or infinity, which equal nothing.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest(value: JsonValue) -> str:
    """SHA-256 of `canonical(value)`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def new_handle() -> str:
    """A handle nobody can guess: `cf_` and 160 random bits in 32 letters and digits."""
    return "cf_" + base64.b32encode(secrets.token_bytes(20)).decode("ascii").lower()


def fingerprint(handle: object) -> str | None:
    """The digest under which a handle is kept, so that a leaked database holds none; None when `handle` is no handle at all."""
    if isinstance(handle, str) and _HANDLE.fullmatch(handle):
        return hashlib.sha256(handle.encode("ascii")).hexdigest()
    return None


def principal_of(key: SecretStr) -> str:
    """Who acts with this API key: `key_` and the first 16 digits of its SHA-256; the key can't be had back from it."""
    return "key_" + hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:16]


def principal_of_file(path: Path) -> str:
    """Who acts with the keys in this file: `keys_` and 16 digits of the SHA-256 of where it really lies.

    The place and not a key, because the keys in it come and go, and one who rotates them is still the same: their customers, plans, runs,
    handles, kept outcomes and idempotency keys go on, and two processes of which one started before the rotation share a budget. The price:
    the same key by file and by setting is two principals, with a budget each, and a file that moves is another. Whoever puts another
    organization's key in gives it another file.
    """
    return "keys_" + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
