"""Reading a customer's website or app-store listing: the job reveals at its end what a child process found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, JsonValue

from layers_mcp.contract import ingest
from layers_mcp.contract.jobs import Accepted, JobResult
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox import breaker, influencers, jobs, logos, projects
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.clockwork import Stage
from layers_mcp.sandbox.trade import Trade, leave
from layers_mcp.sandbox.visit import Visit, invalid
from layers_mcp.sandbox.web import guard
from layers_mcp.sandbox.web.errand import READ, Listing, ListingErrand, Outcome, SiteErrand
from layers_mcp.sandbox.web.sites import listed

__all__ = ["TRADE", "start_appstore", "start_website"]

_TRADE = "listing"
_GATE = "fetching"
_LASTS_S = {"website": (6.0, 2.0, 1.0), "appstore": (3.0, 1.0, 1.0)}
"""Seconds of each stage at job speed 1 (layers-api: usually less than 10 s, and about 5 s)."""
_STORES = "give the address of the app's page on apps.apple.com or play.google.com"
_APPLE_PATH = re.compile(r"^(?:/(?P<country>[a-z]{2}))?/app/(?:[^/]+/)?id(?P<app>\d{5,15})/?$")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


def _start(visit: Visit, request: ingest.IngestWebsite | ingest.IngestAppstore, what: str) -> str:
    stages = [Stage(name, visit.ground.lasts_s(s)) for name, s in zip(ingest.READING_STAGES, _LASTS_S[what], strict=True)]
    asked: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    project = projects.living(visit, request.project_id)
    return jobs.start(visit, project.id, jobs.Plan(f"project_ingest_{what}", stages, _GATE), asked)[0]


def _accepted(visit: Visit, job_id: str, project_id: str, what: str) -> Accepted:
    started = {"kind": f"project_ingest_{what}", "stage": ingest.READING_STAGES[0], "project_id": project_id}
    return jobs.accepted(job_id, **started, started_at=visit.now)


def start_website(visit: Visit, request: ingest.IngestWebsite) -> Accepted:
    """Start to read a website (layers-api: POST …/ingest/website)."""
    project = projects.living(visit, request.project_id)
    if request.max_pages > 1 and not request.follow_links:
        raise invalid("maxPages", "goes with followLinks; send followLinks true, or leave it out")
    sites = listed(visit.ground.sites)
    try:
        guard.checked(guard.understood(request.url), sites)
    except guard.Refused as refused:
        raise invalid("url", str(refused)) from None
    job_id = _start(visit, request, "website")
    if visit.trouble is None:
        errand = SiteErrand(url=request.url, follow_links=request.follow_links, most_pages=request.max_pages, sites=sites)
        leave(visit, _TRADE, job_id, errand)
    return _accepted(visit, job_id, project.id, "website")


def _from_url(url: str) -> tuple[Listing, str | None]:
    """The app that a store's page shows, and the country in its address."""
    try:
        parts = urlsplit(url)
        host, query = (parts.hostname or "").lower(), parse_qs(parts.query)
    except ValueError:
        raise invalid("appStoreUrl", _STORES) from None
    if parts.scheme in ("http", "https") and host in ("apps.apple.com", "itunes.apple.com"):
        found = _APPLE_PATH.match(parts.path.lower())
        if found is not None:
            return Listing(store="apple", app=found["app"], field="appStoreUrl"), found["country"]
    if parts.scheme in ("http", "https") and host == "play.google.com" and parts.path.rstrip("/") == "/store/apps/details":
        package = next(iter(query.get("id", [])), "")
        if _PACKAGE.fullmatch(package):
            return Listing(store="google", app=package, field="appStoreUrl"), next(iter(query.get("gl", [])), None)
    raise invalid("appStoreUrl", _STORES)


