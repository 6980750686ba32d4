"""Why a platform does not take a post: a rule of the platform, an expired token, or trouble that was scripted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from layers_mcp.contract.publishing import PostProblem

__all__ = ["MOST_A_DAY", "Draft", "of_content", "problem"]

MOST_A_DAY: Mapping[str, int] = {"tiktok": 15, "instagram": 100}
"""Posts an account may publish through the platform's API in 24 hours (TikTok: content posting API, about 15 a creator; Meta:
content publishing, 100)."""
_CAPTION_AT_MOST = 2200
"""Characters of a caption (TikTok: `title` of a direct post; Meta: caption of a media container)."""


class _Refusal(NamedTuple):
    code: str
    says: Mapping[str, str]
    message: str


_RULES: Mapping[str, _Refusal] = {
    "token": _Refusal(
        "CREDENTIAL_INVALID",
        {"tiktok": "access_token_invalid", "instagram": "190"},
        "the account's token is not valid any more; its owner has to connect it again",
    ),
    "many": _Refusal(
        "RATE_LIMITED",
        {"tiktok": "spam_risk_too_many_posts", "instagram": "2207042"},
        "the account has published as many posts in 24 hours as the platform lets through",
    ),
    "caption": _Refusal(
        "PLATFORM_REJECTED",
        {"tiktok": "invalid_params", "instagram": "2207010"},
        f"the caption is longer than the {_CAPTION_AT_MOST} characters that the platform takes",
    ),
    "reel": _Refusal("PLATFORM_REJECTED", {"instagram": "2207023"}, "a reel is a video, and these media are images"),
    "media": _Refusal(
        "PLATFORM_REJECTED",
        {"tiktok": "file_format_check_failed", "instagram": "2207026"},
        "the platform does not take these media",
    ),
}
"""By the name a post keeps; codes as the platforms' pages on errors print them (TikTok: content posting API; Meta: Instagram platform)."""
_SCRIPTED = {"CREDENTIAL_INVALID": "token", "RATE_LIMITED": "many", "PLATFORM_REJECTED": "media"}


class Draft(NamedTuple):
    """A post before it goes out."""

    platform: str
    mode: str
    format: str
    caption: str


def of_content(draft: Draft) -> str | None:
    """The rule that what is posted breaks, whenever it goes out."""
    if draft.mode == "reels" and draft.format == "slideshow_remix":
        return "reel"
    return "caption" if len(draft.caption) > _CAPTION_AT_MOST else None


def problem(kept: str, platform: str) -> PostProblem:
    """What a failed post shows; `kept`: the name of a rule, or a code that was scripted."""
    rule = _RULES.get(_SCRIPTED.get(kept, kept))
    if rule is None:
        return PostProblem(code=kept, message=f"{platform} refused the post")
    return PostProblem(code=rule.code, message=rule.message, platform_code=rule.says.get(platform))
