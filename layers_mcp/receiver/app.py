"""`POST /webhooks/layers`: what Layers delivers is checked and stored, and then answered; what follows is the pump's to do.

The signature is all the access that a delivery needs. What is not signed leaves no trace but its status in the log.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from layers_mcp.clock import Clock
from layers_mcp.contract.scalars import allowed_project
from layers_mcp.contract.signing import SIGNATURE
from layers_mcp.receiver.pump import Pump
from layers_mcp.receiver.signature import signed_by
from layers_mcp.store.told import Told

if TYPE_CHECKING:  # the database, shut until the first delivery
    from layers_mcp.store.endpoints import Endpoints
    from layers_mcp.store.inbox import Inbox

__all__ = ["BODY_BYTES", "PATH", "Receiver", "Refused", "route"]

PATH: Final = "/webhooks/layers"
BODY_BYTES: Final = 256 * 1024
"""The longest delivery that is stored; ours: the results of a job are a few kilobytes."""
_READ_BYTES: Final = 1024 * 1024
"""And the longest whose signature is looked at, as long as any request here may be; ours."""
_WORD: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,100}", re.ASCII)
"""What is kept beside the body and shown in logs; what else Layers may send stands in the body alone."""


class Refused(Exception):
    """A delivery that is not taken, with the answer to it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """What a delivery is checked by and stored in. `place`: the API whose endpoints are ours, by its URL."""

    place: str
    clock: Clock
    endpoints: Endpoints
    inbox: Inbox
    pump: Pump

    def take(self, header: str, body: bytes) -> Literal["stored", "known", "too long"]:
        """Store a delivery, whatever its shape: after a 4xx Layers does not deliver again, and a number in a row pauses the endpoint.

        Raises:
            Refused: it is not signed by a secret of ours, or is no JSON object.
        """
        now = self.clock.now()
        owners = {secret: one for one in self.endpoints.at(self.place) for secret in one.secrets(now)}
        secret = signed_by(header, body, owners, now_s=now.timestamp())
        if secret is None:
            raise Refused(401, "this is not signed by a secret of an endpoint that is registered here, or not within five minutes")
        long = len(body) > BODY_BYTES
        new = not long and self.inbox.keep(_told(owners[secret].id, body, now))
        self.endpoints.heard(owners[secret], now)
        return "too long" if long else "stored" if new else "known"


def _object(given: object) -> dict[str, Any]:
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def _word(given: object) -> str | None:
    return given if isinstance(given, str) and _WORD.fullmatch(given) else None


def _told(endpoint_id: str, body: bytes, now: datetime) -> Told:
    """The event as it is stored; the pump judges what it says. Its id is the one that was signed, not the one that a header repeats.

    Without an id that can be kept it goes by its body's digest, which is the same at every attempt. A replay says so at the top, in
    older editions in `data`.
    """
    try:
        text = body.decode()
        said: object = json.loads(text)
    except (ValueError, RecursionError):
        text, said = "", None
    if not isinstance(said, dict):
        raise Refused(400, "this is signed, but it is no event: a JSON object with id, type and data")
    event = _object(cast("object", said))
    data = _object(event.get("data"))
    project = data.get("projectId")
    return Told(
        id=_word(event.get("id")) or f"sha256:{sha256(body).hexdigest()}",
        endpoint_id=endpoint_id,
        type=_word(event.get("type")) or "unknown",
        received_at=now,
        body=text,
        project_id=allowed_project(project) if isinstance(project, str) else None,
        replays=_word(event.get("replayOf")) or _word(data.get("replayOf")),
    )


async def _body(request: Request) -> bytes:
    """The raw body, read no further than it may be long."""
    parts, length = list[bytes](), 0
    async for part in request.stream():
        length += len(part)
        if length > _READ_BYTES:
            raise Refused(413, f"a delivery is at most {_READ_BYTES} bytes long")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int, words: str, **headers: str) -> Response:
    return JSONResponse({"error": {"status": status, "message": words}}, status_code=status, headers=headers)


def route(opened: Callable[[], Awaitable[Receiver]]) -> Route:
    """The route that takes deliveries. `opened`: the receiver, which is opened by the first of them."""

    async def deliver(request: Request) -> Response:
        log = structlog.get_logger()
        try:
            body = await _body(request)
            headers = request.headers.getlist(SIGNATURE)
            receiver = await opened()
            came = await asyncio.to_thread(receiver.take, headers[0] if len(headers) == 1 else "", body)
        except Refused as no:
            log.info("delivery refused", status=no.status)
            return _refusal(no.status, str(no))
        except Exception as problem:  # noqa: BLE001  a store that is busy or away: Layers delivers again
            log.warning("delivery not stored", problem=type(problem).__name__)
            return _refusal(503, "the event could not be stored; deliver it again", **{"Retry-After": "5"})
        if came == "too long":
            log.warning("delivery not stored", problem=came, bytes=len(body))
        receiver.pump.nudge()
        return JSONResponse({"received": True, "known": came == "known"})

    return Route(PATH, endpoint=deliver, methods=["POST"])
