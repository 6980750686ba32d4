"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from pydantic import BaseModel

from layers_mcp.sandbox.child.inside import serve
from layers_mcp.sandbox.child.trouble import Workshop
from layers_mcp.sandbox.web.errand import ASKED, FETCHING, LISTING, READING, ListingErrand, MediaErrand, SiteErrand
from layers_mcp.sandbox.web.fetch import Web
from layers_mcp.sandbox.web.media import fetch
from layers_mcp.sandbox.web.reading import read_listings, read_site

__all__ = ["main"]


def _shop_of(errand: SiteErrand | ListingErrand | MediaErrand | None) -> Workshop[Any]:
    return FETCHING if isinstance(errand, MediaErrand) else LISTING if isinstance(errand, ListingErrand) else READING


def _carry_out(errand: SiteErrand | ListingErrand | MediaErrand) -> BaseModel:
    web = Web(errand.sites)
    match errand:
        case SiteErrand():
            return asyncio.run(read_site(errand, web))
        case ListingErrand():
            return asyncio.run(read_listings(errand, web))
        case MediaErrand():
            return fetch(errand, web)


def main(arguments: list[str]) -> None:
    """Carry out the errand on stdin; `arguments`: seconds and bytes at most."""
    serve(arguments, _shop_of, ASKED, _carry_out)


if __name__ == "__main__":
    main(sys.argv[1:])
