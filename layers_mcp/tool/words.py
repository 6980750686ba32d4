"""What can't be seen in a text: characters that would go out with a post although nobody could judge them."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ANSI", "hidden", "plain_code", "visible"]

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]")
"""Escape sequences of terminals."""
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Control, format (zero-width, bidi), surrogates, private use, unassigned, line breaks of Unicode's own (its general categories)."""
_KEPT = ("\n", "\t", "\u200d", "\ufe0f")
"""Line breaks, and what holds emoji and Indic words together."""

_CODE = re.compile(r"[A-Z0-9_]{1,64}")


def plain_code(code: str | None) -> str | None:
    """`code` where it is one, as in `PLATFORM_REJECTED`; None for free text, which a platform may send in its place."""
    return code if code is not None and _CODE.fullmatch(code) else None


def visible(words: str) -> str:
    """`words` without terminal sequences and characters that can't be seen."""
    words = ANSI.sub("", words)
    return "".join(char for char in words if char in _KEPT or unicodedata.category(char) not in _UNSEEN)


def hidden(words: str | None) -> int:
    """How many characters of `words` can't be seen."""
    return 0 if words is None else len(words) - len(visible(words))
