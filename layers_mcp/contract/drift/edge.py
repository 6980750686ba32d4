"""What holds for every route."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, PLAYBOOK, Drift, P, S

__all__ = ["EDGE"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
EDGE: tuple[Drift, ...] = (
    Drift("status of VALIDATION", f"{P}: errors", "422", f"{P}: projects, old", "400", "422", "the newer pages"),
    Drift("codes no page shows", f"{P}: errors", "not recovered", S, NOTHING, "INTERNAL 500, UNAVAILABLE 503, METHOD_NOT_ALLOWED 405",
          PLAIN),
    Drift("two requests with one key at once", f"{P}: idempotency", "not recovered", S, NOTHING,
          "the second waits and gets the first answer; IDEMPOTENCY_IN_PROGRESS is known, never sent", "writes are one after another"),
    Drift("what is kept by Idempotency-Key", f"{P}: idempotency", "status and body", P, "errors: not recovered",
          "successes only, 24 h of wall time", "a refusal had no effect, and callers repeat themselves in their own time"),
    Drift("mark of a replay", f"{P}: idempotency", "headers not recovered", P, NOTHING, "Idempotency-Replayed: true", PLAIN),
    Drift("Idempotency-Key on approve", f"{S}, step 7", "sent without one", f"{P}: idempotency", "every mutating POST and PATCH",
          "honoured everywhere but oauth-url and reauth-url", "never required"),
    Drift("Idempotency-Key on oauth-url", f"{PLAYBOOK}, Idempotency", "every mutation endpoint", f"{P}: idempotency", "not honoured",
          "accepted; each call makes a state of its own", "a state lives 30 minutes, a key 24 hours"),
    Drift("pause between polls", f"{S}, step 3", "every 5 to 10 seconds", PLAYBOOK, "interval = 3_000", "0.25 to 10 seconds",
          "the client's desk goes by the progress it saw"),
    Drift("rate headers", f"{P}: rate-limits", "X-RateLimit-Endpoint-Class", P, "others not recovered",
          "X-RateLimit-Limit, -Remaining, -Reset (seconds until full)", PLAIN),
    Drift("size of a bucket", f"{P}: rate-limits", "a minute's number", P, NOTHING, "holds a minute's number, refills evenly", PLAIN),
    Drift("sandbox tier", f"{P}: rate-limits", "tighter than live", P, "numbers not recovered",
          "60, 30, 10 a minute, 1,000 writes a day; the default key is partner", PLAIN),
    Drift("concurrent jobs", f"{P}: rate-limits", "a cap, 429", P, "numbers not recovered", "no cap", "no number to enforce"),
    Drift("stages that refuse a cancel", f"{P}: jobs", "opening_pr", P, "list cut", "opening_pr and finalizing",
          "their effects can't be taken back"),
    Drift("progress", f"{P}: jobs", "float 0-1", P, NOTHING, "whole percents", "so that an ETag holds between two polls"),
    Drift("time", f"{P}", NOTHING, S, NOTHING, "Date and X-Sandbox-Time carry the world's time", "callers live in it"),
    Drift("list of a bad cursor", f"{P}: pagination", "422 on the audit log", f"{P}: ads", "treated as first page", "422 on cursor",
          "a lost place is an error"),
)

# fmt: on
