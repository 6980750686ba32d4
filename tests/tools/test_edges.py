"""Projects at the edges: nothing, one post, only ads, two currencies, a clock change, ten thousand ads; each is answered with sense."""

from __future__ import annotations

import json

import bpe_openai
import pytest

from layers_mcp.database import writing
from layers_mcp.sandbox import growth

pytestmark = pytest.mark.anyio
MOST_TOKENS = 8000
NEW_YORK = "America/New_York"
UNKNOWN = "sp_00000000-0000-4000-8000-000000000000"
CALLS = {
    "top_performers": {},
    "read_metrics": {},
    "read_ads_metrics": {},
    "read_ads_metrics by day": {"groupBy": "project"},
    "explain_decision": {},
    "list_ads_content": {},
    "list_recommendations": {},
    "generate_content": {"sourcePostId": UNKNOWN},
    "override_creative": {"creativeId": "", "override": "include"},
    "run_optimizer": {"platform": "meta_ads", "waitSeconds": 900},
}
"""The tools of the second and third loop; override_creative gets the first creative there is."""
NO_POSTS, NO_ADS = "No data yet: nothing of this project is published and measured", "Nothing ran in this period."
NO_DECISION, NO_ADVICE = "No decision about this is recorded in the period", "Nothing is recommended here now"
REFUSED, ASKED, NO_LAYER = "Nothing was made or charged", "Nothing was changed. Ask the person", "connect an ad account first"
ORGANIC = {
    "top_performers": "Ranked by ",
    "read_metrics": "Buckets: 31 of 31.",
    "read_ads_metrics": NO_ADS,
    "read_ads_metrics by day": NO_ADS,
    "explain_decision": NO_DECISION,
    "generate_content": REFUSED,
    "override_creative": ASKED,
    "run_optimizer": NO_LAYER,
}
PAID = {
    "top_performers": "Its ads are measured by themselves: read_ads_metrics.",
    "read_metrics": "What ads bring: read_ads_metrics.",
    "read_ads_metrics": "4 ads in the period.",
    "read_ads_metrics by day": "8 days in the period.",
    "explain_decision": NO_DECISION,
    "list_ads_content": "Creatives on this page: 4.",
    "list_recommendations": NO_ADVICE,
    "generate_content": REFUSED,
    "override_creative": ASKED,
    "run_optimizer": " would do ",
}
SAID = {
    "empty": {
        "top_performers": NO_POSTS,
        "read_metrics": "Nothing that is published is measured in this window.",
        "read_ads_metrics": NO_ADS,
        "read_ads_metrics by day": NO_ADS,
        "explain_decision": NO_DECISION,
        "list_ads_content": "There are no creatives yet.",
        "list_recommendations": NO_ADVICE,
        "generate_content": REFUSED,
        "override_creative": "list_ads_content shows them",
        "run_optimizer": NO_LAYER,
    },
    "one post": ORGANIC | {"list_ads_content": "Creatives on this page: 1.", "list_recommendations": NO_ADVICE},
    "only organic": ORGANIC | {"list_ads_content": "Creatives on this page: 20.", "list_recommendations": "Recommendations on this page: "},
    "only paid": PAID,
    "two currencies": PAID
    | {"read_ads_metrics": "8 ads in the period.", "read_ads_metrics by day": "8 days in 2 currencies in the period."},
    "a thousand ads": PAID | {"read_ads_metrics": "1000 ads in the period.", "list_ads_content": "Creatives on this page: 20."},
    "ten thousand ads": PAID | {"read_ads_metrics": "10000 ads in the period.", "list_ads_content": "Creatives on this page: 20."},
}
"""What each tool says of each project, in part."""
ERRORS = {"empty": {"override_creative", "run_optimizer"}, "one post": {"run_optimizer"}, "only organic": {"run_optimizer"}}
THEN = {
    ("empty", "top_performers"): "list_content",
    ("empty", "read_ads_metrics"): "top_performers",
    ("empty", "list_ads_content"): "generate_content",
    ("only paid", "top_performers"): "read_ads_metrics",
    ("one post", "top_performers"): "generate_content",
    ("one post", "read_ads_metrics by day"): "top_performers",
}
"""The next step that some answers name first."""


def tokens(answer) -> int:
    """How long an answer is for a model that is shown both of its forms."""
    encoding = bpe_openai.get_encoding("o200k_base")
    return len(encoding.encode(json.dumps(answer.record))) + len(encoding.encode(answer.text))


async def _project(story, paid_of, kind: str) -> str:
    if kind == "only organic":
        with writing(story.world.engine) as connection:
            growth.found(connection, story.now())
        return next(one["id"] for one in (await story.call("get_project"))["result"]["projects"])
    project = await story.project()
    if kind == "one post":
        await story.fed(project, 1.0)
    paid = paid_of(story.world, project)
    if kind in ("only paid", "two currencies"):
        paid.campaign(paid.account())
    if kind == "two currencies":
        paid.campaign(paid.account("tiktok_ads", currency="EUR", name="There"), name="There")
    if kind.endswith("thousand ads"):
        paid.many(paid.account(), 10_000 if kind.startswith("ten") else 1000)
    return project


async def _check(story, paid_of, kind: str) -> None:
    project = await _project(story, paid_of, kind)
    creatives = (await story.call("list_ads_content", projectId=project))["result"].get("items", [{"adsContentId": "adc_none"}])
    for call, arguments in CALLS.items():
        named = {"creativeId": creatives[0]["adsContentId"]} if "creativeId" in arguments else {}

        answer = await story.result(call.partition(" ")[0], projectId=project, **{**arguments, **named})

        said = answer.record["error"]["message"] if answer.is_error else answer.record["summary"]
        assert SAID[kind][call] in said, call
        assert answer.is_error == (call in ERRORS.get(kind, ())), (call, answer.record)
        assert tokens(answer) <= MOST_TOKENS, call
        if (kind, call) in THEN:
            assert answer.record["next"][0]["tool"] == THEN[kind, call], call
        if answer.is_error:
            assert answer.record["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("kind", [kind for kind in SAID if kind != "ten thousand ads"])
async def test_every_tool_answers_a_project_at_the_edge_with_sense(story, paid_of, kind):
    """Issue 4, done when: empty, one post, only paid or only organic data, mixed currencies: a sensible answer within the limit."""
    await _check(story, paid_of, kind)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_every_tool_answers_a_project_of_ten_thousand_ads(story, paid_of):
    """Issue 4, done when: 10,000 ads."""
    await _check(story, paid_of, "ten thousand ads")
