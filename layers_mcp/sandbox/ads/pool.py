"""The pool of creatives that a project's ads are made from: what was generated here, and what was there without us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Connection, insert, select

from layers_mcp.contract.creatives import Pool
from layers_mcp.sandbox import ids, jobs, tables
from layers_mcp.sandbox.ads.facts import CreativeFacts
from layers_mcp.sandbox.ads.ledger import Brought, seed_of
from layers_mcp.sandbox.ads.tables import creatives
from layers_mcp.sandbox.audience.chance import bell

__all__ = [
    "SPEND_COUNTS",
    "Creative",
    "Likeness",
    "add",
    "ads_content_id",
    "creatives_at",
    "likeness",
    "score",
]

_SCORED_EVERY = timedelta(hours=4)
"""How often scores are made anew (layers-api: organic-scoring)."""
SPEND_COUNTS = timedelta(days=30)
"""Over how long spend counts in a score (same place, `spend30d`)."""
_START, _FALL, _FALL_DAYS, _LEAST, _MOST = 7.0, 5.0, 30.0, 2.0, 10.0
_MOST_BOOST, _USD_A_POINT = 3.0, 33.3
_DAY = timedelta(days=1)
_LET_THROUGH = ("approved", "not_required")
"""layers-api: content approval, what may go out."""


class Creative(NamedTuple):
    """One creative as it stands; `made_at`: since when ads can show it."""

    id: str
    source_type: Literal["content_container", "manual"]
    source_id: str
    pool: Pool
    made_at: datetime
    override: Literal["include", "exclude"] | None = None
    note: str | None = None
    approved: bool = True

    def scored_at(self, now: datetime) -> datetime:
        """When its score was last made."""
        return self.made_at + (now - self.made_at) // _SCORED_EVERY * _SCORED_EVERY

    def facts(self, now: datetime, brought: Mapping[str, Brought]) -> CreativeFacts:
        """It with its score; `brought`: what the ads of each creative cost lately, which lifts it when that is one money."""
        mine = brought.get(self.id)
        spent = mine.spend_cents / 100 if mine is not None and mine.currency is not None else 0.0
        points = score((self.scored_at(now) - self.made_at) / _DAY, spent)
        return CreativeFacts(self.id, self.pool, points, self.override, approved=self.approved)


def score(age_days: float, spend_30d: float = 0.0) -> float:
    """The score of generated and manual creatives, 2 to 10; `spend_30d` in units of money.

    What it falls to by age has its floor before spend is added, so that a fully boosted creative never drops below 5, as the page's
    prose has it; the formula printed there would let it (see `drift`).
    """
    boost = min(_MOST_BOOST, spend_30d / _USD_A_POINT)
    return round(min(_MOST, max(_LEAST, _START - _FALL * age_days / _FALL_DAYS) + boost), 2)


def ads_content_id(container_id: str) -> str:
    """The id of a container as a creative."""
    return f"adc_{container_id.partition('_')[2]}"


def _completed(connection: Connection, project_id: str, now: datetime) -> dict[str, datetime]:
    """When each generation of a project was completed, by its job; those that are not are not among them."""
    row = tables.jobs.c
    query = select(tables.jobs).where(row.project_id == project_id, row.kind == "content_generate")
    seen = ((job.id, jobs.script_of(job).at(now)) for job in connection.execute(query))
    return {job_id: one.finished_at for job_id, one in seen if one.status == "completed" and one.finished_at is not None}


def creatives_at(connection: Connection, project_id: str, now: datetime) -> Sequence[Creative]:
    """Every creative that a project has at `now`, first made first."""
    row, box = creatives.c, tables.containers.c
    said = connection.execute(select(tables.overrides).where(tables.overrides.c.project_id == project_id))
    words = {one.ads_content_id: (one.override, one.note) for one in said}
    made = _completed(connection, project_id, now)
    found = [
        Creative(ads_content_id(one.id), "content_container", one.id, "generated", made[one.job_id], approved=one.approval in _LET_THROUGH)
        for one in connection.execute(select(box.id, box.job_id, box.approval).where(box.project_id == project_id).order_by(box.seq))
        if one.job_id in made
    ]
    others = connection.execute(select(creatives).where(row.project_id == project_id, row.created_at <= now).order_by(row.seq))
    found += [Creative(one.id, "manual", one.id, one.pool, one.created_at) for one in others]
    overridden = [one._replace(override=words[one.id][0], note=words[one.id][1]) if one.id in words else one for one in found]
    return sorted(overridden, key=lambda one: one.made_at)


class Likeness(NamedTuple):
    """What chance knows a creative by: its name, what its luck hangs on, and its true quality, 0 in the middle, in deviations."""

    name: str
    luck: str
    quality: float


def likeness(connection: Connection, creative_id: str) -> Likeness:
    """What an ad that shows the creative is like; a container's quality is that of its posts."""
    row, box = creatives.c, tables.containers.c
    name = connection.execute(select(row.name).where(row.id == creative_id)).scalar()
    if name is not None:
        return Likeness(name, name, bell(seed_of(connection), "creative", name))
    container_id = f"cnt_{creative_id.partition('_')[2]}"
    return Likeness(*connection.execute(select(box.hook, box.luck, box.quality).where(box.id == container_id)).one())


def add(connection: Connection, project_id: str, name: str, *, pool: Pool, at: datetime) -> str:
    """The id of the creative called `name` that was not generated here, made when there is none."""
    row = creatives.c
    known = connection.execute(select(row.id).where(row.project_id == project_id, row.name == name)).scalar()
    if known is not None:
        return str(known)
    new = ids.derived("adc", project_id, name)
    connection.execute(insert(creatives).values(id=new, project_id=project_id, pool=pool, name=name, created_at=at))
    return new
