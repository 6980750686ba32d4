"""Every way a call to Layers can fail, as one tree.

LayersError
├── CallerError           fix the request; the same call fails again
│   ├── Unauthenticated       401 UNAUTHENTICATED
│   ├── ForbiddenScope        403 FORBIDDEN_SCOPE
│   ├── ReturnUrlNotAllowed   403 RETURN_URL_NOT_ALLOWED
│   ├── NotFound              404 NOT_FOUND
│   ├── Invalid               422 VALIDATION
│   └── IdempotencyConflict   409 IDEMPOTENCY_CONFLICT
├── PolicyError           change the state, then call again
│   ├── ApprovalRequired      403 APPROVAL_REQUIRED
│   ├── ContentRejected       409 CONTENT_REJECTED
│   ├── AuthorityDenied       403 AUTHORITY_DENIED
│   ├── Conflict              409 CONFLICT
│   ├── InsufficientCredits   402 INSUFFICIENT_CREDITS
│   ├── PolicyForbids         403 POLICY_FORBIDS (ours)
│   ├── OutsideProjects       403 OUTSIDE_PROJECTS (ours)
│   ├── Halted                409 HALTED (ours)
│   └── KillSwitch            503 KILL_SWITCH
├── TransientError        the same call may work later
│   ├── RateLimited           429 RATE_LIMITED
│   ├── InProgress            409 IDEMPOTENCY_IN_PROGRESS
│   ├── Internal              500 INTERNAL
│   ├── Unavailable           503 UNAVAILABLE
│   ├── TimedOut              (no answer in time)  TIMEOUT
│   └── Unreachable           (no connection)      UNREACHABLE
├── PlatformError         502 PLATFORM_ERROR: what stands behind Layers refused
├── OurMistake            500 SERVER_MISTAKE: this server went wrong, not Layers
├── LiveApiMoved          404 LIVE_API_MOVED: a route this version knows is gone
├── BadReply              an answer that is not what the contract says
└── UnknownProblem        a code this tree does not know, kept as it came

The four families are those of layers-api: operational/errors. Codes no page shows are ours and stand in `drift`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import JsonValue

__all__ = [
    "BY_CODE", "ApprovalRequired", "AuthorityDenied", "BadReply", "CallerError", "Conflict", "ContentRejected", "Details",
    "ForbiddenScope", "Halted", "IdempotencyConflict", "InProgress", "InsufficientCredits", "Internal", "Invalid", "KillSwitch",
    "LayersError", "LiveApiMoved", "NotFound", "OurMistake", "OutsideProjects", "PlatformError", "PolicyError", "PolicyForbids",
    "RateLimited", "ReturnUrlNotAllowed", "TimedOut", "TransientError", "Unauthenticated", "Unavailable", "UnknownProblem", "Unreachable",
]  # fmt: skip

Details = Mapping[str, JsonValue]


class LayersError(Exception):
    """A refusal or failure of one call.

    `message` is ours or, if `from_wire`, Layers' own sentence with whatever words; it never holds a secret. `details`: the wire's, kept.
    `retry_after_s`: seconds Layers asked us to wait, where it did. `unsure`: the request was a write that may have taken effect.
    `outcome`: what the writes of the same call came to: `unknown`; `acted`, where all took effect; `in_part`; or nothing.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    advice: ClassVar[str] = "Report the request id to Layers if it stays."
    transient: ClassVar[bool] = False

    def __init__(
        self, message: str, *, details: Details | None = None, request_id: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, JsonValue] = dict(details or {})
        self.request_id, self.retry_after_s = request_id, retry_after_s
        self.unsure, self.from_wire, self.outcome = False, False, ""

    @property
    def wire_code(self) -> str:
        """The code as it stood on the wire."""
        return self.code

    def __str__(self) -> str:
        return f"{self.wire_code}: {self.message}"


class CallerError(LayersError):
    """The request itself is wrong; sending it again fails again."""

    status = 400


class Unauthenticated(CallerError):
    """The key is missing, malformed, unknown or revoked."""

    code, status = "UNAUTHENTICATED", 401
    advice = "Check LAYERS_API_KEY, which is read once, at start, or the file of LAYERS_API_KEY_FILE, which is read again when it changes."


class ForbiddenScope(CallerError):
    """The key lacks the route's scope."""

    code, status = "FORBIDDEN_SCOPE", 403
    advice = "Ask for a key with the scope named in details.requiredScope."


class ReturnUrlNotAllowed(CallerError):
    """The host of `returnUrl` is not on the key's allow-list."""

    code, status = "RETURN_URL_NOT_ALLOWED", 403
    advice = "Use a returnUrl whose host is on the key's allow-list, or have the host added to it."


class NotFound(CallerError):
    """No such thing for this key; other organizations' things look the same."""

    code, status = "NOT_FOUND", 404
    advice = "Check the id; list the things of the project to find it."


class Invalid(CallerError):
    """A field is missing, malformed or out of range; `details.issues[]` names each with its `path`."""

    code, status = "VALIDATION", 422
    advice = "Correct the fields named in details.issues and call again."