def _errand(request: ingest.IngestAppstore, sites: Sequence[str]) -> ListingErrand:
    named: dict[str, Listing] = {}
    if request.ios_bundle_id is not None:
        named.setdefault("apple", Listing(store="apple", app=request.ios_bundle_id, field="iosBundleId"))
    country = None
    if request.app_store_url is not None:
        listing, country = _from_url(request.app_store_url)
        if listing.store in named or (listing.store == "google" and request.android_package is not None):
            other = "iosBundleId" if listing.store == "apple" else "androidPackage"
            raise invalid("appStoreUrl", f"names an app of the same store as {other}; give only one of the two")
        named[listing.store] = listing
    if request.android_package is not None:
        named["google"] = Listing(store="google", app=request.android_package, field="androidPackage")
    if not named:
        raise invalid("iosBundleId", "is missing; give iosBundleId, androidPackage or appStoreUrl")
    told = request.country_code if country is None or "country_code" in request.model_fields_set else country
    chosen = told.lower() if re.fullmatch(r"[A-Za-z]{2}", told) else request.country_code.lower()
    return ListingErrand(listings=tuple(named[store] for store in sorted(named)), country=chosen, sites=listed(sites))


def start_appstore(visit: Visit, request: ingest.IngestAppstore) -> Accepted:
    """Start to read an app's store listings (layers-api: POST …/ingest/appstore); one that failed too often is left alone."""
    project = projects.living(visit, request.project_id)
    errand = _errand(request, visit.ground.sites)
    apps = [listing.key for listing in errand.listings]
    job_id = _start(visit, request, "appstore")
    until = breaker.open_until(visit, apps)
    if until is not None:
        field, failures = errand.listings[0].field, f"failed {breaker.MOST_FAILURES} times in a row"
        message = f"{field} names an app whose listing {failures}; start the ingest again after {wire_time(until)}"
        jobs.changed(visit, job_id, gate=None)
        jobs.fail(visit, job_id, Trouble(code="SCRAPE_FAILED", message=message, field=field), stage=0)
    elif visit.trouble is None:
        leave(visit, _TRADE, job_id, errand)
    elif visit.trouble == "SCRAPE_FAILED":
        row = jobs.changed(visit, job_id)
        breaker.note(visit, job_id, apps, at=jobs.script_of(row).finishes_at or visit.now, failed=True)
    return _accepted(visit, job_id, project.id, "appstore")


def _state(visit: Visit, row: Any, outcome: Outcome) -> None:
    """State what was found; it shows from the instant the job finishes on. Fields that nobody found stay as they are."""
    finish = jobs.script_of(row).finishes_at or visit.now
    said = outcome.brand.model_dump(mode="json")
    found = {name: said[name] for name in BrandContext.model_fields if said.get(name)}
    if outcome.logo is not None:
        found["logo_url"] = logos.keep(visit.ground.folder, row.id, outcome.logo)
    brand = BrandContext(**found)
    jobs.changed(visit, row.id, result=JobResult(brand_context=brand).model_dump(mode="json", by_alias=True, exclude_unset=True))
    projects.remember(visit, row.project_id, found, at=finish, job_id=row.id)
    influencers.bear(visit, row.project_id, brand, job_id=row.id, ready_at=influencers.trained_at(visit, finish))


def _note(visit: Visit, row: Any, errand: ListingErrand, result: Outcome | Trouble) -> None:
    """Let the breaker know which app's listing could not be read, or that all could."""
    at_fault = result.field if isinstance(result, Trouble) else None
    apps = [listing.key for listing in errand.listings if at_fault in (None, listing.field)]
    if not isinstance(result, Trouble) or result.code == "SCRAPE_FAILED":
        breaker.note(visit, row.id, apps, at=jobs.script_of(row).finishes_at or visit.now, failed=isinstance(result, Trouble))


def _settle(visit: Visit, job_id: str, errand: SiteErrand | ListingErrand, result: Outcome | Trouble) -> None:
    row = jobs.changed(visit, job_id, opened_at=visit.now)
    if isinstance(result, Trouble):
        row = jobs.fail(visit, job_id, result, stage=row.gate)
    else:
        _state(visit, row, result)
    if isinstance(errand, ListingErrand):
        _note(visit, row, errand, result)


async def _carry_out(errand: SiteErrand | ListingErrand, folder: Path) -> BaseModel:
    from layers_mcp.sandbox.web import child  # noqa: PLC0415  needed only when something is read

    del folder
    return await child.read(errand)


def _discard(folder: Path, job_id: str, _: SiteErrand | ListingErrand) -> None:
    """Remove the logo that a canceled job found."""
    logos.discard(folder, job_id)


TRADE = Trade[Any, Any](name=_TRADE, errands=READ, carry_out=_carry_out, settle=_settle, discard=_discard)
"""Reading websites and listings."""
