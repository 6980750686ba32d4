"""Whether a delivery comes from Layers: a pure judgement of its signature, over the raw body, by the secrets that are good now."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from layers_mcp.contract.signing import TOLERANCE_S, mac, read_signature

__all__ = ["signed_by"]


def signed_by(header: str, body: bytes, secrets: Iterable[str], *, now_s: float) -> str | None:
    """The secret that a body was signed with, or None: no signature, an old one, one from the future, or one that is nobody's.

    `secrets`: all that may have signed it; while one is rotated both are good. `now_s`: seconds since 1970 by the wall. Every secret is
    tried against every MAC, whichever is found first, so that the time it takes tells nobody anything about them.
    """
    given = read_signature(header)
    if given is None or abs(now_s - given.at) > TOLERANCE_S:
        return None
    found: str | None = None
    for secret in secrets:
        own = mac(secret, body, given.at)
        if sum(hmac.compare_digest(own, one) for one in given.macs):  # a sum: no MAC is left out because one before it fitted
            found = secret
    return found
