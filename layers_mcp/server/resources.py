"""Resources: what a tool shows, under an address of its own, for people and hosts to pin. The tool reads it, with all that holds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from layers_mcp.server.caller import Caller

__all__ = ["TEMPLATES", "Suggest", "Template", "asked"]

Suggest = Callable[[str, str, "Caller | None"], Awaitable[list[str]]]
"""Values that begin so, for an argument of a template by its name."""


class Template(NamedTuple):
    """A kind of resource. `tool`: what reads it, by `argument` and `more`."""

    name: str
    title: str
    description: str
    start: str
    argument: str
    tool: str
    more: dict[str, Any]

    @property
    def uri_template(self) -> str:
        """RFC 6570."""
        return f"{self.start}{{{self.argument}}}"


TEMPLATES: Final = (
    Template(
        name="run",
        title="Run of a loop",
        description="The history of a run: its steps, when they ended and what came out of each, what it cost, and what it waits for.",
        start="layers://runs/",
        argument="runId",
        tool="get_run",
        more={"detail": "full", "waitSeconds": 0},
    ),
)


def asked(uri: str) -> tuple[str, dict[str, Any]] | None:
    """The tool and the arguments that read what a URI names; None where no template fits it."""
    for one in TEMPLATES:
        rest = uri.removeprefix(one.start)
        if uri != rest and rest and not set(rest) & set("/?#"):
            return one.tool, {one.argument: unquote(rest), **one.more}
    return None
