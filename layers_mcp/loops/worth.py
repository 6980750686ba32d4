"""What the verdict on cloning rests on, read from documented endpoints: what was measured, and which clones were made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from layers_mcp.client.pages import asking, every
from layers_mcp.client.partner import Partner
from layers_mcp.contract import content, measurement, publishing
from layers_mcp.contract.content import Container
from layers_mcp.contract.errors import NotFound
from layers_mcp.contract.measurement import GetTopPerformers, TopPerformer
from layers_mcp.contract.publishing import GetPost
from layers_mcp.loops.judgement import CLONES_PER_SOURCE, FLOOR, SETTLED_DAYS, Stage, Standing, Verdict, verdicts

__all__ = ["JUDGES", "WEIGHS", "Weighed", "verdict_on", "weigh"]

WEIGHS = (measurement.TOP, content.LIST)
"""What `weigh` touches."""
JUDGES = (*WEIGHS, publishing.GET)
"""What `verdict_on` touches."""
_PAGE = 200
_PAGES = 5
"""A project's last thousand containers are searched for clones; ours."""
_LAY = timedelta(days=90)
"""How long before its first post a container may have been made; ours. What is older is no clone of what is weighed."""
_SOON = timedelta(days=14)
"""How long a clone that is not out yet is waited for; ours."""
_EXCLUDED = "a person excluded this creative from ads (override exclude)"


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A project's published creatives of the last 90 days with the verdict on each, by container."""

    rows: tuple[TopPerformer, ...]
    standing: dict[str, Standing]
    verdicts: dict[str, Verdict]
    stage: Stage


async def _containers(layers: Partner, project_id: str, rows: tuple[TopPerformer, ...]) -> list[Container]:
    """The project's containers, newest first, as far back as these rows and their clones can lie."""
    published = [row.published_at for row in rows if row.published_at is not None]
    since = min(published) - _LAY if len(published) == len(rows) else None
    return await every(asking(layers, content.LIST, project_id=project_id, since=since, limit=_PAGE), pages=_PAGES)


def _standing(row: TopPerformer, sources: dict[str, str], views: dict[str, int], now: datetime) -> Standing:
    """A row as it stands; of one that does not say when it was published, the views must tell whether it has settled."""
    age = (now - row.published_at) / timedelta(days=1) if row.published_at else SETTLED_DAYS
    return Standing(
        id=row.source_id,
        engagement_rate=row.metric_value,
        views=views.get(row.source_id, 0),
        age_days=max(age, 0.0),
        source=sources.get(row.source_id),
    )


async def _views(layers: Partner, wanted: GetTopPerformers, rows: tuple[TopPerformer, ...]) -> dict[str, int]:
    """The views of each creative; they are documented as an axis, and as a field of a row only by us."""
    known = {row.source_id: row.views for row in rows if row.views is not None}
    if len(known) == len(rows):
        return known
    by_views = await layers.send(measurement.TOP, wanted.model_copy(update={"metric": "views"}))
    return {row.source_id: int(row.metric_value) for row in by_views.items}


def _waiting(made: list[Container], rows: tuple[TopPerformer, ...], now: datetime) -> int:
    """Clones of the last weeks that may still be published."""
    out = {row.source_id for row in rows}
    return sum(one.id not in out and one.created_at is not None and now - one.created_at < _SOON for one in made)


def _lives(one: Container) -> bool:
    """Whether a container was, is or may be published."""
    return one.status not in ("failed", "canceled") and one.approval_status != "rejected"


def _stage(rows: tuple[TopPerformer, ...], standing: dict[str, Standing]) -> Stage:
    return Stage(
        days=max((one.age_days for one in standing.values()), default=0.0),
        conversions=sum(row.conversions or 0 for row in rows),
        ads=sum(row.roas is not None for row in rows),
    )


async def weigh(layers: Partner, project_id: str, *, floor: float = FLOOR) -> Weighed:
    """The verdict on each creative that a project published in the last 90 days.

    Creatives that ads no longer take are weighed too: the gate is about ads, a clone is new content. What is a clone of what is read from
    `clonedFrom`; where the API does not say it, clones can't be told from fresh posts, and only floor and views decide.
    """
    wanted = GetTopPerformers(project_id=project_id, metric="engagement_rate", window="90d", limit=100, include_ineligible=True)
    rows = (await layers.send(measurement.TOP, wanted)).items
    made = [one for one in (await _containers(layers, project_id, rows) if rows else []) if one.cloned_from is not None and _lives(one)]
    sources = {one.id: one.cloned_from or "" for one in made}
    counted, views = Counter(sources.values()), await _views(layers, wanted, rows)
    standing = {row.source_id: _standing(row, sources, views, layers.now()) for row in rows}
    found = verdicts(list(standing.values()), counted, floor=floor, waiting=_waiting(made, rows, layers.now()))
    excluded = {row.source_id: Verdict("stop", _EXCLUDED, counted[row.source_id]) for row in rows if row.override == "exclude"}
    return Weighed(rows=rows, standing=standing, verdicts=found | excluded, stage=_stage(rows, standing))


async def _container_of(layers: Partner, weighed: Weighed, post_id: str) -> str | None:
    """The container of a post, by its row, or by the post itself where the row names another post of the same container."""
    for row in weighed.rows:
        if row.platform_post_id is not None and post_id in (row.platform_post_id, row.platform_post_id.partition("_")[2]):
            return row.source_id
    try:
        return (await layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))).container_id
    except NotFound:
        return None


async def verdict_on(layers: Partner, project_id: str, post_id: str, *, variations: int) -> Verdict:
    """The verdict on making `variations` clones of one post, named by its id at Layers."""
    weighed = await weigh(layers, project_id)
    found = weighed.verdicts.get(await _container_of(layers, weighed, post_id) or "")
    if found is None:
        return Verdict("wait", "nothing is measured of this post in the last 90 days", 0)
    if found.word == "clone" and found.clones + variations > CLONES_PER_SOURCE:
        left = CLONES_PER_SOURCE - found.clones
        return Verdict("stop", f"it has {found.clones} clones; of the {CLONES_PER_SOURCE} that help only {left} are left", found.clones)
    return found
