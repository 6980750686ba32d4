"""What passes between who speaks MCP and who answers a call; neither the SDK nor a tool is needed to name it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from layers_mcp.server.caller import Caller
from layers_mcp.tool.asking import Asker, AskFirst

__all__ = ["Answer", "AnswerCall", "Picture", "Tell"]

Tell = Callable[[float, str], Awaitable[None]]
"""Tells the client how far a call is: a share from 0 to 1, and the stage in words."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image that stands after the text, under a line that says what it shows."""

    title: str
    content: bytes
    mime: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to one call: the text for a reader, the record, whether it is a refusal, and what there is to look at."""

    text: str
    record: dict[str, Any]
    is_error: bool
    pictures: tuple[Picture, ...] = ()


class AnswerCall(Protocol):
    """Answers a call: tool name, arguments as they came, progress, the client's way to ask its person, and over HTTP who calls."""

    async def __call__(
        self, name: str, given: dict[str, Any], tell: Tell, asker: Asker | None, *, caller: Caller | None = None
    ) -> Answer | AskFirst:
        """The answer, or what to ask first."""
        ...
