"""Keywords: hashtags made from the words of a brand, always the same for the same brand. Their numbers are played, not measured."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import JsonValue
from sqlalchemy import insert, select

from layers_mcp.contract import errors, keywords
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox import jobs, projects, tables
from layers_mcp.sandbox.clockwork import Stage
from layers_mcp.sandbox.repository.prose import STOP
from layers_mcp.sandbox.visit import Visit

__all__ = ["bank_of", "listing", "refresh"]

_LASTS_S = (10.0, 150.0, 80.0, 30.0)
"""Seconds of each stage at job speed 1; 270 in all (layers-api: 4 to 5 minutes)."""
_AT_MOST = 30
"""Hashtags of one refresh; ours."""
_LETTERS = range(3, 31)
"""Letters of a hashtag: shorter ones say nothing, longer ones are sentences; ours."""
_WORDS_OF_A_PHRASE = 4
_FLOOR, _TOP = 70, 100
_OWNED = re.compile(r"['\u2019]s\b")


class _Source(NamedTuple):
    """A field of the brand: its phrases score from `floor` to `floor + span`."""

    phrases: tuple[str, ...]
    floor: int
    span: int


def _bare(phrase: str) -> str:
    """Letters, digits and the marks that belong to them, of any script, in lower case: no `#`, no space."""
    folded = unicodedata.normalize("NFKC", phrase).lower()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LNM")


def _plain(phrase: str, kept: str = "LNMPZ") -> str:
    """The phrase in lower case, on one line, with a space for whatever is of no Unicode category that begins with a letter of `kept`."""
    return " ".join("".join(letter if unicodedata.category(letter)[0] in kept else " " for letter in phrase.lower()).split())


def _words(text: str | None) -> tuple[str, ...]:
    """The words of a text that say something, and the pairs that stand side by side."""
    said = _plain(_OWNED.sub("", unicodedata.normalize("NFC", text or "")), "LNM").split()
    telling = [word not in STOP and len(word) > _LETTERS.start for word in said]
    pairs = [f"{one} {two}" for (one, first), (two, second) in pairwise(zip(said, telling, strict=True)) if first and second]
    return (*pairs, *(word for word, tells in zip(said, telling, strict=True) if tells))


def _sources(brand: BrandContext) -> Iterator[_Source]:
    """The most deliberate words first."""
    yield _Source(brand.keywords, 88, 12)
    yield _Source((brand.app_name,) if brand.app_name else (), 90, 5)
    yield _Source(_words(brand.audience), 78, 14)
    yield _Source(_words(brand.app_description), _FLOOR, 18)


def _number(hashtag: str, what: str) -> int:
    return int.from_bytes(sha256(f"{what}/{hashtag}".encode()).digest()[:6], "big")


def _hashtag(phrase: str, source: _Source) -> keywords.Hashtag | None:
    hashtag = _bare(phrase)
    if len(hashtag) not in _LETTERS or len(phrase.split()) > _WORDS_OF_A_PHRASE:
        return None
    views = 20_000 + _number(hashtag, "views") % 240_000_000
    return keywords.Hashtag(
        hashtag=hashtag,
        phrase=_plain(phrase.replace("#", " ").replace("\uff03", " ")),
        score=min(source.floor + _number(hashtag, "score") % (source.span + 1), _TOP),
        view_count=views,
        use_count=views // (200 + _number(hashtag, "uses") % 600),
    )


def bank_of(brand: BrandContext) -> tuple[keywords.Hashtag, ...]:
    """The best hashtags of a brand, best first."""
    found: dict[str, keywords.Hashtag] = {}
    for source in _sources(brand):
        for phrase in source.phrases:
            made = _hashtag(phrase, source)
            if made is not None:
                found.setdefault(made.hashtag, made)
    return _sorted(found)[:_AT_MOST]


def _sorted(bank: dict[str, keywords.Hashtag]) -> tuple[keywords.Hashtag, ...]:
    return tuple(sorted(bank.values(), key=lambda one: (-one.score, -one.view_count, one.hashtag)))


def listing(visit: Visit, request: keywords.ListKeywords) -> keywords.Keywords:
    """The bank as the refreshes up to now have made it."""
    project, row = projects.own(visit, request.project_id), tables.keywords.c
    query = select(row.hashtags, row.refreshed_at).where(row.project_id == project.id, row.refreshed_at <= visit.now)
    bank: dict[str, keywords.Hashtag] = {}
    refreshed_at = None
    for hashtags, refreshed_at in visit.connection.execute(query.order_by(row.refreshed_at, row.seq)):  # noqa: B007  the last one counts
        bank |= {one["hashtag"]: keywords.Hashtag(**one) for one in hashtags}
    return keywords.Keywords(project_id=project.id, hashtags=_sorted(bank), refreshed_at=refreshed_at)


def _described(visit: Visit, project_id: str) -> BrandContext:
    """The brand, when it has what a refresh needs.

    Raises:
        errors.Invalid: nobody said what the app does.
    """
    brand = projects.brand_at(visit, project_id)[0]
    if brand is None or not brand.app_description:
        words = "is missing; ingest a repository, or give it with PATCH /v1/projects/:id"
        issue: JsonValue = {"path": "brandContext.appDescription", "message": words}
        details: dict[str, JsonValue] = {"missingFields": ["appDescription"], "issues": [issue]}
        raise errors.Invalid(f"brandContext.appDescription {words}", details=details)
    return brand


def refresh(visit: Visit, request: keywords.RefreshKeywords) -> Accepted:
    """Start a job that makes the bank from the brand as it stands now; what it makes shows when it finishes."""
    project = projects.living(visit, request.project_id)
    brand = _described(visit, project.id)
    stages = [Stage(name, visit.ground.lasts_s(lasts_s)) for name, lasts_s in zip(keywords.STAGES, _LASTS_S, strict=True)]
    job_id, script = jobs.start(visit, project.id, jobs.Plan(keywords.KIND, stages), {})
    if visit.trouble is None:
        made: dict[str, Any] = {"project_id": project.id, "job_id": job_id, "refreshed_at": script.finishes_at}
        made["hashtags"] = [one.model_dump() for one in bank_of(brand)]
        visit.connection.execute(insert(tables.keywords).values(made))
    return jobs.accepted(job_id, kind=keywords.KIND, stage=stages[0].name, project_id=project.id, started_at=visit.now)
