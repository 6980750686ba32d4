"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import asyncio
import sys

from pydantic import BaseModel

from layers_mcp.sandbox.child.inside import serve
from layers_mcp.sandbox.child.trouble import Workshop
from layers_mcp.sandbox.web.errand import ASKED, READING, ListingErrand, MediaErrand, SiteErrand
from layers_mcp.sandbox.web.fetch import Web
from layers_mcp.sandbox.web.media import fetch
from layers_mcp.sandbox.web.reading import read_listings, read_site

__all__ = ["main"]

_WORKSHOP = Workshop[BaseModel](module=READING.module, outcome=BaseModel, doing=READING.doing, field=READING.field)
"""Whatever it brings; the parent knows which."""


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
    serve(arguments, _WORKSHOP, ASKED, _carry_out)


if __name__ == "__main__":
    main(sys.argv[1:])
