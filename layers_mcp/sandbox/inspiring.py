"""What to make content from: hooks, written from the brand, and posts of others, of which there are none here."""

from __future__ import annotations

from pydantic import JsonValue

from layers_mcp.contract import content_edits as edits
from layers_mcp.contract import errors
from layers_mcp.sandbox import projects
from layers_mcp.sandbox.caption_words import words_of
from layers_mcp.sandbox.visit import Visit

__all__ = ["hooks", "sources"]

_MOST = 8
"""Hooks of one answer; ours."""
_VOICE, _LANGUAGE = "authentic", "en"
"""Where neither an influencer nor the project says another (layers-api: content/hooks)."""


def hooks(visit: Visit, request: edits.GetHooks) -> edits.Hooks:
    """Hooks for a project, others at every look.

    Raises:
        errors.Invalid: the brand context lacks the app's name or description.
    """
    project = projects.own(visit, request.project_id)
    brand = projects.brand_at(visit, project.id)[0]
    known = {"appName": brand and brand.app_name, "appDescription": brand and brand.app_description}
    missing: list[JsonValue] = [name for name, value in known.items() if not value]
    if brand is None or missing:
        issues: list[JsonValue] = [{"path": f"brandContext.{name}", "message": "is needed to write hooks"} for name in missing]
        raise errors.Invalid("the brand context does not say enough to write hooks", details={"missingFields": missing, "issues": issues})
    language = brand.primary_language or project.language or _LANGUAGE
    words = words_of(language)
    first = brand.tagline or words.meet.format(name=brand.app_name)
    written = list(dict.fromkeys(opener.format(hook=first) for tone in words.openers.values() for opener in tone))
    turn = int(visit.now.timestamp()) % len(written)
    return edits.Hooks(hooks=tuple((written[turn:] + written[:turn])[:_MOST]), brand_voice=brand.brand_voice or _VOICE, language=language)


def sources(visit: Visit, request: edits.ListSources) -> edits.SourcePage:
    """No posts: nobody has found any, and there is no TikTok to search."""
    projects.own(visit, request.project_id)
    return edits.SourcePage(items=(), source="portfolio" if request.keyword is None else "search", next_cursor=None)
