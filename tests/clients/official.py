"""The tools, resources and prompts that the official conformance package looks for by name (its 0.2.0-alpha.12 describes each)."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.shared.message import ServerMessageMetadata

__all__ = ["PROMPTS", "RESOURCES", "TEMPLATE", "TOOLS", "Called", "Context", "Named", "Resource", "called", "embedded", "form", "text"]

Context = ServerRequestContext[Any]
Called = types.CallToolResult | types.InputRequiredResult
Call = Callable[[Context, types.CallToolRequestParams], Awaitable[Called]]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
PAUSE_S = 0.05


class Named(NamedTuple):
    """A tool of the suite: what answers its calls, and what it takes."""

    call: Call
    takes: dict[str, Any]
    reads: bool = False

    def listed(self, name: str) -> types.Tool:
        """The tool as `tools/list` shows it."""
        hints = types.ToolAnnotations(read_only_hint=self.reads)
        schema = {"type": "object", **self.takes}
        return types.Tool(name=name, description="A tool of the conformance suite.", input_schema=schema, annotations=hints)


class Resource(NamedTuple):
    """A resource of the suite, as text or, encoded, as bytes."""

    mime: str
    text: str | None = None
    blob: str | None = None

    def at(self, uri: str) -> types.TextResourceContents | types.BlobResourceContents:
        """What reading it gives."""
        if self.blob is not None:
            return types.BlobResourceContents(uri=uri, mime_type=self.mime, blob=self.blob)
        return types.TextResourceContents(uri=uri, mime_type=self.mime, text=self.text or "")


def text(words: str) -> types.CallToolResult:
    """A result that is one text."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=words)])


def embedded(uri: str, words: str = "This is an embedded resource content.", mime: str = "text/plain") -> types.EmbeddedResource:
    """A resource inside a result."""
    return types.EmbeddedResource(type="resource", resource=types.TextResourceContents(uri=uri, mime_type=mime, text=words))


def form(message: str, **properties: Any) -> types.ElicitRequest:
    """A question to the person, with a form of required fields."""
    fields = {name: {"type": one} if isinstance(one, str) else one for name, one in properties.items()}
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def called(call: Call, **properties: Any) -> Named:
    """A tool that takes these, all of them required."""
    return Named(call, {"properties": properties, "required": list(properties)})


def _always(*content: types.ContentBlock, is_error: bool = False) -> Named:
    async def call(_ctx: Context, _params: types.CallToolRequestParams) -> Called:
        return types.CallToolResult(content=list(content), is_error=is_error)

    return called(call)


def _said(words: str) -> types.TextContent:
    return types.TextContent(type="text", text=words)


_IMAGE = types.ImageContent(type="image", data=PNG, mime_type="image/png")
_AUDIO = types.AudioContent(type="audio", data=WAV, mime_type="audio/wav")
_MIXED = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")


async def _logging(ctx: Context, _params: types.CallToolRequestParams) -> Called:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MCPDeprecationWarning)  # to clients of the older protocol it is none
            await ctx.session.send_log_message("info", words, related_request_id=ctx.request_id)
        await asyncio.sleep(PAUSE_S)
    return text("logged")


async def _progress(ctx: Context, _params: types.CallToolRequestParams) -> Called:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100, f"Completed step {done} of 100")
        await asyncio.sleep(PAUSE_S)
    return text("done")


async def _sampling(ctx: Context, params: types.CallToolRequestParams) -> Called:
    prompt = types.SamplingMessage(role="user", content=_said((params.arguments or {})["prompt"]))
    asked = types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[prompt], max_tokens=100))
    within = ServerMessageMetadata(related_request_id=ctx.request_id)
    answer = await ctx.session.send_request(asked, types.CreateMessageResult, metadata=within)
    assert isinstance(answer.content, types.TextContent)
    return text(f"LLM response: {answer.content.text}")


def _asking(question: types.ElicitRequest, said: str) -> Call:
    async def call(ctx: Context, params: types.CallToolRequestParams) -> Called:
        assert isinstance(question.params, types.ElicitRequestFormParams)
        words = (params.arguments or {}).get("message", question.params.message)
        answer = await ctx.session.elicit_form(words, question.params.requested_schema, ctx.request_id)
        return text(f"{said}: action={answer.action}, content={answer.content}")

    return call


