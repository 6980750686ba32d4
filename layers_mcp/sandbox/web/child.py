"""Runs one errand on the web in a child process."""

from __future__ import annotations

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.running import run as run_child
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.web.errand import FETCHING, LISTING, READING, ListingErrand, MediaErrand, MediaFile, Outcome, SiteErrand, merged

__all__ = ["fetch", "read"]

_READING = Limits(at_most_s=75.0)
_FETCHING = Limits(at_most_s=27.0)
"""Below the 30 s that a client waits for an answer."""


def _blamed(result: Outcome | Trouble, field: str) -> Outcome | Trouble:
    """A page that breaks its reader is trouble with the page: reading it again would break it too."""
    if not isinstance(result, Trouble) or result.code != "INTERNAL" or result.field is None:
        return result
    return Trouble(code="SCRAPE_FAILED", message=f"{field}: {result.message}", field=field)


async def read(errand: SiteErrand | ListingErrand, limits: Limits = _READING) -> Outcome | Trouble:
    """Read a website, or listings of an app, each in a child of its own: what breaks is blamed on its own field."""
    if isinstance(errand, SiteErrand):
        return _blamed(await run_child(READING, errand, limits), "url")
    found: list[Outcome] = []
    for listing in errand.listings:
        alone = errand.model_copy(update={"listings": (listing,)})
        result = _blamed(await run_child(LISTING, alone, limits), listing.field)
        if isinstance(result, Trouble):
            return result
        found.append(result)
    return merged(found)


async def fetch(errand: MediaErrand, limits: Limits = _FETCHING) -> MediaFile | Trouble:
    """Fetch a file for an app."""
    return await run_child(FETCHING, errand, limits)
