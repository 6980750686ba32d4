"""A call of each tool as it is really made, for `layers-mcp tools --json` and `describe`; kept off tools/list, where words cost."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import JsonValue

__all__ = ["ANSWERS", "EXAMPLES", "answers"]

ANSWERS: Final = "answers.json"
"""The file beside this one with a call of each tool as it was made in a run of the sandbox, and what came of it."""

_PROJECT: Final[dict[str, JsonValue]] = {"projectId": "prj_7c0f6f0e-6d3b-4a55-9a51-0f6a2d1c9b01"}
_POST = "cnt_3b1d9a52-86c4-4f0f-9d0e-5a7f8c2e4d02"
_ACCOUNT = "sa_9e2f4c11-58d7-4b3a-8c66-1d0b7a5f3e03"
_OUT = "sp_5d8a7b20-91e3-4c6f-a2b4-7e9f0c1d2a04"
_CREATIVE = "adc_1f6e8d37-2b4a-4d90-b5c8-6a3e7f9d0c05"

EXAMPLES: Final[dict[str, dict[str, JsonValue]]] = {
    "create_project": {"name": "Quinns Coffee Co", "customerExternalId": "quinn-1", "timezone": "America/Los_Angeles"},
    "get_project": {**_PROJECT},
    "update_project": {**_PROJECT, "brandContext": {"tagline": "Your cafe, skip the line.", "keywords": ["coffee", "order ahead"]}},
    "ingest_repo": {
        **_PROJECT,
        "repoFullName": "quinns-coffee/quinns-app",
        "platforms": ["ios"],
        "installationId": 48271993,
        "state": "st_4f8a2c",
        "waitSeconds": 300,
    },
    "connect_account": {**_PROJECT, "platform": "tiktok", "returnUrl": "https://app.your-partner.com/done"},
    "generate_content": {
        **_PROJECT,
        "format": "slideshow_remix",
        "hook": "Skip the line.",
        "targetPlatforms": ["tiktok"],
        "variantCount": 2,
        "quoteOnly": True,
    },
    "list_content": {**_PROJECT, "approvalStatus": "pending", "limit": 10},
    "approve_content": {"containerIds": [_POST], "decision": "reject", "regenerateBrief": {"hook": "Walk in, grab it, walk out."}},
    "schedule_content": {
        "containerId": _POST,
        "scheduledFor": "2026-04-18T15:00[America/Los_Angeles]",
        "targets": [{"socialAccountId": _ACCOUNT, "mode": "draft_to_device"}],
    },
    "top_performers": {**_PROJECT, "window": "7d", "floor": 0.05},
    "read_ads_metrics": {**_PROJECT, "groupBy": "campaign", "since": "2026-04-01", "until": "2026-04-07", "chart": True},
    "explain_decision": {**_PROJECT, "adId": "ad_120210000000001"},
    "override_creative": {**_PROJECT, "creativeId": _CREATIVE, "override": "exclude", "note": "The founder left."},
    "list_posts": {**_PROJECT, "status": "queued", "limit": 5},
    "reschedule_post": {"scheduledPostId": _OUT, "scheduledFor": "2026-04-19T15:00[America/Los_Angeles]"},
    "cancel_post": {"scheduledPostId": _OUT},
    "wait_for_job": {"jobId": "job_01KPGSTKBGJ68KYWWXH17S9RXK", "waitSeconds": 1},
    "halt": {**_PROJECT, "cancel": True},
    "clone_regardless": {**_PROJECT, "sourcePostId": _OUT, "mode": "reimagine", "variations": 2, "quoteOnly": True},
    "run_optimizer": {**_PROJECT, "platform": "meta_ads", "dryRun": True},
    "review_pending_action": {**_PROJECT, "pendingId": "pa_8c2e4d02", "decision": "approve", "comment": "As agreed."},
    "read_metrics": {**_PROJECT, "metrics": ["views", "followers"], "since": "2026-04-01T00:00:00Z", "granularity": "week"},
    "list_ads_content": {**_PROJECT, "eligible": True, "limit": 5},
    "list_recommendations": {**_PROJECT, "status": "open", "minConfidence": 0.6, "limit": 5},
    "update_recommendation": {**_PROJECT, "recommendationId": "rec_7a5f3e03", "status": "dismissed", "note": "Made already."},
    "update_review_policy": {**_PROJECT, "policy": "review_first_n", "firstN": 10},
    "list_sdk_apps": {**_PROJECT, "appId": "app_6a3e7f9d", "platforms": ["web", "nextjs"]},
    "create_sdk_app": {**_PROJECT, "name": "Quinns web", "platform": "web", "webDomain": "quinnscoffee.com"},
    "update_sdk_app": {**_PROJECT, "appId": "app_6a3e7f9d", "rotateKey": True},
    "list_keywords": {**_PROJECT},
    "refresh_keywords": {**_PROJECT, "waitSeconds": 1},
    "ingest_listing": {**_PROJECT, "iosBundleId": "coffee.quinns.app", "countryCode": "US", "waitSeconds": 1},
    "add_app_media": {**_PROJECT, "kind": "logo", "url": "https://quinnscoffee.com/logo.svg"},
    "list_app_media": {**_PROJECT, "kind": "logo", "limit": 5},
    "remove_app_media": {**_PROJECT, "mediaId": "med_123e4567-e89b-42d3-a456-426614174000"},
    "onboard_customer": {
        "customerExternalId": "quinn-1",
        "name": "Quinns Coffee Co",
        "timezone": "America/Los_Angeles",
        "repoFullName": "quinns-coffee/quinns-app",
        "connect": ["tiktok"],
        "posts": 2,
        "waitSeconds": 1,
    },
    "run_loop": {"loop": "publish_to_learn", "customerExternalId": "quinn-1", "waitSeconds": 1},
    "get_run": {"customerExternalId": "quinn-1", "waitSeconds": 1},
    "list_questions": {**_PROJECT, "kind": "spend"},
    "answer_question": {"questionId": "q_0c1d2a04", "answer": "skip"},
    "set_plan": {
        **_PROJECT,
        "socialAccountIds": [_ACCOUNT],
        "slots": ["10:00", "17:30"],
        "postsADay": 2,
        "until": "2026-12-31",
    },
    "pause_loops": {**_PROJECT, "loop": "publish_to_learn"},
    "resume_loops": {**_PROJECT, "loop": "publish_to_learn"},
    "get_health": {**_PROJECT},
    "read_resource": {"uri": "layers://trail"},
    "find": {"words": "pause the ads of a customer"},
    "describe": {"name": "PATCH /v1/projects/{projectId}/engagement"},
    "call": {"name": "list_content", "arguments": {**_PROJECT, "approvalStatus": "pending"}},
}
"""By the name of the tool."""


@cache
def answers() -> dict[str, dict[str, Any]]:
    """By the name of the tool: `arguments` of a call that was made in the sandbox, and `answer`, its text."""
    return json.loads(files("layers_mcp.tools").joinpath(ANSWERS).read_text(encoding="utf-8"))
