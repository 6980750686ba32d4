"""What ads cost and brought, in cents whatever the wire used, with what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import Field

from layers_mcp.client.pages import asking, every
from layers_mcp.contract import ad_accounts, ads, ads_metrics
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads_metrics import AdsMetrics, Group, Measured
from layers_mcp.contract.endpoint import Reply, Request
from layers_mcp.contract.errors import Invalid
from layers_mcp.loops.judgement import WORRY_SPEND
from layers_mcp.loops.period import Period
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import View
from layers_mcp.tool.size import brief

__all__ = ["CALLS", "FORMULAS", "Form", "Row", "Table", "measure", "totals", "worrying"]

FORMULAS = {
    "cpaCents": "spendCents / conversions",
    "ctr": "clicks / impressions",
    "cpmCents": "1000 * spendCents / impressions",
    "roas": "conversion value / spend, as Layers reports it; in sums weighed by the spend of the rows that have one",
}
CALLS = (ads_metrics.GET, ad_accounts.ACCOUNTS, ads.ADS, ads.ADSETS, ads.CAMPAIGNS)
"""Every endpoint that `measure` may touch."""
Form = Literal["groupBy", "scope"]
_ADDED = ("spend", "impressions", "clicks", "conversions", "roas")
_ASKED = (*_ADDED, "frequency")
"""A thing has a frequency; days and currencies, which are sums of things, are shown without one."""
_AT_ONCE = 6
_MOST_SCOPES = 100
"""Things that are asked after one by one, where the API has no groupBy; ours."""
_PAGE, _PAGES = 200, 50
"""At most ten thousand things are listed; ours."""
_QUOTIENTS = {"cpa_cents": ("spend_cents", "conversions"), "ctr": ("clicks", "impressions"), "cpm_cents": ("spend_cents", "impressions")}
Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Row(View):
    """One thing, one day or one currency; money in integer cents of `currency`, absent where it is not known."""

    id: str | None = Field(default=None, description="Id of the ad, ad set, campaign or account.")
    day: str | None = None
    partial: bool | None = Field(default=None, description="The period holds only a part of this day.")
    name: str | None = None
    campaign_id: str | None = None
    ads_content_id: str | None = None
    platform: str | None = None
    status: str | None = None
    currency: str | None = None
    spend_cents: int | None = None
    impressions: int | None = None
    clicks: int | None = None
    conversions: int | None = None
    cpa_cents: int | None = None
    ctr: float | None = None
    cpm_cents: int | None = None
    roas: float | None = None
    frequency: float | None = None


class Table(NamedTuple):
    """Rows, the wire form they came in, how many things were not asked after, and the sums of all where rows are only of some."""

    rows: tuple[Row, ...]
    form: Form
    left_out: int = 0
    whole: tuple[Row, ...] | None = None

    @property
    def totals(self) -> tuple[Row, ...]:
        """The sums by currency, of what was left out too."""
        return totals(self.rows) if self.whole is None else self.whole


class _Named(NamedTuple):
    id: str
    account_id: str
    name: str | None
    status: str | None
    more: dict[str, str | None]


def derived(row: Row) -> Row:
    """`row` with what follows from its counts."""
    spend = row.spend_cents
    return row.model_copy(
        update={
            "cpa_cents": round(spend / row.conversions) if spend is not None and row.conversions else None,
            "ctr": round(row.clicks / row.impressions, 5) if row.clicks is not None and row.impressions else None,
            "cpm_cents": round(1000 * spend / row.impressions) if spend is not None and row.impressions else None,
        }
    )


def read_row(measured: Measured, form: Form, currency: str | None, **named: Any) -> Row:
    """A row of the wire: the seed's form has major units, the reference's has cents already."""
    spend = measured.spend
    cents = None if spend is None else round(spend * 100) if form == "groupBy" else round(spend)
    return derived(
        Row(
            **named,
            currency=measured.currency or currency,
            spend_cents=cents,
            impressions=measured.impressions,
            clicks=measured.clicks,
            conversions=measured.conversions,
            roas=measured.roas,
            frequency=measured.frequency,
        )
    )


async def currencies(call: Call, project_id: str) -> dict[str, str]:
    """The currency of each ad account of a project."""
    page = await call.layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))
    return {one.ad_account_id: one.currency for one in page.items}


def only(known: dict[str, str]) -> str | None:
    """The one currency of a project, or None when it has several, or none."""
    return next(iter(known.values())) if len(set(known.values())) == 1 else None


async def scoped(call: Call, project_id: str, thing: tuple[Group, str], period: Period, *, whole: bool = False) -> AdsMetrics:
    """Buckets and totals of one thing, by its kind and id, in the reference's form; `whole`: with what does not add up."""
    scope, known_as = thing
    metrics = _ASKED if whole else _ADDED
    asked = {"project_id": project_id, "scope": scope, "id": known_as, "metrics": metrics, "since": period.since, "until": period.until}
    return await call.layers.send(ads_metrics.GET, ads_metrics.GetAdsMetrics.model_validate(asked))


_IDS: dict[Group, str] = {"ad": "ad_id", "adset": "adset_id", "campaign": "campaign_id", "ad_account": "ad_account_id"}


