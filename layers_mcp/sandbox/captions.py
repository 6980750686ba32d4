"""Captions, written from hook, call to action and brand context in the post's language: the same words for the same brief."""

# ruff: noqa: RUF001  the signs of other scripts are meant

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from layers_mcp.contract.content import CaptionVariant
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox.caption_words import Tone, Words, words_of

__all__ = ["Message", "captions"]

_LIMITS: dict[SocialPlatform, int] = {"tiktok": 2200, "instagram": 2200}
"""Length of a caption (layers-api: POST …/content/upload); counted in UTF-16 units, the longest count, by our choice."""
_MOST_HASHTAGS = 30
"""In one caption, those of a hook included; our choice, after Instagram's limit."""
_TAGS: dict[SocialPlatform, int] = {"tiktok": 4, "instagram": 5}
"""Hashtags of ours under a caption."""
_MOST_STORY = 180
"""Length of the app's description in a caption, in UTF-16 units."""
_LIVELY = ("playful", "bold", "witty", "warm")
_PLAIN = ("calm", "expert", "formal", "professional")
_VOICE = re.compile(rf"(?<!\bnot )(?<!\bno )(?<!\bnever )\b(?:({'|'.join(_LIVELY)})|{'|'.join(_PLAIN)})", re.IGNORECASE)
_ENDS = ".!?…:。！？؟؛।۔："
_CLOSING = "\"'”’»)]」』）\ufe0f"
_SENTENCE = re.compile(r"(?<=[。！？؟।])(?![。！？؟।」』）])|(?<=[.!?])\s")
_LOOSE = " \t\r\n\u00a0\u3000.,;:!?…-–—、。，；：！？،؛؟।"
"""What does not stand before the ellipsis of a shortened text."""
_JOINERS = "\u200c\u200d"
_JOINED = re.compile(r"[\u0e33\u0eb3\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f]")
"""Letters by their category that belong to the one before: vowels of Thai and Lao, later parts of a Hangul syllable, kana marks."""
_LEADING = re.compile(r"[\u1100-\u115f\ua960-\ua97c]")
_FLAGS = range(0x1F1E6, 0x1F200)
_STYLES = range(0xFE00, 0xFE10)
_VIRAMA = 9
_SIGN = re.compile(r"[#＃](?=\w)")


@dataclass(frozen=True)
class Message:
    """What a post says, and in which language (BCP-47); hook and call to action stand as they were given, nothing is translated."""

    hook: str
    cta: str
    language: str


@dataclass(frozen=True)
class _Told:
    """What a caption says, before it is laid out."""

    hook: str
    story: str
    cta: str


