"""What a server can be asked for without showing it: found by a few words, described one at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field, JsonValue

from layers_mcp.tool.outcome import View

if TYPE_CHECKING:
    from layers_mcp.tool.declaration import Tool

__all__ = ["Described", "Found", "Reach"]


class Found(View):
    """A tool, or an endpoint that no tool covers."""

    name: str = Field(description="What call and describe take.")
    effect: str = Field(description="reads, adds, sets, removes, speaks; and whether it asks for a yes.")
    does: str


class Described(View):
    """Everything that a call of it needs."""

    name: str = Field(description="What call takes.")
    effect: str
    does: str
    needs_yes: str | None = Field(default=None, description="When a person is asked first.")
    scopes: tuple[str, ...] = Field(default=(), description="What the API key needs.")
    arguments: dict[str, JsonValue] = Field(description="Their JSON Schema.")
    example: dict[str, JsonValue] = Field(description="What call takes for it; made up.")


class Reach(Protocol):
    """All that `call` can call."""

    @property
    def names(self) -> Collection[str]:
        """Real names of all of it."""
        ...

    def find(self, words: str) -> tuple[Found, ...]:
        """What fits the words, best first; with no words everything, in order."""
        ...

    def describe(self, name: str) -> Described:
        """One of them.

        Raises:
            Invalid: there is none of this name; names the nearest.
        """
        ...

    def tool(self, name: str) -> Tool[Any]:
        """The one of this name, as it is performed.

        Raises:
            Invalid: as `describe`.
        """
        ...
