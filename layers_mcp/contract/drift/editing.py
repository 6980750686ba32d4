"""Content that is changed after it was made, and what it is made from."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, Drift, P, S

__all__ = ["EDITING"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
EDITING: tuple[Drift, ...] = (
    Drift("regenerating under the same id", f"{P}: regenerate, old", "same id, media and caption replaced", f"{P}: new pages",
          "generate again", "as the old page; its job is the container's from then on, and the earlier one names no container any more",
          "both can live"),
    Drift("approval after a regeneration", f"{P}: regenerate", "back to pending when reviewed", P, NOTHING,
          "pending, whatever was decided; not_required is asked of the policy anew", "a yes was to the earlier words"),
    Drift("a schedule that waits, and a changed content", P, NOTHING, S, NOTHING, "dropped with the change",
          "it was asked for with the earlier words; the next yes must not let it out"),
    Drift("caption of a queued post", f"{P}: regenerate", "scheduled posts keep the old caption", f"{P}: scheduled-posts", NOTHING,
          "kept with the post when it is queued, and shown as caption", "who looks sees what goes out"),
    Drift("what can be regenerated", P, NOTHING, S, NOTHING, "what is completed or failed, else 409 CONFLICT with status",
          "one generation at a time"),
    Drift("credits of a regeneration under the same id", P, NOTHING, S, NOTHING, "those of one variant, also with preserveAssets", PLAIN),
    Drift("references of a regeneration", f"{P}: regenerate", "sourcePostIds, assetIds", S, NOTHING, "kept with the job, draw nothing",
          "as referenceMediaIds of a brief"),
    Drift("deleting content", f"{P}: assets", "until the container is deleted", P, "no page of it", "no endpoint",
          "nobody knows what would become of its posts"),
    Drift("reply of content/hooks", f"{P}: content/hooks", "JSON cut", P, NOTHING, "{ hooks: string[], brandVoice, language }",
          "as the keywords' reply"),
    Drift("hooks of the sandbox", f"{P}: content/hooks", "freshly written each call", P, NOTHING,
          "the brand's tagline or name in the language's openers, turned on by the second", "nothing is thought up here"),
    Drift("items of source-recommendations", f"{P}: source-recommendations", "item fields cut", P, NOTHING,
          "{ tiktokVideoId, kind, url }; none in the sandbox", "there is no TikTok to find posts on"),
    Drift("reply of content/uploads", f"{P}: content/uploads", "shape cut", P, NOTHING,
          "201 { containerIds, uploads: [{ containerId, filename, contentType, uploadUrl, expiresAt }] }", PLAIN),
    Drift("where files are PUT to", f"{P}: content/uploads", "a presigned URL", P, NOTHING,
          "/uploads/<secret> on the sandbox's own site, for an hour; 403 after it, 400 another type or fewer bytes, 413 more", PLAIN),
    Drift("status of a reserved upload", f"{P}: content", "completed at once", f"{P}: content/uploads", "reserved",
          "queued until it is finalized, without media; finalized too early: 422 with each file", PLAIN),
    Drift("an upload's caption on each platform", f"{P}: upload", "caption", f"{S}, step 6", "captionVariants",
          "the same caption for both platforms in captionVariants", "a seed is printed as it stands"),
    Drift("approval of an upload", f"{P}: content-review", "of what is generated", P, NOTHING, "by the same policy",
          "nothing goes out that the policy would have held"),
    Drift("approval after a changed caption", f"{P}: PATCH content", NOTHING, P, NOTHING,
          "pending, as after a regeneration; the same caption again changes nothing", "a yes was to the earlier words"),
    Drift("changing what was generated", f"{P}: PATCH content", "uploaded items only", P, "code not recovered",
          "409 CONFLICT with creativeType; regenerating and cloning an upload are refused likewise", PLAIN),
    Drift("webhooks of an upload", P, NOTHING, P, NOTHING, "none but those of its decision and its posts", "nothing was generated"),
    Drift("storage quota", f"{P}: upload", "exists, numbers cut", P, NOTHING, "none", "nobody knows the numbers"),
    Drift("reply of notify-device", f"{P}: notify-device", "cut", P, NOTHING,
          "{ containerId, status: sent, sentAt }; without phoneNumber 422 PHONE_REQUIRED; 403 before a decision",
          "no phone is here; what waits for a decision is shown to nobody"),
    Drift("TikTok music", f"{P}: tiktok-music", "tracks, refreshed every 12 h", P, NOTHING, "none in the sandbox",
          "it has no catalogue of TikTok's"),
    Drift("repositories of an organization without an installation", f"{P}: github/repos", "422 when uninstalled", P, NOTHING,
          "an empty list; nothing is ever uninstalled", PLAIN),
    Drift("media library", f"{P}: media, old", "presign, finalize, base64", f"{P}: concepts, new", "no presign or finalize any more",
          "no endpoints; app-media and content/uploads take files", "the newer page says that they are gone"),
    Drift("repositories of a project", f"{P}: GitHub integration", "GET /v1/projects/:projectId/github/repos", P, "no page of it",
          "no endpoint; GET /v1/github/repos lists them", "installations are the organization's"),
    Drift("a route for each format", f"{P}: content, new", "content/<format>", f"{S}, step 6", "content with format",
          "both; slideshow-builder is shown as slideshow_remix", "both can live"),
    Drift("what a remix is made from", f"{P}: content/*-remix", "the TikTok post's own text or film", P, NOTHING,
          "the brand, as any generation; socialAccountId is looked at and anchors nothing", "there is no TikTok to fetch it from"),
)

# fmt: on
