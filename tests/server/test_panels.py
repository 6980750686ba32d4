"""Panels for clients that show them; every other client is told of none."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp.client import advertise
from mcp.shared.exceptions import MCPError

from layers_mcp.server.bind import bind
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.panels.panels import EXTENSION, MIME

pytestmark = pytest.mark.anyio


async def _never(*_: object, **__: object) -> None:
    raise AssertionError("nothing is called")


async def test_only_a_client_that_shows_panels_is_told_of_them():
    """MCP Apps: the tool names its page, the page loads nothing; without the extension nothing differs from the catalog."""
    server = bind(read_catalog(), _never, _never)

    async with Client(server, extensions=[advertise(EXTENSION, {"mimeTypes": [MIME]})]) as showing, Client(server) as plain:
        tools = (await showing.list_tools()).tools
        metas = {one.name: one.meta for one in tools if one.meta}
        addresses = [str(one.uri) for one in (await showing.list_resources()).resources]
        pages = [(await showing.read_resource(f"ui://layers/{name}")).contents[0] for name in ("review", "ads")]
        untold = [one.model_dump() for one in (await plain.list_tools()).tools]
        unlisted = [str(one.uri) for one in (await plain.list_resources()).resources]
        with pytest.raises(MCPError, match="no such resource"):
            await plain.read_resource("ui://layers/review")

    panels = {"list_content": "ui://layers/review", "read_ads_metrics": "ui://layers/ads"}
    assert metas == {tool: {"ui": {"resourceUri": uri}} for tool, uri in panels.items()}
    assert [one for one in addresses if one not in unlisted] == list(panels.values())
    assert untold == [one.model_dump() | {"meta": None} for one in tools]
    for page in pages:
        assert (page.mime_type, page.meta["ui"]["csp"]) == (MIME, {})
        text = page.text.replace('"http://www.w3.org/2000/svg"', "")  # the name of a language, which nothing is loaded from
        assert not any(word in text for word in ("http://", "https://", "innerHTML", "<link", " src="))


async def test_a_client_of_other_kinds_of_page_is_told_of_no_panel():
    """The extension's mimeTypes say what a host can show."""
    server = bind(read_catalog(), _never, _never)

    async with Client(server, extensions=[advertise(EXTENSION, {"mimeTypes": ["application/x-other"]})]) as client:
        assert not any(one.meta for one in (await client.list_tools()).tools)