def _size(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def _inside(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would part what a reader sees as one letter (Unicode TR 29, erring towards whole)."""
    before, letter = text[at - 1], text[at]
    category = unicodedata.category(letter)
    if category[0] == "M" or category in {"Cf", "Sk"} or _JOINED.match(letter) or (before, letter) == ("\r", "\n"):
        return True
    if unicodedata.category(before) == "Cf" or unicodedata.combining(before) == _VIRAMA or _LEADING.match(before):
        return True
    if ord(letter) not in _FLAGS:
        return False
    start = at
    while start and ord(text[start - 1]) in _FLAGS:
        start -= 1
    return (at - start) % 2 == 1


def _cut(text: str, most: int) -> str:
    """The text at no more than `most` units, cut between words where it has them and between letters where not; "" sooner than "…"."""
    if _size(text) <= most:
        return text
    end, room = 0, most - 1
    while end < len(text) and (room := room - _size(text[end])) >= 0:
        end += 1
    space = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if space > end // 2:
        end = space
    while end > 0 and (_inside(text, end) or text[end - 1].isspace() or text[end - 1] in _LOOSE):
        end -= 1
    return f"{text[:end]}…" if end else ""


def _story(description: str) -> str:
    """The first sentence of a description, shortened."""
    sentences = (part.strip() for part in _SENTENCE.split(description.strip()))
    return _cut(next((part for part in sentences if any(map(str.isalnum, part))), ""), _MOST_STORY)


def _sentence(text: str, stop: str) -> str:
    """The text with a stop, unless it has an end of its own: a sign, or a picture."""
    text = text.strip()
    last = text.rstrip(_CLOSING)[-1:]
    return text if not last or last in _ENDS or unicodedata.category(last) in {"So", "Sk"} else text + stop


def _hashtag(keyword: str) -> str:
    """The keyword in one word behind "#", with the marks of its letters; "" where no letter is left."""
    kept, held = "", False
    for letter in unicodedata.normalize("NFC", keyword.lower()):
        if letter == "_" or letter.isalnum():
            kept, held = kept + letter, True
        elif held and (letter in _JOINERS or unicodedata.category(letter) in {"Mn", "Mc"}) and ord(letter) not in _STYLES:
            kept += letter
        else:
            held = False
    kept = kept.strip(_JOINERS)
    return f"#{kept}" if any(map(str.isalpha, kept)) else ""


def _tone(voice: str | None) -> Tone:
    """The set of openers and closers for a brand voice: the first word that tells decides, plain where none does.

    The words and the two sets are the sandbox's choice; Layers writes from the voice itself.
    """
    found = _VOICE.search(voice or "")
    return "lively" if found and found[1] else "plain"


def _fits(template: str, text: str) -> bool:
    """Whether a text does not yet say what a template would put around it."""
    fixed = (part.strip(_LOOSE + "¡¿").casefold() for part in re.split(r"\{\w+\}", template))
    return not any(part and part in text.casefold() for part in fixed)


def _pick(choices: Sequence[str], *seed: str) -> str:
    return choices[int(sha256("\0".join(seed).encode()).hexdigest(), 16) % len(choices)]


def _joined(parts: Sequence[str], joint: str) -> str:
    """The sentences in a row; after one that ends in Latin signs stands a space in every language."""
    text = ""
    for part in filter(None, parts):
        text += (joint or (" " if text[-1].isascii() else "") if text else "") + part
    return text


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


def _tagged(text: str, platform: SocialPlatform, keywords: Sequence[str]) -> str:
    """The text with hashtags under it, or behind it on TikTok; never behind right-to-left text, which they would turn about."""
    parts = _SIGN.split(text)
    text = "#".join(parts[: _MOST_HASHTAGS + 1]) + "".join(parts[_MOST_HASHTAGS + 1 :])
    room = min(_TAGS[platform], max(_MOST_HASHTAGS + 1 - len(parts), 0))
    tags = [tag for tag in dict.fromkeys(_hashtag(keyword) for keyword in keywords) if tag][:room]
    between = "\n\n" if platform == "instagram" else "\n" if _right_to_left(text) else " "
    return between.join(filter(None, (text, " ".join(tags))))


def _caption(platform: SocialPlatform, told: _Told, words: Words, *, brand: BrandContext, variant: int) -> str:
    tone = _tone(brand.brand_voice)
    openers = [opener for opener in words.openers[tone] if _fits(opener, told.hook)]
    opener = openers[variant % len(openers)]
    closers = [closer for closer in words.closers[tone][platform] if _fits(closer, told.cta)] or ["{cta}"]
    closer = _pick(closers, told.hook, platform, str(variant))

    def laid(said: _Told) -> str:
        hook, story, cta = (_sentence(text, words.stop) for text in (said.hook, said.story, said.cta))
        lines = (hook and opener.format(hook=hook), story, cta and closer.format(cta=cta))
        return _tagged(_joined(lines, words.joint), platform, brand.keywords)

    for name in ("story", "hook", "cta"):
        over = _size(laid(told)) - _LIMITS[platform]
        if over > 0:
            said: str = getattr(told, name)
            told = replace(told, **{name: _cut(said, max(_size(said) - over, 0))})
    return laid(told)


def _told(message: Message, brand: BrandContext) -> _Told:
    """A message with the brand's story, unless the hook says it or the brand is known to speak another language."""
    hook, story = message.hook.strip(), _story(brand.app_description or "")
    spoken, wanted = ((tag or message.language).lower().partition("-")[0] for tag in (brand.primary_language, message.language))
    told_twice = story.rstrip(_LOOSE).casefold() == hook.rstrip(_LOOSE).casefold()
    return _Told(hook, "" if told_twice or spoken != wanted else story, message.cta.strip())


def captions(platforms: Sequence[SocialPlatform], message: Message, *, brand: BrandContext, variant: int) -> list[CaptionVariant]:
    """One caption for each platform, in the message's language and the brand's voice; `variant` counts from 0."""
    told, words = _told(message, brand), words_of(message.language)
    return [CaptionVariant(platform=platform, text=_caption(platform, told, words, brand=brand, variant=variant)) for platform in platforms]