_DEFAULTS = form(
    "Please check the defaults",
    name={"type": "string", "default": "John Doe"},
    age={"type": "integer", "default": 30},
    score={"type": "number", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "default": True},
)
_ENUMS = form(
    "Please choose",
    untitledSingle={"type": "string", "enum": ["active", "inactive", "pending"]},
    titledSingle={"type": "string", "oneOf": [{"const": one, "title": one.title()} for one in ("low", "medium", "high")]},
    untitledMulti={"type": "array", "items": {"type": "string", "enum": ["read", "write", "execute"]}},
    titledMulti={"type": "array", "items": {"anyOf": [{"const": one, "title": one.title()} for one in ("feature", "bug", "docs")]}},
    legacyEnum={"type": "string", "enum": ["small", "medium", "large"], "enumNames": ["Small", "Medium", "Large"]},
)


async def _header(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    return text((params.arguments or {}).get("region", "none"))


async def _missing(ctx: Context, _params: types.CallToolRequestParams) -> Called:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        needed = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "this tool needs a client that samples", needed)
    return text("the client samples")


async def _reconnection(ctx: Context, _params: types.CallToolRequestParams) -> Called:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await asyncio.sleep(4 * PAUSE_S)
    return text("reconnected")


_JSON_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {
        "address": {"$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
_STRING = {"type": "string"}

TOOLS: dict[str, Named] = {
    "test_simple_text": _always(_said("This is a simple text response for testing.")),
    "test_image_content": _always(_IMAGE),
    "test_audio_content": _always(_AUDIO),
    "test_embedded_resource": _always(embedded("test://embedded-resource")),
    "test_multiple_content_types": _always(_said("Multiple content types test:"), _IMAGE, _MIXED),
    "test_error_handling": _always(_said("This tool intentionally returns an error for testing"), is_error=True),
    "test_tool_with_logging": called(_logging),
    "test_logging_tool": called(_logging),
    "test_tool_with_progress": called(_progress),
    "test_sampling": called(_sampling, prompt=_STRING),
    "test_elicitation": called(_asking(form("?", response="string"), "User response"), message=_STRING),
    "test_elicitation_sep1034_defaults": called(_asking(_DEFAULTS, "Elicitation completed")),
    "test_elicitation_sep1330_enums": called(_asking(_ENUMS, "Elicitation completed")),
    "test_x_mcp_header": Named(_header, {"properties": {"region": {**_STRING, "x-mcp-header": "Region"}}}),
    "test_missing_capability": called(_missing),
    "test_reconnection": called(_reconnection),
    "json_schema_2020_12_tool": Named(_always(_said("ok")).call, _JSON_SCHEMA),
}
"""By their names. Sampling, logging and elicitation in the call are of the older protocol only."""

RESOURCES: dict[str, Resource] = {
    "test://static-text": Resource("text/plain", text="This is the content of the static text resource."),
    "test://static-binary": Resource("image/png", blob=PNG),
    "test://watched-resource": Resource("text/plain", text="Watched resource content"),
}
TEMPLATE = "test://template/{id}/data"


def _user(content: types.ContentBlock) -> types.PromptMessage:
    return types.PromptMessage(role="user", content=content)


def _with_arguments(given: dict[str, str]) -> list[types.PromptMessage]:
    return [_user(_said(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"))]


PROMPTS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, str]], list[types.PromptMessage]]]] = {
    "test_simple_prompt": ((), lambda _: [_user(_said("This is a simple prompt for testing."))]),
    "test_prompt_with_arguments": (("arg1", "arg2"), _with_arguments),
    "test_prompt_with_embedded_resource": (("resourceUri",), lambda given: [_user(embedded(given["resourceUri"])), _user(_said("?"))]),
    "test_prompt_with_image": ((), lambda _: [_user(_IMAGE), _user(_said("Please analyze it."))]),
}
"""By their names: the arguments each takes, and its messages."""
