"""Strangers' words made harmless, and what can't be seen in them, which would go out with a post although nobody could judge it."""

from __future__ import annotations

import re
import unicodedata

from pydantic import JsonValue

__all__ = ["ANSI", "AT_MOST_TEXT", "clean", "hidden", "plain_code", "visible"]

AT_MOST_TEXT = 1500
"""Characters of one string in a result; what is longer is cut and says so (our choice, below the 8,000 tokens of design §4)."""
ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]{0,500}(?:\x07|\x1b\\|\x9c)|\x1b[@-_]"
)
"""Escape sequences of terminals (ECMA-48): control sequences, strings that end (OSC, DCS, APC, PM, SOS), and two-letter ones."""
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Control, format (zero-width, bidi, tags), surrogates, private use, unassigned, line breaks of Unicode's own (its general categories)."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show as nothing (Unicode: Default_Ignorable_Code_Point, and the empty braille pattern)."""
_KEPT = ("\n", "\t")
_LINES = str.maketrans(dict.fromkeys(_KEPT, " "))
_JOINERS = ("\u200c", "\u200d")
_JOINED = re.compile(
    "[\u0600-\u0dff\u0f00-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
"""Scripts whose letters take another form by a joiner or a non-joiner between them: Arabic, the Indic ones and their like."""
_SELECTORS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SHOWN_AS = ("\ufe0e", "\ufe0f")
"""Whether a sign is shown as text or as an emoji; the other selectors only choose among forms of a letter, and carry what is not seen."""
_EMOJI = re.compile("[\U0001f000-\U0001faff]")
_SIGNS = ("So", "Sm", "Sk", "Po", "Pd", "Nd")
"""What a sign may be that can be an emoji too: ☕, ↔, 🏽, ‼, 〰, 1."""

_ODD = re.compile(f"{_SELECTORS.pattern}|[{''.join(sorted(_BLANK))}]")
"""What Python calls printable, and can't be seen all the same."""
_URL = re.compile(r"^https?://\S{1,8000}$")
"""A link that is cut leads nowhere."""
_CODE = re.compile(r"[A-Z0-9_]{1,64}")


def plain_code(code: str | None) -> str | None:
    """`code` where it is one, as in `PLATFORM_REJECTED`; None for free text, which a platform may send in its place."""
    return code if code is not None and _CODE.fullmatch(code) else None


def _sign(char: str) -> bool:
    """Whether it can be an emoji, or a part of one."""
    return _EMOJI.match(char) is not None or unicodedata.category(char) in _SIGNS


def _holds(before: str, char: str, after: str) -> bool:
    """Whether a character that can't be seen holds together what stands `before` and `after` it, so that both read as they should."""
    if char in _SHOWN_AS:
        return before != "" and _sign(before)
    letters = _JOINED.match(before) is not None and _JOINED.match(after) is not None
    signs = char == "\u200d" and before != "" and after != "" and (_sign(before) or before in _SHOWN_AS) and _sign(after)
    return char in _JOINERS and (letters or signs)


def _seen(char: str) -> bool:
    if _SELECTORS.match(char) or char in _BLANK:
        return False
    return char in _KEPT or _EMOJI.match(char) is not None or unicodedata.category(char) not in _UNSEEN


def visible(words: str) -> str:
    """`words` without terminal sequences and characters that can't be seen, but for those that scripts and emoji are written with."""
    if words.translate(_LINES).isprintable() and not _ODD.search(words):  # nearly all of them, and in a fiftieth of the time
        return words
    words, kept = ANSI.sub("", words), list[str]()
    for place, char in enumerate(words):
        if _seen(char) or _holds(kept[-1] if kept else "", char, words[place + 1 : place + 2]):
            kept.append(char)
    return "".join(kept)


def _cleaned(words: str, *, whole: bool) -> str:
    kept = visible(words)
    return kept if whole or len(kept) <= AT_MOST_TEXT or _URL.match(kept) else f"{kept[:AT_MOST_TEXT]}… [cut, {len(kept)} characters]"


def clean(value: JsonValue, *, whole: bool = False) -> JsonValue:
    """`value` without control, zero-width, bidi and ANSI characters, absent things left out, and long strings cut unless `whole`.

    The zero-width joiner stays: it holds emoji and Indic words together.
    """
    if isinstance(value, str):
        return _cleaned(value, whole=whole)
    if isinstance(value, list):
        return [clean(entry, whole=whole) for entry in value]
    if isinstance(value, dict):
        kept = {key: entry for key, entry in value.items() if entry is not None and entry not in ([], {})}
        return {_cleaned(key, whole=False): clean(entry, whole=whole) for key, entry in kept.items()}
    return value


def hidden(words: str | None) -> int:
    """How many characters of `words` can't be seen."""
    return 0 if words is None else len(words) - len(visible(words))
