"""Publish-to-learn, once a day for each customer: what did well is cloned, what did not is left, what was approved goes out.

    1. read how the posts did, and rank them by the axis of the project's stage: nothing measured yet, nothing to clone
    2. clone the best one that is worth it
    3. let the losers go: no post of a worn-out source's clones goes out; whether ads are to leave a loser out is a question
    4. post what a person approved, inside the standing plan; without one that is a question, too
    5. where the clones cost more than a loop may spend: a question, and the clones once it is answered with yes

It approves nothing and overrides nothing: what it makes waits for review as the project's policy has it. Early, it clones nothing: that is
for once a day.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from layers_mcp.contract import clones, publishing
from layers_mcp.contract.clones import CloneFromPost
from layers_mcp.contract.publishing import CanceledPost, CancelPost
from layers_mcp.loops.daily import Daily, Day
from layers_mcp.loops.hands import Hands, House, Making
from layers_mcp.loops.learning import Learned, Ripe, Winner, learn, ripe
from layers_mcp.loops.planned import Placed, place
from layers_mcp.loops.questions import NO
from layers_mcp.loops.run import Came, Loop, Run, key_of
from layers_mcp.store.asked import Option

__all__ = ["NAME", "Looped", "publish_to_learn"]

NAME: Final = "publish_to_learn"
_SCORED: Final = Option(word=NO, means="Its score goes on deciding.")
_EXCLUDE: Final = (Option(word="exclude", means="Ads take it no more, whatever its score.", weighs=True), _SCORED)
_INCLUDE: Final = (Option(word="include", means="Ads may take it, whatever its score.", weighs=True), _SCORED)
_LOSES: Final = "The posts of creative {} earn far less engagement than is typical of its project. Should ads leave it out?"
_WINS: Final = "The posts of creative {} are worth cloning, and its score keeps it out of the ads. Should they take it all the same?"


class Looped(Came):
    """What came of a day. `skipped`: why nothing was judged; `cloned`: containers; `posted`, `canceled`: posts; `asked`: questions.

    `left`: approved content that went nowhere, as there was no plan, no account or no room, Layers turned it down, or it is in doubt;
    `failed`: codes of what was turned down.
    """

    skipped: str | None = None
    metric: str | None = None
    source: str | None = None
    cloned: tuple[str, ...] = ()
    canceled: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    left: int = 0
    asked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


async def _learn(hands: Hands, project_id: str) -> Learned:
    """What the posts say, with only those to cancel that loops put there."""
    found = await learn(hands, project_id)
    recent = hands.gate.recent(project_id=project_id, kind="post", limit=1000) if found.cancel else ()
    ours = {one.id for one in recent if one.principal == hands.gate.principal}
    return found.model_copy(update={"cancel": tuple(one for one in found.cancel if one in ours)})


async def _clone(day: Day, winner: Winner, *, agreed: int = 0) -> Making:
    """Ask for the clones; the first one's id is the key, so that a repeat, however late, is the same job."""
    key, project_id = day.run.key("clones"), day.given.project_id
    wanted = CloneFromPost(
        container_id=key, project_id=project_id, source_platform_post_id=winner.post_id, mode="fork", variations=winner.variations
    )
    return await day.hands.make(clones.CLONE, wanted, key=key, wanted=("auto", winner.variations), agreed=agreed)


async def _cancel(day: Day, name: str, post_id: str) -> CanceledPost:
    wanted = CancelPost(scheduled_post_id=post_id, reason="clones of this source earn no more than fresh posts")
    return await day.hands.send(publishing.CANCEL, wanted, key=day.run.key(name), project_id=day.given.project_id)


async def _let_go(day: Day, seen: Learned) -> tuple[str, ...]:
    """Cancel what waits of worn-out sources; the posts that were canceled."""
    gone: list[str] = []
    for post_id in seen.cancel:
        name = f"cancel {post_id}"
        canceled = await day.tried(name, partial(_cancel, day, name, post_id), came=CanceledPost)
        gone += [] if canceled is None else [canceled.id]
    return tuple(gone)


async def _place(day: Day, container_id: str) -> Placed:
    """Into the plan's next opening. The key is the content's own: whichever runs want it out, it goes out once."""
    key, project_id = key_of(f"post:{container_id}", "schedule"), day.given.project_id
    placed = await place(day.hands, project_id, container_id, key=key, run_id=day.run.id)
    for post_id in () if placed.why else placed.scheduled_post_ids:
        day.hands.gate.began("post", post_id, tool=NAME, arguments="", project_id=project_id)
    return placed


async def _post(day: Day, found: Ripe) -> tuple[tuple[str, ...], int]:
    """What is queued by the plan, and how much is left; where nothing fits any more, the rest is, too."""
    posts, left = list[str](), len(found.container_ids)
    for container_id in found.container_ids:
        placed = await day.tried(f"post {container_id}", partial(_place, day, container_id), came=Placed)
        if placed is None or placed.why == "in_doubt":
            continue
        if placed.why == "no_plan":
            await _ask_for_plan(day, left)
        if placed.why in ("no_plan", "no_account", "no_opening"):
            break
        posts += placed.scheduled_post_ids
        left -= 1
    return tuple(posts), left


async def _ask_for_plan(day: Day, left: int) -> None:
    """Ask once after each plan that is over, however it ended."""

    async def newest() -> str:
        last = day.hands.house.store.plans.last(day.hands.owner, day.given.project_id)
        return "" if last is None else last.id

    words = f"{left} approved contents of project {day.given.project_id} wait, and no plan says when they may go out: set_plan."
    await day.ask("plan", await day.run.step("last plan", newest, came=str), words, options=(), facts={"approved": left})


async def _loop(hands: Hands, run: Run, given: Daily) -> Looped:
    """The day, as the list above has it."""
    day = Day(run, hands, given)
    await run.about(project_id=given.project_id, customer=given.customer)
    seen = await run.step("learn", partial(_learn, hands, given.project_id), came=Learned)
    winner = None if given.early else seen.winner
    making = Making() if winner is None else await day.tried("clones", partial(_clone, day, winner), came=Making) or Making()
    cloned = await day.made("clones made", making)
    canceled = await _let_go(day, seen)
    await day.ask_each("exclude", seen.exclude, _LOSES, options=_EXCLUDE, fact="adsContentId")
    await day.ask_each("include", seen.include, _WINS, options=_INCLUDE, fact="adsContentId")
    found = await run.step("ripe", partial(ripe, hands, given.project_id, seen.worn_out), came=Ripe)
    posted, left = await _post(day, found)
    if winner is not None and making.over:
        agreed = await day.agreed(f"{winner.variations} clones of post {winner.post_id}", making)
        again = partial(_clone, day, winner, agreed=agreed.credits if agreed else 0)
        cloned = await day.made("agreed made", await day.tried("agreed", again, came=Making) or Making()) if agreed else ()
    return Looped(
        skipped=seen.skipped,
        metric=seen.metric,
        source=winner.post_id if winner is not None and cloned else None,
        cloned=cloned,
        canceled=canceled,
        posted=posted,
        left=left,
        asked=tuple(day.asked),
        failed=tuple(day.failed),
    )


def publish_to_learn(house: House) -> Loop[Daily, Looped]:
    """The loop in this house."""
    return Loop(NAME, Daily, Looped, partial(_loop, Hands(house, NAME)))
