"""Text broken into lines: between words, between the phrases of scripts that write without spaces, never where it is forbidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import budoux

from layers_mcp.sandbox.media.letters import clusters

__all__ = ["Word", "balanced", "broken", "words"]

_NO_START = frozenset(
    "、。，．,.・：；:;？！?!‥…゛゜ヽヾゝゞ々ー～〜’”）)〕］]｝}〉》」』】»›%％‰°ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ،؛؟۔।॥ฯๆ‐-–—"  # noqa: RUF001 - as they are written
)
"""What begins no line (JIS X 4051, and the signs of other scripts)."""
_NO_END = frozenset("‘“（(〔［[｛{〈《「『【«‹¿¡#＃$＄¥￥£€")  # noqa: RUF001 - as they are written
"""What ends no line."""
_SPACELESS = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_WORDY = re.compile(r"\w")
_CLOSED = re.compile("(?<=[」』】》])")
_MOST_PHRASE = 12
"""Letters of a phrase that is kept on one line."""

_ENDS = frozenset(".!?…。؟।\u06d4\uff01\uff1f")
_WHOLE = 0.4
"""How little the unused width counts after a sentence that others follow."""

Measure = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Word:
    """What stays on one line; `width` in ems, `gap` the space before it, `first` where a line must begin."""

    text: str
    width: float
    gap: float
    first: bool = False


@cache
def _parser(name: str) -> budoux.Parser:
    return {
        "ja": budoux.load_default_japanese_parser,
        "hans": budoux.load_default_simplified_chinese_parser,
        "hant": budoux.load_default_traditional_chinese_parser,
        "th": budoux.load_default_thai_parser,
    }[name]()


def _phrases(text: str, language: str) -> list[str]:
    """The phrases of a text that has no spaces."""
    if _THAI.search(text):
        return _parser("th").parse(text)
    if _KANA.search(text) or language.lower().startswith("ja"):
        return _parser("ja").parse(text)
    traditional = language.lower().startswith(("zh-tw", "zh-hk", "zh-mo", "zh-hant"))
    return _parser("hant" if traditional else "hans").parse(text)


def _pieces(text: str) -> list[str]:
    """A text's letters, each with those that may not begin or end a line without it."""
    found: list[str] = []
    for cluster in clusters(text):
        if found and (cluster[0] in _NO_START or found[-1][-1] in _NO_END):
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def _parts(chunk: str, language: str) -> list[str]:
    """What of a chunk between two spaces may stand on lines of its own."""
    if not _SPACELESS.search(chunk):
        return [chunk]
    found: list[str] = []
    for phrase in (part for whole in _phrases(chunk, language) for part in _CLOSED.split(whole) if part):
        for part in _pieces(phrase) if len(phrase) > _MOST_PHRASE and not _THAI.search(phrase) else [phrase]:
            if found and (part[0] in _NO_START or found[-1][-1] in _NO_END):
                found[-1] += part
            else:
                found.append(part)
    return found


def _chunks(line: str) -> list[str]:
    """The line between its spaces; a sign or an emoji alone stays with the word before it."""
    found: list[str] = []
    for chunk in line.split(" "):
        if found and (not _WORDY.search(chunk) or (chunk[0] in _NO_START and len(chunk) == 1) or found[-1] in _NO_END):
            found[-1] += f" {chunk}"
        else:
            found.append(chunk)
    return found


def _in_line(line: str, language: str, measure: Measure) -> Iterator[Word]:
    first = True
    for chunk in _chunks(line):
        gap = 0.0 if first else measure(" ")
        for part in _parts(chunk, language):
            yield Word(part, measure(part), gap, first=first)
            first, gap = False, 0.0


def words(text: str, language: str, measure: Measure) -> tuple[Word, ...]:
    """The unbreakable parts of a text; `measure` gives a part's width in ems."""
    return tuple(word for line in text.split("\n") if line for word in _in_line(line, language, measure))


def _split(word: Word, limit: float, measure: Measure) -> Iterator[Word]:
    """A word too wide for a line, in parts that are not, as far as its letters allow."""
    part, gap, first = "", word.gap, word.first
    for piece in _pieces(word.text):
        if part and measure(part + piece) > limit:
            yield Word(part, measure(part), gap, first=first)
            part, gap, first = "", 0.0, False
        part += piece
    yield Word(part, measure(part), gap, first=first)


def broken(parts: Sequence[Word], limit: float, measure: Measure) -> tuple[Word, ...]:
    """The parts with those wider than `limit` ems split."""
    return tuple(each for word in parts for each in (_split(word, limit, measure) if word.width > limit else (word,)))


def _line(parts: Sequence[Word], start: int, end: int) -> str:
    return "".join((" " if word.gap and number > start else "") + word.text for number, word in enumerate(parts[start:end], start))


def balanced(parts: Sequence[Word], limit: float) -> tuple[str, ...]:
    """Lines of at most `limit` ems whose unused widths, squared, make the least sum; a wider word has a line of its own."""
    costs, starts = [0.0], [0]
    for end in range(1, len(parts) + 1):
        width, best, begin = 0.0, float("inf"), end - 1
        for start in range(end - 1, -1, -1):
            width += parts[start].width + (parts[start + 1].gap if start + 1 < end else 0.0)
            if width > limit and start < end - 1:
                break
            whole = end < len(parts) and not parts[end].first and parts[end - 1].text[-1] in _ENDS
            if (cost := costs[start] + (limit - width) ** 2 * (_WHOLE if whole else 1.0)) < best:
                best, begin = cost, start
            if parts[start].first:
                break
        costs.append(best)
        starts.append(begin)
    lines, end = list[str](), len(parts)
    while end:
        lines.append(_line(parts, starts[end], end))
        end = starts[end]
    return tuple(reversed(lines))
