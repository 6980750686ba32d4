"""SDK apps, keywords, and what came with them."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, Drift, P, S

__all__ = ["APPS"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
APPS: tuple[Drift, ...] = (
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
    Drift("reply of POST /v1/events", f"{P}: events", "same pipeline as the SDK, which answers 202", P, "body not shown",
          "202 with accepted and duplicates", PLAIN),
    Drift("names of events", f"{P}: events", "standard event names", f"{P}: sdk", "anything else is stored", "any name of 1-128 characters",
          "nothing is dropped in silence"),
    Drift("what of an event is personal", f"{P}: GET events", "email/phone/ip etc. come back as [redacted]", P, "etc. is not said",
          "by the field's name, at any depth; and whatever text reads as an e-mail address", PLAIN),
    Drift("events:read+pii and *", f"{P}: GET events", "on the key", f"{P}: Scopes", "* covers every data scope", "by name only",
          "who reads personal data is asked for"),
    Drift("value of a conversion", f"{P}: conversions", "revenue_amount, price_amount, properties.value", f"{P}: POST events",
          "reserved key revenue", "revenue after revenue_amount; null with the currency where there are several", "one word for one thing"),
    Drift("verify-tracking", f"{P}: verify-tracking", "status healthy|..., CAPI confirmation (cut)", P, NOTHING,
          "healthy, missing_events; the sample is stored as an event; no CAPI confirmation", "nothing in the sandbox has a pixel"),
    Drift("oauth-url of an archived project", P, NOTHING, S, NOTHING, "409 CONFLICT", "archiving pauses all else"),
)

# fmt: on
