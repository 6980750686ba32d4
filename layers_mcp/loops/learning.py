"""What a day's look at a project's posts says: what to clone, what to leave, what to ask, and what there is to post."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from layers_mcp.client.pages import asking, every
from layers_mcp.client.partner import Partner
from layers_mcp.contract import ad_accounts, content, measurement, publishing
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.content import Container
from layers_mcp.contract.creatives import Creative
from layers_mcp.contract.measurement import GetTopPerformers
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.loops.judgement import CLONES_PER_SOURCE, STALE_DAYS, VARIATIONS, Ranking, axis_of, losers, next_source, worn_out
from layers_mcp.loops.pool import creatives_of, may_run
from layers_mcp.loops.worth import Weighed, weigh

__all__ = ["Learned", "Ripe", "Winner", "learn", "ripe"]

_PAGES = 25
"""At most 2,500 posts and 5,000 contents are looked through; ours."""
_POSTS_PAGE, _CONTENT_PAGE = 100, 200
_WAITS = "queued"


class Winner(BaseModel):
    """The creative to clone next: its container, its post at Layers, how many clones it has, and how many to make now."""

    container_id: str
    post_id: str
    clones: int
    variations: int


class Learned(BaseModel):
    """What was read and judged. `skipped`: why there is nothing to judge; `metric`, `why`: what the posts are ranked by.

    `winner`: None where nothing is worth cloning now. `worn_out`: sources that are cloned no more; `cancel`: posts of their clones that
    wait. `exclude`, `include`: creatives (adsContentId) that earn far less than the rest and ads may take, or much more and may not.
    """

    skipped: str | None = None
    metric: str | None = None
    why: str | None = None
    winner: Winner | None = None
    worn_out: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


class Ripe(BaseModel):
    """Content that may go out and never did, oldest first; `whole`: whether all posts could be looked through, else there is none."""

    container_ids: tuple[str, ...] = ()
    whole: bool = True


async def _posts(layers: Partner, project_id: str, **wanted: object) -> list[ScheduledPost]:
    return await every(asking(layers, publishing.LIST, project_id=project_id, limit=_POSTS_PAGE, **wanted), pages=_PAGES)


async def _made(layers: Partner, project_id: str, **wanted: object) -> list[Container]:
    return await every(asking(layers, content.LIST, project_id=project_id, limit=_CONTENT_PAGE, **wanted), pages=_PAGES)


async def _winner(layers: Partner, project_id: str, weighed: Weighed, ranking: Ranking) -> Winner | None:
    """The best by the axis of the project's stage that is worth cloning, as far as its post can be named."""
    by = None
    if ranking.axis != "engagement_rate":
        wanted = GetTopPerformers(project_id=project_id, metric=ranking.axis, window="90d", limit=100, include_ineligible=True)
        by = {row.source_id: row.metric_value for row in (await layers.send(measurement.TOP, wanted)).items}
    posts = {row.source_id: row.platform_post_id for row in weighed.rows if row.platform_post_id is not None}
    best = next_source([one for one in weighed.standing.values() if one.id in posts], weighed.verdicts, by=by)
    if best is None:
        return None
    clones = weighed.verdicts[best.id].clones
    variations = min(VARIATIONS, CLONES_PER_SOURCE - clones)
    return Winner(container_id=best.id, post_id=posts[best.id], clones=clones, variations=variations)


async def _waiting_clones(layers: Partner, project_id: str, sources: Sequence[str]) -> tuple[str, ...]:
    """The posts that wait, of clones of these sources."""
    if not sources:
        return ()
    waiting = await _posts(layers, project_id, status=[_WAITS])
    clones = {one.id for one in await _made(layers, project_id) if one.cloned_from in sources} if waiting else set[str]()
    return tuple(one.id for one in waiting if one.container_id in clones)


async def _creatives(layers: Partner, project_id: str) -> dict[str, Creative]:
    """The creatives of a project whose ads may take them, by container; none where nothing is advertised, as no score matters then."""
    accounts = await layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))
    found = await creatives_of(layers, project_id) if accounts.items else []
    return {one.source_id: one for one in found if one.source_id is not None and one.override is None}


async def learn(layers: Partner, project_id: str) -> Learned:
    """Read how a project's posts of the last 90 days did, and judge them."""
    weighed = await weigh(layers, project_id)
    if not weighed.rows:
        return Learned(skipped="no_performance_data")
    ranking, standing = axis_of(weighed.stage), list(weighed.standing.values())
    known, tired = await _creatives(layers, project_id), worn_out(standing)
    best = [name for name, verdict in weighed.verdicts.items() if verdict.word == "clone"]
    return Learned(
        metric=ranking.axis,
        why=ranking.why,
        winner=await _winner(layers, project_id, weighed, ranking),
        worn_out=tired,
        cancel=await _waiting_clones(layers, project_id, tired),
        exclude=tuple(known[one].ads_content_id for one in losers(standing) if one in known and may_run(known[one], None)),
        include=tuple(known[one].ads_content_id for one in best if one in known and may_run(known[one], None) is False),
    )


async def ripe(layers: Partner, project_id: str, not_of: Sequence[str]) -> Ripe:
    """What a person, or the project's policy, let through and nobody posted yet; `not_of`: sources whose clones stay where they are.

    Content that had a post, however that ended, is a person's business from then on: what they canceled does not come back.
    """
    since = layers.now() - timedelta(days=STALE_DAYS)
    posts = await _posts(layers, project_id, since=since)
    if len(posts) >= _POSTS_PAGE * _PAGES:
        return Ripe(whole=False)
    had = {one.container_id for one in posts}
    made = await _made(layers, project_id, since=since, status=["completed"], approval_status=["approved", "not_required"])
    return Ripe(container_ids=tuple(one.id for one in reversed(made) if one.id not in had and one.cloned_from not in not_of))