async def _listed(call: Call, project_id: str, group: Group) -> list[_Named]:
    """The things of a kind, newest first."""
    if group == "ad":
        found = await every(asking(call.layers, ads.ADS, project_id=project_id, limit=_PAGE), pages=_PAGES)
        return [
            _Named(
                one.ad_id, one.ad_account_id, one.name, one.status, {"ads_content_id": one.ads_content_id, "campaign_id": one.campaign_id}
            )
            for one in found
        ]
    parents = await every(asking(call.layers, ads.CAMPAIGNS, project_id=project_id, limit=_PAGE), pages=_PAGES)
    account_of = {one.campaign_id: one.ad_account_id for one in parents}
    if group == "campaign":
        return [_Named(one.campaign_id, one.ad_account_id, one.name, one.status, {}) for one in parents]
    sets = await every(asking(call.layers, ads.ADSETS, project_id=project_id, limit=_PAGE), pages=_PAGES)
    return [
        _Named(one.adset_id, account_of.get(one.campaign_id, ""), one.name, one.status, {"campaign_id": one.campaign_id}) for one in sets
    ]


async def _one_by_one(call: Call, project_id: str, group: Group, period: Period) -> Table:
    """The same table where the API has no groupBy: each thing is asked after by itself."""
    known = await currencies(call, project_id)
    if group == "ad_account":
        named = [_Named(one, one, None, None, {}) for one in known]
    else:
        named = await _listed(call, project_id, group)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(thing: _Named) -> Row:
        async with gate:
            measured = (await scoped(call, project_id, (group, thing.id), period, whole=True)).totals or Measured()
        words = {"id": thing.id, "name": brief(thing.name), "status": thing.status, **thing.more}
        return read_row(measured, "scope", known.get(thing.account_id), **words)

    rows = await asyncio.gather(*(one(thing) for thing in named[:_MOST_SCOPES]))
    found = tuple(sorted((row for row in rows if row.impressions or row.spend_cents), key=lambda row: -(row.spend_cents or 0)))
    left_out = max(len(named) - _MOST_SCOPES, 0)
    if not left_out:
        return Table(found, "scope")
    accounts = await _one_by_one(call, project_id, "ad_account", period)
    return Table(found, "scope", left_out, totals(accounts.rows))


def _form_refused(problem: Invalid) -> bool:
    """Whether it is the seed's form that is refused, and not something in it."""
    issues = problem.details.get("issues")
    paths = {str(issue.get("path")) for issue in issues if isinstance(issue, dict)} if isinstance(issues, list) else set[str]()
    return bool(paths & {"groupBy", "scope", "id"})


async def measure(call: Call, project_id: str, group: Group, period: Period) -> Table:
    """A row for each thing of a kind that ran in the period, most expensive first.

    The seed's form is asked for first; an API that only knows the reference's is asked thing by thing.
    """
    asked = {"project_id": project_id, "group_by": group, "metrics": _ASKED, "since": period.since, "until": period.until}
    try:
        reply = await call.layers.send(ads_metrics.GET, ads_metrics.GetAdsMetrics.model_validate(asked))
    except Invalid as problem:
        if not _form_refused(problem):
            raise
        return await _one_by_one(call, project_id, group, period)
    bare = any(one.currency is None for one in reply.series)
    known = await currencies(call, project_id) if bare else {}
    rows = [
        read_row(
            one,
            "groupBy",
            known.get(one.ad_account_id or "", only(known)),
            id=getattr(one, _IDS[group]),
            name=brief(one.name),
            campaign_id=one.campaign_id if group in ("ad", "adset") else None,
            ads_content_id=one.ads_content_id,
            platform=one.platform,
            status=one.status,
        )
        for one in reply.series
    ]
    return Table(tuple(sorted(rows, key=lambda row: -(row.spend_cents or 0))), "groupBy")


def _added(counts: Iterable[int | None]) -> int | None:
    """The sum of what was reported; None where nothing was, which is not zero."""
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def _sum(rows: Sequence[Row], currency: str | None) -> Row:
    """The sums of rows; a quotient only where every row reports both of its parts, and the ROAS of what was spent with one."""
    weighed = [(row.roas, row.spend_cents) for row in rows if row.roas is not None and row.spend_cents]
    weight = sum(spend for _, spend in weighed)
    summed = derived(
        Row(
            currency=currency,
            spend_cents=_added(row.spend_cents for row in rows) if currency is not None else None,
            impressions=_added(row.impressions for row in rows),
            clicks=_added(row.clicks for row in rows),
            conversions=_added(row.conversions for row in rows),
            roas=round(sum(roas * spend for roas, spend in weighed) / weight, 4) if weight and currency is not None else None,
        )
    )
    partly = [name for name, parts in _QUOTIENTS.items() if any(getattr(row, part) is None for row in rows for part in parts)]
    return summed.model_copy(update=dict.fromkeys(partly))


def totals(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The sums by currency; amounts of different currencies are never added."""
    kinds = dict.fromkeys(row.currency for row in rows)
    return tuple(_sum([row for row in rows if row.currency == kind], kind) for kind in kinds)


def worrying(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Ads that spent more than 50.00 of their currency and converted nothing, as far as conversions were reported."""
    return tuple(row for row in rows if row.conversions == 0 and (row.spend_cents or 0) > 100 * WORRY_SPEND)
