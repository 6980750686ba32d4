"""What Layers tells: webhooks, and the events that only one page knows."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, PLAYBOOK, SEED, Drift, P, S

__all__ = ["ENGAGEMENT", "LEASES", "WEBHOOKS"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
WEBHOOKS: tuple[Drift, ...] = (
    Drift("events of the playbook", PLAYBOOK, "project.ready, ads.decision", f"{P}: event catalog", "neither",
          "both can be subscribed to, and are sent", "the seed's word; the live API may refuse them"),
    Drift("events of ads", f"{P}: ads pages", "ads.optimizer.run.completed, approval.*", f"{P}: integrations",
          "optimizer events are not emitted", "both can be subscribed to; those that have a cause here are sent",
          "the page that describes the thing"),
    Drift("events without a cause here", f"{P}: ads pages", "approval.approved, approval.disapproved, ads.creative.*", S, NOTHING,
          "can be subscribed to and are never sent: no platform reviews creatives here, and none is flagged", PLAIN),
    Drift("project.ready", PLAYBOOK, "onboarding complete", P, NOTHING,
          "once, when an ingest and a generation are completed and an account is connected", "what loop 1 waits for"),
    Drift("ads.decision", PLAYBOOK, "a material decision", P, NOTHING,
          "each that was carried out or waits for a yes; no hold, no denial, no dry run; the fields of the run's record", PLAIN),
    Drift("payloads past post.failed", f"{P}: event catalog", "cut off", PLAYBOOK, NOTHING,
          "the ids of the thing, and what its own reply says; projectId in all", PLAIN),
    Drift("an event for a draft", f"{P}: event catalog", "post.published: reached published", S, NOTHING, "none", "nothing is out"),
    Drift("envelope of an event", f"{P}: webhooks", "id, type, data, replayOf", P, "more may exist", "these four", PLAIN),
    Drift("replayOf", f"{P}: webhooks, older", "in data", f"{P}: webhooks, newer", "at the top level", "top level; both are read",
          "the reference page agrees with the newer"),
    Drift("key of the signature", f"{P}: webhooks", "secret", P, NOTHING, "the bytes of the whole whsec_… text", PLAIN),
    Drift("clock of the signature", f"{P}: webhooks", "reject beyond 5 minutes", P, NOTHING,
          "the wall's; retries and the overlap of secrets follow the world's", "a receiver lives by its own clock"),
    Drift("retries", f"{P}: webhooks, older", "0s 30s 1m 5m 15m 1h 6h 24h, 8 attempts in about 32 h", f"{P}: integrations",
          "up to 5 attempts", "the ladder, each step counted from the attempt before; then failed",
          "the only exact one, and the sample row has 8 attempts"),
    Drift("retries of a 4xx", f"{P}: webhooks, older", "any non-2xx", f"{P}: integrations", "4xx except 429: none",
          "none: abandoned at once", "the harder one to live with; and abandoned is a status that something must have"),
    Drift("redirects and patience", P, NOTHING, f"{P}: webhooks", NOTHING,
          "a redirect is a failure and is not followed; 10 seconds", PLAIN),
    Drift("consecutive failures", f"{P}: webhooks", "20, then auto_paused", P, NOTHING,
          "attempts are counted; one success ends the row", PLAIN),
    Drift("history of deliveries", P, NOTHING, f"{P}: webhooks", "removed with the endpoint", "what is over is listed for 30 days", PLAIN),
    Drift("what a paused endpoint misses", P, NOTHING, f"{P}: webhooks", NOTHING,
          "what happens meanwhile is not kept for it; what waited before waits on", PLAIN),
    Drift("test of a paused endpoint", f"{P}: webhooks/test", "ignores the events filter", P, NOTHING, "it is sent",
          "so that it can be tried first"),
    Drift("409 of a replay", f"{P}: webhook-deliveries/replay", "404, 409", P, NOTHING,
          "while it is still to be sent, or its endpoint is paused", PLAIN),
    Drift("first attempt", f"{P}: scheduler", "webhook dispatcher tick: 1 minute", f"{P}: webhooks, older", "0s", "at once",
          "within about a minute holds, too"),
    Drift("statuses of webhook routes", f"{P}: webhooks", "none printed", P, NOTHING,
          "201 for a new endpoint, 202 for test and replay, else 200", PLAIN),
    Drift("overlap of a rotation", f"{P}: webhooks, older", "24 hours", f"{P}: webhooks, newer",
          "until previousSecretExpiresAt", "24 hours", "both hold"),
    Drift("secret of a repeated create", f"{P}: webhooks", "shown once", f"{P}: webhooks", "idempotent",
          "the replayed answer has no signingSecret", "rotate-secret makes another"),
    Drift("all_children", f"{P}: webhooks", "this organization and its children", P, "org:admin",
          "org:admin or *; there are no children here", "no page's tool needs them"),
    Drift("bounds of a webhook endpoint", P, NOTHING, f"{P}: webhooks", "metadata is opaque",
          "url 2,000 letters, description 500, metadata 8 KB", "a project's"),
    Drift("where a webhook may go", f"{P}: webhooks", "https; http://localhost in development", P, NOTHING,
          "public addresses by https; loopback and hosts of LAYERS_SANDBOX_SITES by http too", "nobody's network is reached through it"),
    Drift("signing in the registration", PLAYBOOK, "the secret returned at registration", f"{P}: webhooks", "signingSecret",
          "signingSecret", SEED),
)
LEASES: tuple[Drift, ...] = (
    Drift("path of the leased list", f"{P}: leased accounts", "/v1/leased-accounts",
          f"{P}: leased accounts", "/v1/projects/:projectId/leased-accounts", "the project's", "the page of the route itself"),
    Drift("projectId of a lease request", f"{P}: leased-accounts/request", "required in the body, must equal the path", P, NOTHING,
          "sent in both; a body without it is accepted", "the path says it"),
    Drift("requestId of a lease request", f"{P}: leased-accounts/request", "partner id", P, NOTHING,
          "it becomes the request's id; a second one of the name is 409 CONFLICT", PLAIN),
    Drift("reply of a lease request", f"{P}: leased-accounts/request", "cut", f"{P}: leased-accounts/requests",
          "the request", "201 with the request", PLAIN),
    Drift("time a lease takes", f"{P}: leased accounts", "usually less than 48 h", f"{P}: leased accounts, old", "shows within about 30 s",
          "24 hours at job speed 1", "people do it"),
    Drift("what a lease request comes to", f"{P}: leased accounts", "assigned, partial, rejected", P, NOTHING,
          "assigned; scripted: LEASE_PARTIAL half of them, any other code rejected", PLAIN),
    Drift("renewal of a lease", f"{P}: pricing", "$150 a month", P, NOTHING, "every 30 days; no credits are taken for it",
          "it is billed in dollars"),
    Drift("release told", f"{P}: event catalog", "social_account.revoked, payload cut", P, NOTHING, "sent with released_by_partner", PLAIN),
    Drift("token of a leased account", f"{P}: social accounts", "tokenExpiresAt", P, NOTHING, "null: Layers keeps it", PLAIN),
)
ENGAGEMENT: tuple[Drift, ...] = (
    Drift("scope of reading engagement", f"{P}: reference/engagement", "engagement:read", f"{P}: configure-auto-pilot-engagement",
          "engagement:write", "engagement:read", "reading needs no right to write"),
    Drift("newer fields of engagement", f"{P}: engagement, old", "403 FORBIDDEN_FENCE", f"{P}: engagement, new", "they round-trip",
          "they round-trip", "the newer page"),
    Drift("bounds of the reply fields", f"{P}: engagement", "cut", P, NOTHING,
          "maxPerPostPerHour 1 to 1000, 50 patterns of 200 letters, escalateNegativeSentiment true or false", PLAIN),
    Drift("fields of engagement that nobody set", f"{P}: engagement", "strategy?, tone?", P, NOTHING,
          "left out, as in the printed default", PLAIN),
)

# fmt: on
