"""How Layers signs what it sends to a webhook endpoint; the sandbox signs by it, the receiver checks by it.

`X-Layers-Signature: t=<unix seconds>,v1=<hex>`, where the MAC is HMAC-SHA256(secret, "{t}." + raw body); while a secret is rotated
there are several `v1` (layers-api: operational/webhooks). The key is the whole secret as it was shown, `whsec_` and all; ours (`drift`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["EVENT_ID", "SIGNATURE", "TOLERANCE_S", "Signature", "mac", "read_signature", "signature"]

SIGNATURE: Final = "X-Layers-Signature"
"""The header that carries the signature."""
EVENT_ID: Final = "X-Layers-Event-Id"
"""The header that repeats the event's id, the same at every attempt (layers-api: operational/webhooks)."""
TOLERANCE_S: Final = 300
"""How far `t` may be from the receiver's clock, both ways, in seconds (layers-api: operational/webhooks, "5 minutes")."""
_MOST_MACS = 8
"""More secrets than this are never good at one time; ours: a header must not make a receiver reckon for ever."""
_MOST_LETTERS = 1_000
_AT = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Signature(NamedTuple):
    """A signature as it was sent: `at`, seconds since 1970; `macs`, 64 lower-case hex digits each, one to eight."""

    at: int
    macs: tuple[str, ...]


def mac(secret: str, body: bytes, at: int) -> str:
    """The MAC of a raw body that is sent at `at`, seconds since 1970: 64 hex digits."""
    return hmac.new(secret.encode(), b"%d." % at + body, "sha256").hexdigest()


def signature(secrets: Sequence[str], body: bytes, at: int) -> str:
    """The header's value for a raw body, by each of the secrets that are good at `at`."""
    return ",".join([f"t={at}", *(f"v1={mac(secret, body, at)}" for secret in secrets)])


def read_signature(header: str) -> Signature | None:
    """The signature that a header's value holds, or None when it holds none that can be checked.

    Schemes other than `v1` are passed over, so that Layers may add one. One `t`, at least one `v1`, or it is none.
    """
    if len(header) > _MOST_LETTERS:
        return None
    parts = [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in header.split(","))]
    times = [value for name, value in parts if name == "t"]
    macs = tuple(value for name, value in parts if name == "v1")
    if len(times) != 1 or not _AT.fullmatch(times[0]) or not 0 < len(macs) <= _MOST_MACS or not all(map(_MAC.fullmatch, macs)):
        return None
    return Signature(int(times[0]), macs)