class IdempotencyConflict(CallerError):
    """The Idempotency-Key was used for another body."""

    code, status = "IDEMPOTENCY_CONFLICT", 409
    advice = "Nothing was done for this call. Give a new idempotencyKey, or leave it out; with the old arguments the old key still works."


class PolicyError(LayersError):
    """The state of things forbids it; change the state and call again."""

    status = 409


class ApprovalRequired(PolicyError):
    """The content waits for a decision."""

    code, status = "APPROVAL_REQUIRED", 403
    advice = "Show the post to the user, then call approve_content."


class ContentRejected(PolicyError):
    """The content was turned down; it can't be published any more."""

    code, status = "CONTENT_REJECTED", 409
    advice = "Generate new content; a rejected container stays rejected."


class AuthorityDenied(PolicyError):
    """The customer does not let ads be changed so; `details` names the axis."""

    code, status = "AUTHORITY_DENIED", 403
    advice = "The customer decides: the authority of the campaign or its layer has to allow it, or the kill switch has to be lifted."


class Conflict(PolicyError):
    """The thing is in a state that does not allow the call; `details` says which."""

    code, status = "CONFLICT", 409
    advice = "Read the thing again; details say which state stands in the way."


class InsufficientCredits(PolicyError):
    """Fewer credits are available than the call would cost."""

    code, status = "INSUFFICIENT_CREDITS", 402
    advice = "Top up the organization's credits, or choose a cheaper format or fewer variants."


class PolicyForbids(PolicyError):
    """The operator of this server forbids the action; ours, no answer of Layers."""

    code, status = "POLICY_FORBIDS", 403
    advice = "Nothing was changed. Tell the user; only who runs this server can change its policy."


class OutsideProjects(PolicyError):
    """It is not of the projects that this server may touch; ours, no answer of Layers. It never says whether there is such a thing."""

    code, status = "OUTSIDE_PROJECTS", 403
    advice = "Nothing was changed. Use ids of the allowed projects: get_project lists them; only who runs this server can add others."


class Halted(PolicyError):
    """Writes to the project were held back with `halt`; ours, no answer of Layers. It may come in the middle of a call."""

    code, status = "HALTED", 409
    advice = "Nothing more is written; reading works. To let writes through again: halt with resume=true, which needs a yes."


class KillSwitch(PolicyError):
    """The key or the organization was stopped; only Layers can start it again."""

    code, status = "KILL_SWITCH", 503
    advice = "Nothing works with this key until Layers lifts the stop; tell the user."


class TransientError(LayersError):
    """The same call may work a little later."""

    status, transient = 503, True


class RateLimited(TransientError):
    """The key's budget of this rate class is used up."""

    code, status = "RATE_LIMITED", 429
    advice = "Wait as long as retryAfterSeconds says, then call again."


class InProgress(TransientError):
    """A first request with this Idempotency-Key is still running."""

    code, status = "IDEMPOTENCY_IN_PROGRESS", 409
    advice = "Wait a second, then send the same call again."


class Internal(TransientError):
    """Something broke inside Layers."""

    code, status = "INTERNAL", 500


class Unavailable(TransientError):
    """Layers can't answer now."""

    code, status = "UNAVAILABLE", 503
    advice = "Call again in a minute."


class TimedOut(TransientError):
    """No answer came in time; whether a write took effect is not known."""

    code, status = "TIMEOUT", 504
    advice = "Call again in a minute."


class Unreachable(TransientError):
    """No connection to Layers."""

    code, status = "UNREACHABLE", 503
    advice = "Check LAYERS_BASE_URL and the network."


class PlatformError(LayersError):
    """GitHub, TikTok, Instagram or another platform behind Layers refused; `details.platformCode` says how."""

    code, status = "PLATFORM_ERROR", 502
    advice = "details.platformCode names what the platform refused; mend that, then call again."


class OurMistake(LayersError):
    """This server made a mistake; Layers has nothing to do with it."""

    code, status = "SERVER_MISTAKE", 500
    advice = "Look at what stands now before calling again, and report it to whoever runs layers-mcp; its log has the details."


class LiveApiMoved(LayersError):
    """The API no longer has a route that this version calls; `details.route` names it."""

    code, status = "LIVE_API_MOVED", 404
    advice = "Nothing was changed. Update layers-mcp; this version speaks an older edition of the Partner API."


class BadReply(LayersError):
    """The answer does not fit the contract; nothing is known of the effect."""

    code, status = "BAD_REPLY", 502
    advice = "Report the request id; this server may be older than the API."


class UnknownProblem(LayersError):
    """A code that this version does not know; status, code and details are kept as they came."""

    code = "UNKNOWN"

    def __init__(
        self, message: str, *, wire_code: str, wire_status: int, details: Details | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message, details=details, request_id=request_id)
        self._wire_code = wire_code
        self.wire_status = wire_status

    @property
    def wire_code(self) -> str:
        """The code as it stood on the wire."""
        return self._wire_code


def _leaves(cls: type[LayersError]) -> list[type[LayersError]]:
    return [leaf for child in cls.__subclasses__() for leaf in _leaves(child)] or [cls]


BY_CODE: dict[str, type[LayersError]] = {leaf.code: leaf for leaf in _leaves(LayersError) if leaf is not UnknownProblem}
"""The class of each code this version knows."""
