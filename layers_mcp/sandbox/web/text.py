"""Bytes of a page as text, whatever its charset claims."""

from __future__ import annotations

import codecs
import re

__all__ = ["decoded"]

_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?\s{0,5}([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_HEAD = 2048
_KNOWN = re.compile(
    r"utf-?8|utf-?16(?:[lb]e)?|us-ascii|ascii|latin-?1|iso-?8859-?\d{1,2}|(?:windows|cp)-?125\d|koi8-[ru]|macintosh"
    r"|shift[-_]jis|sjis|windows-31j|euc-jp|iso-2022-jp|euc-kr|ks_c_5601-1987|gb2312|gbk|gb18030|big5(?:-hkscs)?"
)
"""Charsets of web pages; Python knows more codecs, some of them slow on purpose."""
_SEVEN_BITS = frozenset({"iso-2022-jp"})
"""Charsets whose bytes all look like ASCII, so that only the declaration tells."""
_LAST = "windows-1252"


def _codec(name: str | None) -> str | None:
    lower = (name or "").strip().lower()
    if not _KNOWN.fullmatch(lower):
        return None
    try:
        return codecs.lookup(lower).name
    except LookupError:
        return None


def _as(raw: bytes, codec: str) -> str | None:
    """The text, a letter cut off at the end forgiven; None when it is not in this charset."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(raw, final=False)
    except UnicodeError:
        return None


def decoded(raw: bytes, declared: str | None) -> str:
    """The text of a page: by its byte order mark, as UTF-8 if it is that, else as `declared` (by the header, or by the page itself).

    What is in no charset it could be loses the letters that cannot be read.
    """
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(mark):
            return raw[len(mark) :].decode(codec, "ignore")
    own = _DECLARED.search(raw[:_HEAD])
    named = _codec(declared) or _codec(own[1].decode("ascii") if own else None)
    order = [named, "utf-8"] if named in {codecs.lookup(name).name for name in _SEVEN_BITS} else ["utf-8", named]
    found = (text for codec in order if codec is not None and (text := _as(raw, codec)) is not None)
    return next(found, None) or raw.decode(_LAST, "ignore")
