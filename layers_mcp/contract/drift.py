"""Where the sources disagree or are silent, and what we do: one row for each, as data.

`a` and `b` are two places and what each says, cut short; a place that says nothing says `(nothing)`. The seeds win over the
pages, and where nothing is known the plainest shape holds (design, "Sources of truth").
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DRIFT", "Drift"]


class Drift(NamedTuple):
    """One disagreement, or one choice where nobody says anything."""

    topic: str
    a: str
    says_a: str
    b: str
    says_b: str
    ours: str
    why: str


S = "seed 004"
PLAYBOOK = "seed 000"
P = "layers-api"
NOTHING = "(nothing)"
SEED = "a seed is printed as it stands"
PLAIN = "the plainest shape"

# One row a line or two: a line for each field would be five hundred.
# fmt: off
_IDENTITY: tuple[Drift, ...] = (
    Drift("ids", f"{S}, step 1", "UUIDs (not prefixed)", f"{S}, step 4", "prj_01H9ZX5YV8...", "prj_<uuid>; a bare UUID is accepted",
          "both forms of the seed work"),
    Drift("job ids", f"{S}, step 3", "job_01H9ZX6A2V...", f"{P}: Identifiers", "job_<ULID>", "job_<ULID>; also gh_state_, st_, asset_",
          "they agree, and sort by time"),
    Drift("key id in decisions", f"{S}, step 7", "approvedBy: a bare UUID", f"{P}: approve", "api_key_<id>",
          "key_<uuid>, as whoami says it", "it can be looked up"),
    Drift("auth header", f"{S}, steps 1 and 2", "Bearer, and X-Api-Key", f"{P}: Authentication", "Bearer only",
          "both; X-Api-Key wins when both are sent", SEED),
    Drift("key storage", f"{P}: Authentication", "bcrypt, cost 12", S, NOTHING, "SHA-256 of a 256-bit random secret",
          "nothing to guess, and a read stays cheap"),
    Drift("test keys", f"{P}: sandbox, old", "lp_test_ works like live", f"{P}: sandbox, new", "no credits burned",
          "credits are reserved and charged", "the rules of the wallet can be tried"),
    Drift("scopes of approve", f"{S}, step 7", "content:approve", f"{P}: approve, new", "no scope", "content:approve", SEED),
    Drift("scope of a post's GET", f"{S}, step 10", "publish:write", f"{P}: publishing", "publish:read", "publish:write", SEED),
    Drift("scope of the influencer list", f"{S}, step 5", "projects:read", f"{P}: influencers", "influencers:write", "projects:read",
          SEED),
    Drift("whoami flags", f"{P}: whoami, old", "killSwitch, apiAccessRevoked", f"{P}: whoami, new", "dropped", "printed, false",
          "clients ignore unknown fields"),
)
_PROJECTS: tuple[Drift, ...] = (
    Drift("approval fields of the 201", f"{S}, step 1", "requiresApproval: false, firstNPostsBlocked: null", f"{S}, step 7",
          "requiresApproval: true, the first 3", "the 201 prints step 1; the policy is true and 3 and GET prints it",
          "both sentences of the seed hold"),
    Drift("approval fields of the GET", f"{S}, step 4", "approvalPolicy {…}", f"{P}: projects, old", "flat fields",
          "both, with the same values", "both forms can live"),
    Drift("default policy", f"{S}, step 7", "first 3 posts are blocked", f"{P}: content-review", "auto_approve", "review_first_n, 3",
          SEED),
    Drift("name", f"{P}: projects, new", "3-30 characters", f"{P}: projects, old", "1-128", "1-128",
          "the seed's generation; a longer name harms nobody"),
    Drift("timezone of a new project", f"{P}: create-project", "required", f"{S}, step 1", "sent", "optional, UTC", PLAIN),
    Drift("length of appDescription", f"{P}: projects, new", "100-1000 characters", f"{S}, step 3",
          "Order-ahead for third-wave coffee shops in the PNW.", "up to 1000; appName up to 60", SEED),
    Drift("brandVoice", f"{S}, step 3", "Warm, specific, lightly opinionated about beans.", f"{P}: projects, new",
          "authentic, witty, professional, …", "any words", SEED),
    Drift("targetGender", f"{P}: projects, new", "all, female, male", S, NOTHING, "an unknown field",
          "influencers are made from the brand alone"),
    Drift("customerExternalId", f"{P}: create-project", "unique per organization", f"{P}: concepts/projects", "uniqueness not enforced",
          "unique; 409 CONFLICT with field and projectId", "seed 004 speaks of one that is taken"),
    Drift("brand context by hand", f"{S}, step 4", "PATCH with only the changed fields", f"{P}: projects, new",
          "brandContext.* read-only, flat fields", "brandContext is merged; flat fields are accepted too", SEED),
    Drift("brandContext: null", P, NOTHING, S, NOTHING, "empties every field", "an explicit null means something"),
    Drift("archiving and jobs", f"{P}: DELETE project", "pauses generation", P, NOTHING,
          "running generations are canceled, ingests go on", "an ingest publishes nothing"),
    Drift("first-N", f"{P}: approval, old", "a counter that approvals decrement", f"{P}: content-review, new",
          "a count of those that left pending", "the count; approvalStatus is fixed at creation", "the newer words say exactly how"),
    Drift("pendingCount", P, "live", P, NOTHING, "leaves out failed and canceled containers", "nobody can decide on them"),
)
_GITHUB: tuple[Drift, ...] = (
    Drift("install-url fields", f"{S}, step 2", "authorizeUrl", f"{P}: install-url", "authUrl, installUrl",
          "all three, and returnUrl is optional", SEED),
    Drift("sandboxInstallations", S, NOTHING, P, NOTHING, "install-url says which installations the sandbox has",
          "nobody can open its GitHub page"),
    Drift("registering", f"{S}, step 2", "200", f"{P}: installation", "201", "200", SEED),
    Drift("installations per key", f"{S}, step 2", "once per end-customer GitHub org", f"{P}: installation", "one per organization",
          "many; GET shows the last one", SEED),
    Drift("whose an installation is", f"{S}, step 3", "registered on the project", f"{S}, step 2", "a POST that names no project",
          "the organization's", "only so both steps work as printed"),
    Drift("state of an installation", f"{S}, step 2", "a state nobody minted in the sample", f"{P}: install-url", "minted, 15 minutes",
          "must be minted by install-url or given to it",
          "else anybody binds anything; an ingest that names the installation of the owner needs none, as seed 000 prints it"),
    Drift("unknown installation", S, NOTHING, P, NOTHING, "422 VALIDATION on installationId", PLAIN),
    Drift("path of an ingest", f"{PLAYBOOK}, loop 1", "/github/ingest { installationId, repo }", f"{S}, step 3",
          "/ingest/github { repoFullName, … }", "both; naming the installation of the owner registers it; we send the second",
          "both seeds work as printed"),
    Drift("installation_not_found", f"{S}, step 3", "PLATFORM_ERROR / installation_not_found", f"{P}: installation", "uninstalled: 422",
          "502 PLATFORM_ERROR at the POST", "its HTTP status stands nowhere"),
    Drift("runtime of an ingest", f"{S}, step 3", "3-8 minutes", f"{P}: jobs", "90-240 s", "330 s at job speed 1", SEED),
    Drift("result of an ingest", f"{S}, step 3", "prUrl, prNumber, sdkAppId, brandContext", P, NOTHING,
          "also branch, commit, diffstat, patchPath, pushed, platforms", "what was really written can be looked at"),
    Drift("when a branch is pushed", f"{P}: jobs", "opening_pr refuses a cancel", P, NOTHING, "in opening_pr, which waits for it",
          "a canceled job leaves nothing in the customer's repository"),
    Drift("logoUrl", f"{S}, step 3", "https://cdn.layers.com/brand/...", P, NOTHING,
          "printed so; the file lies beside the state and is not served yet", "a served one comes later"),
    Drift("SDK packages", f"{P}: install-spec", "dependency { manager, url, from }", P, "names cut",
          "those of sandbox/repository/packages", "no page prints the names"),
    Drift("a repository that carries the SDK", S, NOTHING, P, NOTHING, "completed without branch and pull request",
          "nothing was written"),
    Drift("ingest and hand-made edits", f"{P}: ingest", "merges into brandContext", P, NOTHING,
          "what a later ingest finds wins, field by field", "a fold by time"),
)
_CONTENT: tuple[Drift, ...] = (
    Drift("status while generating", f"{P}: content, old", "generating", f"{P}: content, new", "processing",
          "generating; processing is accepted in filters", "the seed's generation"),
    Drift("formats", f"{S}, step 6", "video_remix", f"{P}: content, new", "video-remix", "underscores; hyphens are accepted", SEED),
    Drift("brief", f"{S}, step 6", "brief { hook, … }", f"{P}: content, new", "flat hook",
          "brief; flat hook, cta, influencerId … are accepted", SEED),
    Drift("filters of the content list", f"{P}: list content", "creativeType, no approvalStatus", S, NOTHING,
          "approvalStatus, no creativeType", "a queue must be found, and all content is generated"),
    Drift("items of the content list", f"{P}: list content", "short rows with primaryAsset", f"{S}, step 6", "a whole container",
          "whole containers", PLAIN),
    Drift("auto", f"{S}, step 6", "based on what media the project has", f"{S}, step 6", "video_remix", "video_remix",
          "there is no media yet"),
    Drift("runtime of a generation", f"{S}, step 6", "90-180 seconds", f"{P}: jobs", "minutes", "135 s at job speed 1", SEED),
    Drift("stages of a generation", f"{P}: jobs", "queued … generating_visuals … finalizing", P, "middle stages not recovered",
          "writing_captions between", PLAIN),
    Drift("deciding before the media is there", P, NOTHING, S, NOTHING, "409 CONFLICT with status", "nobody can judge what is not there"),
    Drift("reason of a reject", f"{S}, step 7", "optional regenerateBrief", f"{P}: reject", "reason required", "both optional", SEED),
    Drift("regenerateBrief", f"{S}, step 7", "atomically kick off a new generation", f"{P}: reject", "starts nothing",
          "one new variant in the same step, or nothing at all", SEED),
    Drift("reply of a reject that regenerates", f"{S}, step 7", "kick off a new generation", f"{P}: reject", "no job",
          "jobId and containerIds beside the decision", PLAIN),
    Drift("approving twice", f"{P}: content-review", "approved is terminal", P, NOTHING, "409 CONFLICT with details.approvalStatus",
          "only an Idempotency-Key replays"),
    Drift("credits of a regeneration", P, NOTHING, S, NOTHING, "those of one variant, reserved at once", PLAIN),
    Drift("influencer not of the project", P, NOTHING, P, NOTHING, "422 on brief.influencerId, also while it trains", PLAIN),
    Drift("first influencer", f"{S}, step 5", "from the brand context", f"{P}: influencers, new", "at creation, with appDescription",
          "in training 20 s before the ingest ends, ready at its end", SEED),
    Drift("out of credits", f"{P}: guardrails", "HTTP 402", f"{P}: errors", "code not recovered",
          "402 INSUFFICIENT_CREDITS { required, available }", PLAIN),
)
_PUBLISHING: tuple[Drift, ...] = (
    Drift("scheduling pending content", f"{S}, steps 7 and 9", "403 APPROVAL_REQUIRED", f"{S}, step 9; {P}: schedule",
          "blocked_on_approval", "schedule: 202 blocked_on_approval; publish: 403", "only so approve has something to promote"),
    Drift("status of blocked_on_approval", f"{S}, step 9", "200", f"{P}: schedule", "202", "202; 200 when queued",
          "the seed's 200 shows the queued one"),
    Drift("scheduling twice before approval", P, NOTHING, S, NOTHING, "the last intent is kept", PLAIN),
    Drift("promotion of a schedule whose time is past", f"{P}: approve", "status: failed", P, NOTHING, "failed; nothing is posted late",
          "a post at the wrong hour can't be taken back"),
    Drift("publish modes", f"{S}, step 9", "direct_publish", f"{P}: publishing, new", "publish, draft, managed",
          "the old words; publish and draft are accepted", SEED),
    Drift("mode left out", f"{P}: publishing, new", "required", f"{S}, step 9", "sent", "direct_publish", PLAIN),
    Drift("end of a draft", f"{S}, step 10", "published | failed | canceled", f"{P}: publishing", "draft",
          "draft_to_device ends as draft, without externalId and publishedAt", "nothing is out"),
    Drift("lastError of a post", f"{S}, step 10", "the platform code", f"{P}: publishing", "{code?, message}; CREDENTIAL_INVALID",
          "code (CREDENTIAL_INVALID, PLATFORM_REJECTED, RATE_LIMITED), message, platformCode", "both can be told"),
    Drift("what a platform refuses", f"{S}, step 10", "expired token, media rejected, rate-limited", P, NOTHING,
          "token over; 2,200 letters; images as a reel; 15 posts a day on TikTok, 100 on Instagram", "the platforms' own pages"),
    Drift("direct_publish on Instagram", f"{P}: publishing, mid", "reels, feed, draft", f"{P}: publishing, new", "publish", "accepted",
          "publish is its new word"),
    Drift("scheduledFor in the past", f"{P}: schedule, new", "422 beyond about 30 s", f"{P}: schedule, mid", "accepted",
          "422 beyond 30 s, and beyond ten years ahead", "the newer page says why"),
    Drift("offsets", f"{P}: timestamps", "offset form rejected", S, "Z", "accepted, printed as Z",
          "an offset is no doubt about the instant"),
    Drift("reply of publish", f"{P}: publish", "cut", f"{S}, step 9", "scheduledPostIds, gateStatus, scheduledFor", "as schedule's",
          PLAIN),
    Drift("publish lead", f"{P}: publish, mid", "now + 30 s", f"{P}: publish, new", "now", "now", "the newer page"),
    Drift("reschedule's reply", f"{P}: reschedule", "id, status, scheduledFor, updatedAt", P, NOTHING, "the whole post",
          "more of the same"),
    Drift("runtime of publishing", f"{S}, step 10", "22:00:00 to 22:00:11.412", P, NOTHING, "11.412 s at job speed 1", SEED),
    Drift("OAuth state lives", f"{S}, steps 7 and 8", "17:41:08 to 18:11:08", f"{P}: oauth-url", "10 minutes", "30 minutes",
          "the seed's stamps"),
    Drift("OAuth consent", f"{S}, step 8", "the user authorizes on the platform", f"{P}: sandbox, new", "OAuth completes server-side",
          "the sandbox serves the platform's page at authorizeUrl; nothing completes before somebody presses Allow", SEED),
    Drift("return from a consent", f"{S}, step 8", "?layers_state=<state>&status=success", f"{P}: oauth-url, new", "no query params",
          "the seed's, merged into the query of returnUrl; these names in it before are replaced", SEED),
    Drift("declining a consent", S, NOTHING, f"{P}: oauth-url", "?layers_oauth_error=<code>",
          "?layers_state=<state>&status=error&layers_oauth_error=access_denied; status failed, ACCESS_DENIED",
          "the seed's two with the page's one; the word is OAuth's own (RFC 6749)"),
    Drift("a platform's refusal after Allow", P, "codes not recovered", S, NOTHING, "as a decline, with the scripted code in lower case",
          PLAIN),
    Drift("a consent that nobody decides", f"{P}: oauth-status", "pending, completed, failed", S, NOTHING,
          "failed with STATE_EXPIRED from expiresAt on; nobody is sent back", PLAIN),
    Drift("life of a token", P, NOTHING, S, NOTHING, "60 days from the last consent, then status reauth_required",
          "that of Instagram's long-lived tokens"),
    Drift("scheduling on reauth_required", P, NOTHING, S, NOTHING, "422 on targets.<n>.socialAccountId", PLAIN),
    Drift("reauth-url for a stranger's account", f"{P}: reauth-url", "errors not recovered", S, NOTHING, "422 on socialAccountId", PLAIN),
    Drift("oauth-status path", f"{S}, step 8", "/v1/projects/:id/social/oauth-status?state=", f"{P}: oauth-status",
          "/v1/social/oauth-status/:state", "both; only for the key that asked", SEED),
    Drift("connecting a platform twice", P, NOTHING, S, NOTHING, "the same account again, its token renewed",
          "one account for each platform and project, as its handle is ours"),
    Drift("handle", f"{S}, step 10", "quinnscoffee of Quinns Coffee Co", P, NOTHING, "the project's name without company words", SEED),
    Drift("returnUrl that is not https", f"{P}: oauth-url", "403 by its host", P, NOTHING, "422; http for localhost only", PLAIN),
)
_EDGE: tuple[Drift, ...] = (
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

_APPS: tuple[Drift, ...] = (
    Drift("status of a new SDK app", f"{P}: POST sdk-apps", "cut", S, NOTHING, "201", PLAIN),
    Drift("form of an SDK key", P, NOTHING, S, NOTHING, "lsk_<16 base32>_<43 base64url>, kept as its SHA-256", "as API keys are kept"),
    Drift("repeating what shows a key", f"{P}: idempotency", "original body replayed verbatim", f"{P}: sdk-apps", "apiKey shown once",
          "the same app without apiKey", "what is replayed must be kept, and a key is kept nowhere"),
    Drift("key of an ingest's SDK app", f"{S}, step 3", "sdkAppId only", P, NOTHING, "none; rotateKey makes one",
          "a job's result is read again and again"),
    Drift("SDK apps of ingests", f"{P}: ingest", "creates the SDK app as a side effect", P, NOTHING,
          "one for each completed ingest, of the first stack that carries the SDK", "each pull request carries an id of its own"),
    Drift("identifiers of an SDK app", f"{P}: sdk-apps", "the one not matching platform is null", P, NOTHING,
          "one that can't match is refused; react-native, flutter and expo take bundleId and androidPackage",
          "nothing is dropped in silence"),
    Drift("identifiers an ingest did not find", f"{P}: POST sdk-apps", "required", f"{S}, step 3", NOTHING, "null until patched", PLAIN),
    Drift("appId in the body", f"{P}: sdk-apps, old", "the partner's own id", f"{P}: idempotency, new", "the server makes it",
          "an unknown field", "the newer pages"),
    Drift("scope of a CAPI switch", f"{P}: sdk-apps, new", "ads:write:capi", f"{P}: sdk-apps, old", "projects:write", "projects:write",
          "one scope a route"),
    Drift("CAPI without a pixel", f"{P}: sdk-apps", "needs a configured pixel and ad credential first", P, "code not recovered",
          "422 on capi.<platform>.enabled", "nothing in the sandbox has a pixel"),
    Drift("install spec", f"{P}: install-spec", "files to create (cut)", P, NOTHING,
          "what an ingest writes into the smallest app of the stack: files with action create or add_lines; alsoNeeds for Expo", PLAIN),
    Drift("install spec without platforms", P, NOTHING, S, NOTHING, "of the app's own platform", PLAIN),
    Drift("kind and stages of a keyword refresh", f"{P}: keywords", "kind cut", P, NOTHING,
          "keywords_refresh: queued, researching, scoring, finalizing; 270 s at job speed 1", "4-5 minutes"),
    Drift("where appDescription is looked for", f"{P}: keywords", "missingFields: [appDescription]", S, NOTHING,
          "in the brand context, at the refresh", "there is no other place"),
    Drift("numbers of a hashtag", f"{P}: keywords", "score 0-100, floor 70, views, uses", P, NOTHING,
          "reckoned from the brand's own words, the same for the same brand", "nothing is measured here"),
    Drift("hashtags of older refreshes", f"{P}: keywords", "upserts the bank", P, NOTHING, "stay beside the newer ones",
          "the word says so"),
    Drift("readInPart of an ingest", P, NOTHING, S, NOTHING, "true when the repository has more files than are read",
          "who reads in part says so"),
    Drift("a platform named twice in a brief", f"{S}, step 6", "targetPlatforms: [tiktok, instagram]", P, NOTHING,
          "422 on brief.targetPlatforms", "a caption is kept for each platform, and two for one would leave it open which goes out"),
    Drift("oauth-url of an archived project", P, NOTHING, S, NOTHING, "409 CONFLICT", "archiving pauses all else"),
)

# fmt: on

DRIFT: tuple[Drift, ...] = (*_IDENTITY, *_PROJECTS, *_GITHUB, *_CONTENT, *_PUBLISHING, *_EDGE, *_APPS)
"""Every disagreement and every choice of ours that we know of."""
