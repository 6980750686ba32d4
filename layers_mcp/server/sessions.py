"""The sessions of both transports: how many may be open at once, of all clients and of one, and how long an idle one lasts."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from layers_mcp.server.caller import SCOPE

__all__ = ["IDLE_S", "Seats", "Sse", "Streamable"]

IDLE_S = 30 * 60.0
"""A session that nobody used for so long is closed; its client begins a new one."""
_AT_THE_EDGE = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""The SDK need not look at Host and Origin again."""
_SESSION = re.compile(rb"session_id=([0-9a-f]{32})")


class Seats:
    """How many sessions are open. `most`: of all; `shared`: whether several clients share them, of which none may take more than half."""

    def __init__(self, most: int, *, shared: bool) -> None:
        self.most = most
        self._each = (most + 1) // 2 if shared else most
        self._open: Counter[str] = Counter()

    def take(self, principal: str) -> bool:
        """Open one more; False when there are too many."""
        if self._open.total() >= self.most or self._open[principal] >= self._each:
            return False
        self._open[principal] += 1
        return True

    def leave(self, principal: str) -> None:
        """Close one."""
        self._open[principal] -= 1
        self._open += Counter()  # names with none left go


class Streamable(StreamableHTTPSessionManager):
    """The SDK's sessions of Streamable HTTP, each with a seat."""

    def __init__(self, server: Server[Any], seats: Seats, *, body_bytes: int, idle_s: float) -> None:
        super().__init__(
            server,
            security_settings=_AT_THE_EDGE,
            max_request_body_size=body_bytes,
            session_idle_timeout=idle_s,
            max_sessions=seats.most,
        )
        self._seats = seats

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        principal = "" if requestor is None else requestor["client_id"]
        if not self._seats.take(principal):
            return None
        made = super()._admit_session(requestor)
        if made is None:
            self._seats.leave(principal)
        return made

    async def _discard_session(self, session_id: str, transport: StreamableHTTPServerTransport) -> None:
        if session_id in self._server_instances:  # it is discarded by whoever notices first, and again by the others
            owner = self._session_owners.get(session_id)
            self._seats.leave("" if owner is None else owner["client_id"])
        await super()._discard_session(session_id, transport)


@dataclass
class _Stream:
    """What is known of one SSE stream: until when it may idle, its session's id once the client was told, and whether it ended."""

    until_s: float
    session: str = ""
    idled: bool = False
    ended: bool = False


class Sse:
    """The older transport: one stream for a session, messages posted beside it."""

    def __init__(self, server: Server[Any], seats: Seats, *, body_bytes: int, idle_s: float) -> None:
        self._server, self._seats, self._idle_s = server, seats, idle_s
        self._transport = SseServerTransport("/messages/", security_settings=_AT_THE_EDGE, max_request_body_size=body_bytes)
        self._streams: dict[str, _Stream] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one session until its stream closes, or nothing was posted to it for too long."""
        principal = scope[SCOPE].principal or ""
        if not self._seats.take(principal):
            words = "too many sessions are open, of this client or of all; LAYERS_HTTP_SESSIONS says how many may be"
            full = {"error": {"status": 503, "message": words}}
            await JSONResponse(full, status_code=503, headers={"Retry-After": "30"})(scope, receive, send)
            return
        stream = _Stream(anyio.current_time() + self._idle_s)
        try:
            await self._serve(scope, self._patient(receive, stream), self._watched(send, stream))
            if stream.idled and not stream.ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.pop(stream.session, None)
            self._seats.leave(principal)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            streams = await stack.enter_async_context(self._transport.connect_sse(scope, receive, send))
            await self._server.run(*streams, self._server.create_initialization_options())

    def _patient(self, receive: Receive, stream: _Stream) -> Receive:
        """The same; a client that posts nothing for too long is gone, and the SDK closes what it opened for it. Canceled, it does not."""

        async def receiving() -> Message:
            while (left_s := stream.until_s - anyio.current_time()) > 0:
                with anyio.move_on_after(left_s):
                    return await receive()
            stream.idled = True
            return {"type": "http.disconnect"}

        return receiving

    def _watched(self, send: Send, stream: _Stream) -> Send:
        """The same, reading from the stream's first event which session it is."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body":
                if not stream.session and (found := _SESSION.search(message.get("body", b""))):
                    stream.session = found[1].decode()
                    self._streams[stream.session] = stream
                stream.ended = not message.get("more_body", False)
            await send(message)

        return sending

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one message; one that its session accepts keeps that alive."""
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_id", [""])[0]

        async def sending(message: Message) -> None:
            stream = self._streams.get(session)
            if message["type"] == "http.response.start" and message["status"] == 202 and stream is not None:
                stream.until_s = anyio.current_time() + self._idle_s
            await send(message)

        await self._transport.handle_post_message(scope, receive, sending)
