"""The review card and the ads panel as `ui://` resources (MCP Apps, 2026-01-26), for clients that declare the extension.

A panel is a client of our tools like any other, driven by the host that shows it: what is pressed in it comes as a tool call that the host
could have made by itself. So it can end a preview where the agent's word is enough, and is no person outside the conversation: the gate
takes its yes for the agent's, and at `LAYERS_CONFIRM=human` for none.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from layers_mcp.server.page.html import Html, joined, tag
from layers_mcp.server.page.style import DARK, LIGHT, STYLE

if TYPE_CHECKING:
    from mcp_types import ClientCapabilities

__all__ = ["EXTENSION", "MIME", "PANELS", "Panel", "declared", "page", "shown_by"]

EXTENSION: Final = "io.modelcontextprotocol/ui"
MIME: Final = "text/html;profile=mcp-app"


class Panel(NamedTuple):
    """A page under `ui://layers/` and its name, shown for the answers of `tool`."""

    name: str
    title: str
    description: str
    tool: str

    @property
    def uri(self) -> str:
        """Its address."""
        return f"ui://layers/{self.name}"


PANELS: Final = (
    Panel("review", "Review posts", "The posts that wait for approval: seen, marked, and decided on together.", "list_content"),
    Panel("ads", "Ads", "Spend, cost per conversion and return by ad, by day, and what the optimizer did.", "read_ads_metrics"),
)


def declared(capabilities: ClientCapabilities | None) -> bool:
    """Whether a client shows panels: it declares the extension, and our kind of page among its kinds where it names any."""
    asked = None if capabilities is None else (capabilities.extensions or {}).get(EXTENSION)
    return asked is not None and MIME in asked.get("mimeTypes", (MIME,))


def shown_by(tool: str) -> dict[str, Any] | None:
    """The `_meta` of a tool whose answers have a panel."""
    panel = next((one for one in PANELS if one.tool == tool), None)
    return None if panel is None else {"ui": {"resourceUri": panel.uri}}


def page(panel: Panel) -> str:
    """The whole page; it loads nothing: hosts forbid it what it does not ask for, and it asks for nothing."""
    here = files("layers_mcp.server.panels")
    scripts, more = (
        "\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in names)
        for names in (("host.js", f"{panel.name}.js"), ("panel.css",))
    )
    themes = f":root[data-theme=light] {{ {LIGHT} }} :root[data-theme=dark] {{ {DARK} }}"
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", panel.title),
        tag("style", Html(f"{STYLE}{themes}\n{more}")),
    )
    body = tag("body", tag("main", tag("h1", panel.title)), tag("script", Html(scripts)))
    return f"<!doctype html>\n{tag('html', tag('head', head), body, lang='en')}\n"
