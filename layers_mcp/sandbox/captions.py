"""Captions, written from hook, call to action and brand context: the same words for the same brief."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from layers_mcp.contract.content import CaptionVariant
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import SocialPlatform

__all__ = ["captions"]

_OPENERS = (
    "{hook}",
    "Nobody told me: {hook}",
    "{hook} That's the post.",
    "Day one of telling everybody: {hook}",
    "Save this for later. {hook}",
)
_CLOSERS: dict[SocialPlatform, tuple[str, ...]] = {
    "tiktok": ("{cta}.", "{cta}. Link on our page.", "Go on: {cta}."),
    "instagram": ("{cta}. Link in bio.", "{cta}, link in bio.", "Tap the link in bio. {cta}."),
}
_TAGS: dict[SocialPlatform, int] = {"tiktok": 4, "instagram": 5}
"""Hashtags under a caption."""
_MOST_TEXT = 180
"""Letters of the app's description that a caption carries."""


def _hashtag(keyword: str) -> str:
    return "#" + re.sub(r"[^\w]", "", keyword.lower())


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _short(text: str) -> str:
    first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
    return first if len(first) <= _MOST_TEXT else first[: first.rfind(" ", 0, _MOST_TEXT)].rstrip(",;:") + "…"


def _pick(choices: Sequence[str], *seed: str) -> str:
    return choices[int(sha256("\0".join(seed).encode()).hexdigest(), 16) % len(choices)]


def _caption(platform: SocialPlatform, hook: str, cta: str, *, brand: BrandContext, variant: int) -> str:
    opener = _OPENERS[0] if variant == 0 else _OPENERS[1 + (variant - 1) % (len(_OPENERS) - 1)]
    closer = _pick(_CLOSERS[platform], hook, platform, str(variant))
    story = _short(brand.app_description) if brand.app_description and brand.app_description.strip() != hook.strip() else ""
    lines = [opener.format(hook=_sentence(hook)), _sentence(story), closer.format(cta=cta.strip().rstrip("."))]
    tags = [tag for tag in dict.fromkeys(_hashtag(word) for word in brand.keywords) if len(tag) > 1][: _TAGS[platform]]
    words = " ".join(line for line in lines if line)
    return f"{words} {' '.join(tags)}".strip() if platform == "tiktok" else f"{words}\n\n{' '.join(tags)}".strip()


def captions(platforms: Sequence[SocialPlatform], *, hook: str, cta: str, brand: BrandContext, variant: int) -> list[CaptionVariant]:
    """One caption for each platform; `variant` counts from 0."""
    return [CaptionVariant(platform=platform, text=_caption(platform, hook, cta, brand=brand, variant=variant)) for platform in platforms]
