"""Organizations below one's own, keys and credits: where the sources disagree or are silent, and what we do."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, Drift, P, S

__all__ = ["ORGANIZATIONS"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
ORGANIZATIONS: tuple[Drift, ...] = (
    Drift("org:admin and *", f"{P}: Scopes", "must be granted explicitly", f"{P}: Scopes", "* covers every data scope",
          "* does not cover it; the sandbox's own key lacks it, a key of /_sandbox/keys may have it", "granted by name"),
    Drift("scope of DELETE and rotate of an own key", f"{P}: Scopes", "no scope: kill", f"{P}: api-keys", NOTHING,
          "org:admin, and all scopes of the key that is rotated", "else a weak key would get the secret of a strong one"),
    Drift("undoing a kill", f"{P}: rotate", "clears kill_switch and revoked_at", f"{P}: kill", "un-kill through Layers' staff only",
          "409 CONFLICT: a key that was killed or deleted is not rotated", "a brake holds"),
    Drift("the sandbox's own key", P, "any key can kill any other", S, NOTHING, "409 CONFLICT on kill, delete and rotate",
          "it is every sandbox's, public, and the only door to one"),
    Drift("replaying what minted or rotated a key", f"{P}: rotate", "a replay returns the same secret", f"{P}: idempotency",
          "replayed verbatim", "the same key without its secret", "what is replayed must be kept, and a secret is kept nowhere"),
    Drift("reply of a minted key", f"{P}: mint", "the secret once", P, "body not shown", "apiKey, secret, warning, as rotate has it",
          PLAIN),
    Drift("rate tier of a minted live key", f"{P}: mint", "test -> sandbox", P, NOTHING, "the caller's", PLAIN),
    Drift("return hosts of a minted key", f"{P}: Authentication", "not self-service", P, NOTHING, "the caller's", PLAIN),
    Drift("list of own keys", f"{P}: api-keys", "GET /v1/api-keys", P, "listed as not found", "no endpoint", "the dashboard lists them"),
    Drift("path of the approval policy", f"{P}: approval, old", "PATCH /v1/projects/{id}/approval-policy", f"{P}: content-review, new",
          "content-review-policy", "content-review-policy only", "its words are other ones; the newer page has the whole policy"),
    Drift("events of a job", f"{P}: jobs", "GET /v1/jobs/{id}/events, SSE", f"{P}: jobs", "planned, not shipped", "no endpoint",
          "GET /v1/jobs/{id} with If-None-Match, and webhooks, tell the same"),
    Drift("leased accounts of the organization", f"{P}: leased-accounts", "some texts: GET /v1/leased-accounts", f"{P}: leased-accounts",
          "the page's path is below the project", "no endpoint", "an account is assigned to a project"),
    Drift("write classes of the optimizer", f"{P}: ads", "PATCH /v1/layers/{id}/optimizer/write-classes", P, "page not retrieved",
          "no endpoint",
          "neither its flags nor its reply stand anywhere"),
    Drift("one webhook endpoint", f"{P}: webhooks", "GET /v1/webhook-endpoints/{id}", P, "listed as not found", "no endpoint",
          "the list shows each of them whole"),
    Drift("IDEMPOTENCY_REQUIRED", f"{P}: allocate", "400", f"{P}: rotate", "marked required", "400 on both", "the same word"),
    Drift("requests in a suspended organization", f"{P}: suspend", "503 KILL_SWITCH for its keys; the parent still reads", P,
          "details.scope not recovered", "scope organization; with X-Layers-Organization reads go through, writes get the same 503", PLAIN),
    Drift("scheduled work of a suspended organization", f"{P}: suspend", "holds", P, "until when is not said",
          "queued posts wait; on resume those whose time has passed go out at once; running jobs and ads go on", PLAIN),
    Drift("requests in an archived organization", f"{P}: DELETE", "terminal", P, NOTHING, "reads go through, writes get 409 CONFLICT",
          PLAIN),
    Drift("projects of an archived organization", f"{P}: DELETE", "revokes keys, sweeps credits", P, NOTHING,
          "archived, with their queued posts canceled", "nobody could stop them any more"),
    Drift("archiving twice", f"{P}: DELETE", "reclaimedCredits, revokedApiKeys", P, NOTHING, "200 with zeros and the first archivedAt",
          PLAIN),
    Drift("names of organizations", f"{P}: organizations", "1-128", P, NOTHING, "need not differ", "customers are told apart by id"),
    Drift("a migration to a name that is there", f"{P}: migrate", "projectId: childOrgName", P, NOTHING,
          "makes another organization; each name of the mapping one", "childrenCreated"),
    Drift("what moves with a project", f"{P}: migrate", "projectsMoved", P, NOTHING,
          "its jobs and its own webhooks; the ledger and the audit log stay where they were written", "what was charged was the parent's"),
    Drift("which credits are allocated", f"{P}: allocate", "debit on the parent ledger", P, NOTHING,
          "prepaid ones that nothing was reserved of, else 402; so are those swept back", "included ones end with their month"),
    Drift("automatic refill", f"{P}: credit-config", "fires when available < threshold", P, NOTHING,
          "looked at when credits are reserved and when it is configured; skipped where the parent has too little", PLAIN),
    Drift("monthlyCreditCap", f"{P}: credit-config", ">= 0", P, "its refusal is not shown",
          "402 INSUFFICIENT_CREDITS, reserved ones counted",
          PLAIN),
    Drift("fields of a credit event", f"{P}: credits/events", "eventId, projectId, credits, …", P, "cut",
          "eventType, jobId, description, metadata, createdAt beside", PLAIN),
    Drift("sign of usage", f"{P}: concepts", "credits (signed)", f"{P}: credits/events", "sign of usage rows not seen",
          "negative, at the instant it was charged; what was reserved and released is no row, as no balance moved",
          "one row per wallet movement"),
    Drift("opening balances", f"{P}: credits/events", "grant, purchase", P, NOTHING, "no row", "nobody moved them"),
    Drift("event types of keys and organizations in the audit log", f"{P}: audit-log", "key create/rotate/revoke events exist", P,
          "names not seen", "api_key.created, .rotated, .revoked, .killed; organization.created, .updated, …; credits.allocated", PLAIN),
)

# fmt: on
