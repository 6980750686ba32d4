"""The growth demo: a project that is six weeks old when its world is made, for whoever looks before making one of their own.

It is made of the rows that a customer's own weeks leave, and is the same in every world of one seed, but for the ids of its ads and of
what the optimizer did with them. Its media were never drawn, and it cost nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from layers_mcp.contract.content import STAGES
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox import awaiting, crowd, ids, sdk_apps, tables
from layers_mcp.sandbox.ads import making
from layers_mcp.sandbox.ads.making import NewAccount, NewCampaign
from layers_mcp.sandbox.ads.pool import ads_content_id
from layers_mcp.sandbox.ads.tables import layers
from layers_mcp.sandbox.audience import quality
from layers_mcp.sandbox.captions import Message, captions
from layers_mcp.sandbox.keys import DEFAULT_KEY

__all__ = ["EXTERNAL_ID", "found"]

EXTERNAL_ID: Final = "layers-demo"
"""By which the project is known, and its chance called."""
_AGE = timedelta(days=42)
_DAY, _GENERATION, _PUBLISHING = timedelta(days=1), timedelta(seconds=135), timedelta(seconds=11.412)
_POSTS, _ZONE = 36, "America/Los_Angeles"
_TOKEN_LIVES = timedelta(days=60)
_FRESH_ONLY, _EVERY, _MOST_CLONES = 12, 3, 5
"""The team posts something new twelve times, then makes every third post a clone of its best, five of one at most."""
_PLATFORMS: tuple[SocialPlatform, ...] = ("tiktok", "instagram")
_FORMATS = ("video_remix", "slideshow_remix")
_ADS_AGE, _AD_PLATFORM, _SHOWN, _BUDGET_CENTS = timedelta(days=28), "meta_ads", 4, 6_000
_AUTHORITY = {"creative": "draft", "tactical": "auto", "structural": "draft"}
"""Bids and budgets move by themselves; what starts or stops an ad waits for a yes."""
_TARGET_CPA_CENTS = 2_000
"""What the team pays for an install: budgets rise while creatives are fresh, and fall once they have tired."""
_OWNER = select(tables.keys.c.organization_id, tables.keys.c.id).where(tables.keys.c.public_id == DEFAULT_KEY.split("_")[2])
_BRAND = BrandContext(
    app_name="Tidewise",
    app_description="Tide times and surf windows for the beach you actually go to. Works offline on the sand.",
    tagline="Know the water before you go.",
    audience="Weekend surfers and beach families",
    icp="People within an hour of a coast",
    brand_voice="warm, a little salty",
    keywords=("tide times", "surf", "beach day"),
    primary_language="en",
    logo_url=None,
)
_HOOKS = (
    "You checked the weather. Did you check the water?",
    "Three beaches, one hour, no guessing.",
    "The best wave of the week was at 6:10.",
    "Low tide is when the kids find crabs.",
    "Stop driving to flat water.",
    "Your beach has a secret schedule.",
    "This is what a rip looks like from the sand.",
    "We asked a lifeguard when to swim.",
    "Sunrise, 14 degrees, nobody out.",
    "The parking lot fills at ten. The tide turns at nine.",
    "One number tells you if it is worth it.",
    "Pack the car after you see this.",
)


def _project(connection: Connection, now: datetime) -> str:
    """The project with its brand, its accounts, and the ingest that gave its app the SDK; its id."""
    organization = connection.execute(_OWNER).one().organization_id
    project_id, began = ids.derived("prj", EXTERNAL_ID), now - _AGE
    row: dict[str, Any] = {"id": project_id, "organization_id": organization, "name": "Tidewise (demo)", "external_id": EXTERNAL_ID}
    row |= {"timezone": _ZONE, "language": "en", "owner_email": None, "metadata": {"demo": "true"}}
    row |= {"status": "active", "policy": "review_first_n", "first_n": 3, "created_at": began, "updated_at": began}
    connection.execute(insert(tables.projects).values(row))
    job_id, ended = ids.derived("job", EXTERNAL_ID, "ingest"), began + timedelta(minutes=5)
    job: dict[str, Any] = {"id": job_id, "organization_id": organization, "project_id": project_id, "kind": "project_ingest_github"}
    made = {"sdkAppId": sdk_apps.app_id_of(job_id), "brandContext": _BRAND.model_dump(mode="json", by_alias=True)}
    job |= {"stages": [["queued", 300.0]], "started_at": began, "request": {}, "result": made}
    connection.execute(insert(tables.jobs).values(job))
    fact = {"project_id": project_id, "job_id": job_id, "at": ended, "fields": _BRAND.model_dump(mode="json")}
    connection.execute(insert(tables.brand_facts).values(fact))
    app: dict[str, Any] = {"id": sdk_apps.app_id_of(job_id), "project_id": project_id, "job_id": job_id, "name": "Tidewise"}
    app |= {"platform": "ios", "bundle_id": "demo.tidewise", "capi": {}, "created_at": ended, "rotated_at": ended}
    connection.execute(insert(tables.sdk_apps).values(app))
    connection.execute(
        insert(tables.accounts),
        [
            {"id": ids.derived("sa", EXTERNAL_ID, platform), "project_id": project_id, "platform": platform, "handle": "tidewise"}
            | {"connected_at": ended, "token_expires_at": now + _TOKEN_LIVES}
            for platform in _PLATFORMS
        ],
    )
    for platform in _PLATFORMS:
        account_id = ids.derived("sa", EXTERNAL_ID, platform)
        awaiting.expect(connection, "account", account_id, project_id=project_id, due_at=now + _TOKEN_LIVES)
    return project_id


def _source(made: list[dict[str, Any]], clones: dict[str, int]) -> dict[str, Any] | None:
    """The best container that may be cloned, by what only the sandbox knows."""
    free = [one for one in made[:-_EVERY] if clones.get(one["id"], 0) < _MOST_CLONES]
    return max(free, key=lambda one: one["quality"], default=None)


def _containers(connection: Connection, project_id: str, now: datetime) -> list[dict[str, Any]]:
    """What was generated, evenly over the weeks, up to two days ago."""
    audience = crowd.audience_of(connection)
    decided_by = connection.execute(_OWNER).one().id
    made: list[dict[str, Any]] = []
    clones: dict[str, int] = {}
    for place in range(_POSTS):
        luck, at = f"{EXTERNAL_ID}/{place}", now - _AGE + _DAY + place * (_AGE - 3 * _DAY) / _POSTS
        source = _source(made, clones) if place >= _FRESH_ONLY and place % _EVERY == 0 else None
        hook, form = (source["hook"], source["format"]) if source else (_HOOKS[place % len(_HOOKS)], _FORMATS[place % len(_FORMATS)])
        good = quality.fresh(audience, luck, brand=EXTERNAL_ID, hook=hook, form=form)
        if source is not None:
            earlier = clones.setdefault(source["id"], 0)
            good = quality.cloned(audience, luck, source=source["quality"], mode="fork", earlier=earlier)
            clones[source["id"]] += 1
        texts = captions(_PLATFORMS, Message(hook, "See your beach", "en"), brand=_BRAND, variant=place)
        row: dict[str, Any] = {
            "id": ids.derived("cnt", EXTERNAL_ID, str(place)),
            "project_id": project_id,
            "format": form,
            "hook": hook,
            "brief": {},
        }
        row |= {"job_id": ids.derived("job", EXTERNAL_ID, str(place)), "captions": [text.model_dump() for text in texts], "media": []}
        row |= {"approval": "approved", "decided_at": at + 2 * _GENERATION, "decided_by": decided_by, "created_at": at, "luck": luck}
        row |= {"quality": good, "source_post_id": _post_id(source) if source else None, "cloned_from": source["id"] if source else None}
        made.append(row)
    return made


def _post_id(container: dict[str, Any]) -> str:
    return ids.derived("sp", container["id"])


def _post(container: dict[str, Any], platform: SocialPlatform) -> dict[str, Any]:
    at = container["created_at"] + timedelta(hours=3)
    account_id = ids.derived("sa", EXTERNAL_ID, platform)
    row = {"id": _post_id(container), "project_id": container["project_id"], "container_id": container["id"], "account_id": account_id}
    row |= {"mode": "direct_publish", "target": {"social_account_id": account_id}, "scheduled_for": at, "starts_at": at}
    row["caption"] = next(text["text"] for text in container["captions"] if text["platform"] == platform)
    return row | {"ends_at": at + _PUBLISHING, "created_at": container["decided_at"], "updated_at": container["decided_at"]}


def _ads(connection: Connection, project_id: str, made: list[dict[str, Any]], now: datetime) -> None:
    """A campaign of the best that there was four weeks ago; what the optimizer made of it since comes as time is caught up with."""
    at = now - _ADS_AGE
    account = making.add_account(connection, project_id, NewAccount(platform=_AD_PLATFORM, name="Tidewise", timezone=_ZONE, at=at))
    connection.execute(update(layers).where(layers.c.project_id == project_id).values(_AUTHORITY | {"target_cpa_cents": _TARGET_CPA_CENTS}))
    campaign = making.add_campaign(connection, account, NewCampaign(name="Tidewise installs", at=at, daily_budget_cents=_BUDGET_CENTS))
    adset = making.add_adset(connection, campaign, "Coast, 18 to 65", at=at)
    ready = sorted((one for one in made if one["decided_at"] < at), key=lambda one: one["quality"])
    for one in ready[-_SHOWN:]:
        making.add_ad(connection, adset, ads_content_id(one["id"]), at=at)
    making.replan(connection, campaign, at=at)


def found(connection: Connection, now: datetime) -> None:
    """Make the demo in a world that does not have it."""
    if connection.execute(select(tables.projects.c.id).where(tables.projects.c.external_id == EXTERNAL_ID)).first() is not None:
        return
    project_id = _project(connection, now)
    made = _containers(connection, project_id, now)
    owner = connection.execute(_OWNER).one().organization_id
    lasts_s = _GENERATION.total_seconds() / len(STAGES)
    jobs: list[dict[str, Any]] = [
        {"id": row["job_id"], "organization_id": owner, "project_id": project_id, "kind": "content_generate", "request": {}}
        | {"stages": [[stage, lasts_s] for stage in STAGES], "started_at": row["created_at"]}
        for row in made
    ]
    connection.execute(insert(tables.jobs), jobs)
    connection.execute(insert(tables.containers), made)
    posts = [_post(row, _PLATFORMS[place % len(_PLATFORMS)]) for place, row in enumerate(made)]
    connection.execute(insert(tables.posts), posts)
    _ads(connection, project_id, made, now)
