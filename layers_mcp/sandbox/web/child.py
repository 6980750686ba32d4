"""Runs one errand on the web in a child process."""

from __future__ import annotations

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.running import run as run_child
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.web.errand import FETCHING, READING, ListingErrand, MediaErrand, MediaFile, Outcome, SiteErrand

__all__ = ["fetch", "read"]

_READING = Limits(at_most_s=75.0)
_FETCHING = Limits(at_most_s=40.0)


async def read(errand: SiteErrand | ListingErrand, limits: Limits = _READING) -> Outcome | Trouble:
    """Read a website, or listings of an app. A page that breaks its reader is trouble with the page: reading it again would too."""
    result = await run_child(READING, errand, limits)
    if not isinstance(result, Trouble) or result.code != "INTERNAL" or result.field is None:
        return result
    field = errand.listings[0].field if isinstance(errand, ListingErrand) else "url"
    return Trouble(code="SCRAPE_FAILED", message=f"{field}: {result.message}", field=field)


async def fetch(errand: MediaErrand, limits: Limits = _FETCHING) -> MediaFile | Trouble:
    """Fetch a file for an app."""
    return await run_child(FETCHING, errand, limits)
