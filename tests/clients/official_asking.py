"""The tools of the conformance suite that ask in the form of 2026-07-28: a result that says what input is required."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from official import Called, Context, Named, called, form, text

__all__ = ["ASKING", "PROMPT", "ask_prompt"]

_MINTED: dict[str, Any] = {}
"""What a state stands for: a name that only this process gave out, as our confirmations are; one it did not is refused."""


def _minted(meaning: Any) -> str:
    token = secrets.token_urlsafe(16)
    _MINTED[token] = meaning
    return token


def _meaning(token: str | None) -> Any:
    if token is not None and token not in _MINTED:
        raise MCPError(types.INVALID_PARAMS, "this requestState was not given out here")
    return None if token is None else _MINTED[token]


def _sample(prompt: str, tokens: int = 100) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=prompt))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=tokens))


def _ask(state: Any = None, **questions: Any) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=questions, request_state=None if state is None else _minted(state))


_ANSWERS: dict[type, type] = {
    types.ElicitRequest: types.ElicitResult,
    types.ListRootsRequest: types.ListRootsResult,
    types.CreateMessageRequest: types.CreateMessageResult,
}


def _one(key: str, question: Any, done: Callable[[Any], str], *, state: bool = False) -> Named:
    """Asks one question; its answer, of the right kind, completes the call."""
    kind = {types.ElicitRequest: types.ElicitResult, types.ListRootsRequest: types.ListRootsResult}.get(
        type(question), types.CreateMessageResult
    )

    async def call(_ctx: Context, params: types.CallToolRequestParams) -> Called:
        answer, known = (params.input_responses or {}).get(key), _meaning(params.request_state)
        if isinstance(answer, kind) and (not state or known):
            return text(done(answer))
        return _ask("asked" if state else None, **{key: question})

    return called(call)


async def _several(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    questions = {"user_name": form("What is your name?", name="string"), "greeting": _sample("Generate a greeting", 50)}
    questions["client_roots"] = types.ListRootsRequest()
    _meaning(params.request_state)
    return text("All inputs received.") if questions.keys() <= (params.input_responses or {}).keys() else _ask("several", **questions)


def _content(params: types.CallToolRequestParams, key: str) -> dict[str, Any] | None:
    answer = (params.input_responses or {}).get(key)
    return answer.content if isinstance(answer, types.ElicitResult) else None


async def _rounds(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    known = _meaning(params.request_state) or {}
    first, second = _content(params, "step1"), _content(params, "step2")
    if known.get("round") == 2 and second is not None:
        return text(f"{known['name']} likes {second['color']}.")
    if known.get("round") == 1 and first is not None:
        return _ask({"round": 2, "name": first["name"]}, step2=form("Step 2: which color?", color="string"))
    return _ask({"round": 1}, step1=form("Step 1: which name?", name="string"))


async def _tampered(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    known = _meaning(params.request_state)
    return text("state-ok") if known else _ask("round-1", confirm=form("Please confirm", ok="boolean"))


async def _capabilities(ctx: Context, _params: types.CallToolRequestParams) -> Called:
    declared, questions = ctx.session.client_capabilities, dict[str, Any]()
    if declared is not None and declared.sampling is not None:
        questions["sample"] = _sample("Say hello", 50)
    if declared is not None and declared.elicitation is not None:
        questions["ask"] = form("What is your name?", name="string")
    return _ask("capabilities", **questions)


async def _streaming(ctx: Context, params: types.CallToolRequestParams) -> Called:
    await ctx.session.report_progress(0.5, 1.0, "about to ask")
    return text("confirmed") if _content(params, "confirm") else _ask(confirm=form("Please confirm", ok="boolean"))


def _sampled(answer: types.CreateMessageResult) -> str:
    assert isinstance(answer.content, types.TextContent)
    return f"The model said: {answer.content.text}"


_START = "test_input_required_result_"
ASKING: dict[str, Named] = {
    f"{_START}elicitation": _one("user_name", form("What is your name?", name="string"), lambda said: f"Hello, {said.content['name']}!"),
    f"{_START}sampling": _one("capital_question", _sample("What is the capital of France?"), _sampled),
    f"{_START}list_roots": _one("client_roots", types.ListRootsRequest(), lambda said: f"{len(said.roots)} roots"),
    f"{_START}request_state": _one("confirm", form("Please confirm", ok="boolean"), lambda _: "state-ok: confirmed", state=True),
    f"{_START}multiple_inputs": called(_several),
    f"{_START}multi_round": called(_rounds),
    f"{_START}tampered_state": called(_tampered),
    f"{_START}capabilities": called(_capabilities),
    "test_streaming_elicitation": called(_streaming),
}
PROMPT = f"{_START}prompt"


def ask_prompt(params: types.GetPromptRequestParams) -> types.GetPromptResult | types.InputRequiredResult:
    """A prompt that asks first."""
    answer = (params.input_responses or {}).get("user_context")
    if not isinstance(answer, types.ElicitResult):
        return _ask(user_context=form("Which context?", context="string"))
    words = types.TextContent(type="text", text=f"Use the following context: {(answer.content or {})['context']}")
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=words)])
