"""What a look at a project's accounts says: which of them only a person can bring back, or into use; and which questions are over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

from layers_mcp.contract.scalars import SocialPlatform, full_project
from layers_mcp.contract.social import SocialAccount
from layers_mcp.loops.daily import Day
from layers_mcp.loops.hands import Hands
from layers_mcp.store.asked import Option

__all__ = ["Lame", "ask_about", "close_answered", "lame_of"]

_LEFT: Final = (Option(word="left", means="It stays as it is; loops post nothing on it."),)
_FACT: Final = "socialAccountId"


class Lame(BaseModel):
    """An account on which nothing goes out. `leased`: one of Layers' own that works, and that no plan names; else its owner is wanted.

    `since`: what tells this time from another, when the same account fails again.
    """

    id: str
    platform: SocialPlatform
    leased: bool
    since: str


def lame_of(hands: Hands, project_id: str, accounts: Sequence[SocialAccount]) -> tuple[Lame, ...]:
    """The accounts to ask about: consents that are over, planned accounts that are gone, leased ones that are not planned yet."""
    plan = hands.house.store.plans.of(hands.owner, full_project(project_id))
    planned = () if plan is None else plan.accounts
    found: list[Lame] = []
    for one in accounts:
        new = one.leased and one.status == "connected" and one.social_account_id not in planned
        gone = one.status == "reauth_required" or (one.status == "disconnected" and one.social_account_id in planned and not one.leased)
        if new or gone:
            at = one.connected_at if new else one.token_expires_at or one.connected_at
            since = "" if at is None else f"{at:%Y-%m-%d}"
            found.append(Lame(id=one.social_account_id, platform=one.platform, leased=new, since=since))
    return tuple(found)


def close_answered(hands: Hands, project_id: str, accounts: Sequence[SocialAccount]) -> None:
    """Withdraw the questions about accounts that work again."""
    works = {one.social_account_id for one in accounts if one.status == "connected"}
    questions = hands.house.store.questions
    for one in questions.waiting(hands.owner, project_id=project_id, kind="connect", limit=100):
        if one.facts.get(_FACT) in works:
            questions.withdraw(one.id, hands.clock.now())


async def ask_about(day: Day, lame: Sequence[Lame]) -> None:
    """Leave a question about each, once for each time."""
    for one in lame:
        whose = f"{one.platform} account {one.id} of project {day.given.project_id}"
        if one.leased:
            words = f"Leased {whose} was assigned, and no standing plan names it: by set_plan loops post on it, by schedule_content you."
        else:
            words = (
                f"Nothing goes out on {whose} until its owner consents again: connect_account with projectId, platform, socialAccountId."
            )
        facts = {_FACT: one.id, "platform": one.platform}
        await day.ask("plan" if one.leased else "connect", f"account {one.id} {one.since}", words, options=_LEFT, facts={**facts})
