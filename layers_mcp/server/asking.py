"""A client that can ask its person, in either protocol era."""

from __future__ import annotations

from typing import Any, Literal

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from layers_mcp.tool.asking import Asker, AskFirst, Said

__all__ = ["asker_of", "input_required"]

_KEY = "yes"
"""Names our question among the inputs that a result asks for."""
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"yes": {"type": "boolean", "title": "Yes, do exactly this", "description": "Leave it off to say no.", "default": False}},
    "required": ["yes"],
}


def _meaning(answer: types.ElicitResult) -> Literal["yes", "no", "dismissed"]:
    """What an answer says: only an accepted form with a plain `true` is a yes; an accepted form with anything else is a no."""
    if answer.action == "cancel":
        return "dismissed"
    return "yes" if answer.action == "accept" and (answer.content or {}).get("yes") is True else "no"


class _ByResult:
    """Protocol 2026-07-28: the question is a result, the answer comes with the next call."""

    def __init__(self, params: types.CallToolRequestParams) -> None:
        given = (params.input_responses or {}).get(_KEY)
        self.said: Said | None = None
        if isinstance(given, types.ElicitResult) and params.request_state is not None:
            self.said = Said(answer=_meaning(given), token=params.request_state)

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """Never here: the caller asks first."""
        del within_s
        raise AskFirst(question, token)


class _BackChannel:
    """Older sessions: the question goes to the client while the call waits."""

    said: Said | None = None

    def __init__(self, context: ServerRequestContext[Any]) -> None:
        self._context = context

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """The answer; a client that has none in time, or refuses to ask, has none."""
        answer: Literal["yes", "no", "dismissed"] = "dismissed"
        with anyio.move_on_after(within_s):
            try:
                answer = _meaning(await self._context.session.elicit_form(question, _FORM, self._context.request_id))
            except (MCPError, ValidationError):  # it declared that it can ask, and would not, or answered nonsense
                answer = "dismissed"
        return Said(answer=answer, token=token)


def asker_of(context: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Asker | None:
    """The way to ask this client's person; None when the client has not declared that it can."""
    declared = context.session.client_capabilities
    elicits = None if declared is None else declared.elicitation
    if elicits is None or (elicits.form is None and elicits.url is not None):  # older clients declare the form by no mode at all
        return None
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return _ByResult(params)
    return _BackChannel(context) if context.session.can_send_request else None


def input_required(first: AskFirst) -> types.InputRequiredResult:
    """The result that asks the client to ask its person, and to call again with the answer."""
    question = types.ElicitRequest(params=types.ElicitRequestFormParams(message=first.question, requested_schema=_FORM))
    return types.InputRequiredResult(input_requests={_KEY: question}, request_state=first.token)
