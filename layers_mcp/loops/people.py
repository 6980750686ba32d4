"""What only people can do for an onboarding: consent on their accounts, and decide on the first posts. They may take days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

from pydantic import BaseModel

from layers_mcp.contract import content, social
from layers_mcp.contract.content import GetContent
from layers_mcp.contract.errors import Invalid, NotFound
from layers_mcp.contract.scalars import ApprovalStatus, SocialPlatform, Utc, wire_time
from layers_mcp.contract.social import CreateOauthUrl, ListAccounts, OauthUrl
from layers_mcp.loops.bells import of_project
from layers_mcp.loops.case import Case
from layers_mcp.loops.hands import lies_for
from layers_mcp.loops.questions import LINK, RENEWALS, SKIP, ended, withdraw
from layers_mcp.store.asked import Question

__all__ = ["Link", "Settled", "first_links", "settled"]


_AT_ONCE: Final = 3
"""How many things in a row that people do are looked at as soon as they are told; ours."""
_GATHERS: Final = timedelta(seconds=30)
"""How long a look waits then for what is told along: each is kept for as long as the run lasts. Ours."""


class Link(BaseModel):
    """The page on which the owner of an account consents, and the question that carries it; `number`: how many there were before."""

    platform: SocialPlatform
    number: int
    expires_at: Utc
    question: Question


class _Stand(BaseModel):
    """How things stood at an instant of the API's time: connected accounts, decisions, and answers (None: withdrawn)."""

    at: Utc
    accounts: dict[str, str]
    decisions: dict[str, ApprovalStatus]
    answers: dict[str, str | None]


class Settled(BaseModel):
    """What people did: accounts by platform, and the posts by their decisions."""

    accounts: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


async def _link(case: Case, platform: SocialPlatform, number: int) -> Link:
    """A new link for the owner of an account, in the queue."""
    return_url = case.given.return_url or case.hands.house.return_url

    async def make() -> OauthUrl:
        if return_url is None:
            issue = {"path": "returnUrl", "message": "give the page that the owner comes back to, or have LAYERS_RETURN_URL set to it"}
            raise Invalid("there is no page that the owner of an account comes back to", details={"issues": [dict(issue)]})
        wanted = CreateOauthUrl(project_id=case.project_id, platform=platform, return_url=return_url)
        return await case.hands.send(social.OAUTH_URL, wanted)

    made = await case.run.step(f"{platform} {number} link", make, came=OauthUrl)
    question = await case.ask(
        platform,
        kind="connect",
        number=number,
        words=f"The owner of the {platform} account of project {case.project_id} opens authorizeUrl and presses Allow.",
        options=(LINK, SKIP),
        facts={"platform": platform, "authorizeUrl": made.authorize_url, "state": made.state, "expiresAt": wire_time(made.expires_at)},
    )
    return Link(platform=platform, number=number, expires_at=made.expires_at, question=question)


async def _connected(case: Case) -> dict[str, str]:
    page = await case.hands.send(social.ACCOUNTS, ListAccounts(project_id=case.project_id, status="connected", limit=200))
    return {one.platform: one.social_account_id for one in reversed(page.items)}


async def first_links(case: Case) -> list[Link]:
    """A link for each account that is wanted and not connected yet."""
    if not case.given.connect:
        return []
    there = await case.run.step("accounts", partial(_connected, case), came=dict[str, str])
    return [await _link(case, one, 0) for one in case.given.connect if one not in there]


async def _stand(case: Case, undecided: Sequence[str], asked: Sequence[str]) -> _Stand:
    hands = case.hands
    accounts = await _connected(case) if case.given.connect else {}
    decisions: dict[str, ApprovalStatus] = {}
    for one in undecided:
        try:
            decisions[one] = (await hands.send(content.GET, GetContent(container_id=one))).approval_status
        except NotFound:  # somebody deleted it: nothing of it goes out
            decisions[one] = "rejected"
    rows = [hands.house.store.questions.find(hands.owner, one) for one in asked]
    answers = {row.id: row.answer for row in rows if row is not None and not row.open}
    return _Stand(at=hands.now(), accounts=accounts, decisions=decisions, answers=answers)


async def _followed(case: Case, link: Link, stand: _Stand) -> Link | None:
    """The link that is open after this look: the same, a new one in its place, or none as the account is there or not wanted."""
    renewed = stand.answers.get(link.question.id) == LINK.word
    over = link.platform in stand.accounts or (link.question.id in stand.answers and not renewed)
    renewed = renewed or (link.expires_at <= stand.at and link.number < RENEWALS)
    if not over and not renewed:
        return link
    name = f"{link.platform} {link.number}"
    if over:
        await withdraw(case.run, case.hands, f"{name} over", link.question)
        return None
    last = await ended(case.run, case.hands, name, link.question)
    return None if last == SKIP.word else await _link(case, link.platform, link.number + 1)


async def _reviewed(case: Case, review: Question | None, waiting: Sequence[str]) -> Question | None:
    """The question about posts that wait for a decision: asked once, and closed once none waits."""
    if waiting and review is None:
        words = f"The first posts of project {case.project_id} wait for a decision: {', '.join(waiting)}. Show them (list_content), then "
        words += "approve_content."
        return await case.ask("review", kind="review", number=0, words=words, facts={"containerIds": list(waiting)})
    if review is not None and not waiting:
        await withdraw(case.run, case.hands, "review over", review)
        return None
    return review


def _until(case: Case, links: Iterable[Link], looks: int, at: datetime) -> datetime:
    """When to look by itself: ever later, but as soon as a link that is made anew by itself runs out. The wall's time."""
    ends = [link.expires_at - at for link in links if link.number < RENEWALS]
    return case.hands.clock.now() + max(min([lies_for(looks), *ends]), timedelta(seconds=1))


async def settled(case: Case, links: Sequence[Link], containers: Sequence[str]) -> Settled:
    """What people did, once every account is connected or not wanted any more, and every post is decided on; the run lies until then."""
    still: dict[str, Link] = {link.platform: link for link in links}
    decisions: dict[str, ApprovalStatus] = dict.fromkeys(containers, "pending")
    review: Question | None = None
    accounts: dict[str, str] = {}
    looks = rung = 0
    for times in count():  # pragma: no branch  it ends when people have done their part
        waiting = [one for one, status in decisions.items() if status == "pending"]
        asked = [link.question.id for link in still.values()]
        stand = await case.run.step(f"people {times}", partial(_stand, case, waiting, asked), came=_Stand)
        decisions |= stand.decisions
        accounts |= stand.accounts
        followed = [await _followed(case, link, stand) for link in still.values()]
        still = {link.platform: link for link in followed if link is not None}
        waiting = [one for one, status in decisions.items() if status == "pending"]
        review = await _reviewed(case, review, waiting)
        if not still and not waiting:
            break
        until, bell = _until(case, still.values(), looks, stand.at), of_project(case.project_id)
        woke = await case.run.nap(f"people {times} nap", until=until, bell=bell)
        looks, rung = (looks + 1, 0) if woke == "time" else (looks, rung + 1)
        if rung > _AT_ONCE:
            await case.run.nap(f"people {times} gathers", until=case.hands.clock.now() + _GATHERS)
    return Settled(
        accounts=tuple(accounts[one] for one in case.given.connect if one in accounts),
        approved=tuple(one for one, status in decisions.items() if status in ("approved", "not_required")),
        rejected=tuple(one for one, status in decisions.items() if status == "rejected"),
    )
