"""The optimization review, once a day for each customer: the optimizer acts by itself, this tells of it.

    1. read what it decided since the last review, and what matters of it
    2. where people override it often: say so, as the configuration wants tuning
    3. where the pool of creatives is thin: ask for fresh ones, and make them on a yes
    4. take the customer's pulse, which `get_health` tells, and ask about the accounts that need a person

It overrides nothing, and approves nothing of the optimizer's: what waits for a yes waits for a person's. Early, it asks for no creatives:
that is for once a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from layers_mcp.contract import content
from layers_mcp.contract.content import GenerateContent
from layers_mcp.contract.errors import NotFound, UnknownProblem
from layers_mcp.contract.scalars import Utc
from layers_mcp.loops.accounts import Lame, ask_about, close_answered, lame_of
from layers_mcp.loops.checking import pulse_of
from layers_mcp.loops.daily import LASTS, Agreed, Daily, Day
from layers_mcp.loops.hands import Hands, House, Making
from layers_mcp.loops.judgement import OVERRIDE_WINDOW_DAYS, SLOTS
from layers_mcp.loops.questions import NO, YES, answered
from layers_mcp.loops.reviewing import Material, Review, review
from layers_mcp.loops.run import Came, Loop, Run
from layers_mcp.store.asked import Option
from layers_mcp.store.pulses import Alert, Pulse

__all__ = ["Reviewed", "optimization"]

_NAME: Final = "optimization"
_FIRST: Final = timedelta(days=1)
"""How far back the first review looks."""
_FARTHEST: Final = timedelta(days=7)
"""How far back any looks, after days without one; ours."""
_HOLDS: Final = timedelta(hours=23)
"""How long a yes to creatives may be acted on; ours, within the 24 hours for which Layers keeps an Idempotency-Key."""
_MAKE: Final = (
    Option(word=YES, means="As many are generated from the brand context as the selection lacks; they wait for review.", weighs=True),
    Option(word=NO, means="The pool stays as it is."),
)
_SEEN: Final = (Option(word="seen", means="It is known."),)


class Reviewed(Came):
    """What came of a day. `decided`: how much the optimizer did or asked to do since `since`; `material`: what matters of it.

    `worrying`: ads that spend and convert nothing; `lacks`: creatives the pool has room for; `made`: containers generated on a yes.
    `alerts`: what is wrong with the customer's growth; `asked`: questions; `failed`: codes of what was turned down.
    """

    since: Utc
    decided: int = 0
    material: tuple[Material, ...] = ()
    left_out: int = 0
    worrying: tuple[str, ...] = ()
    lacks: int = 0
    made: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    asked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class _Seen(Came):
    """The review, and the pulse that was taken with it; None where a version before this one kept that in the same step."""

    review: Review
    alerts: tuple[Alert, ...]
    lame: tuple[Lame, ...] = ()
    pulse: Pulse | None = None


def _since(hands: Hands, project_id: str) -> datetime:
    """The instant of the last review; a day ago where there was none, and never longer than a week."""
    last, now = hands.house.store.pulses.of(hands.owner, project_id), hands.now()
    return now - _FIRST if last is None else max(last.at, now - _FARTHEST)


async def _review(hands: Hands, given: Daily) -> _Seen:
    """Read it all; what happens meanwhile is the next one's, too."""
    store, began_at = hands.house.store, hands.now()
    customer = store.customers.find(hands.owner, given.customer)
    if customer is None or customer.project_id is None:
        raise NotFound(f"project {given.project_id} has no customer here any more")
    seen, creatives = await review(hands, given.project_id, _since(hands, given.project_id))
    felt = await pulse_of(hands, store, customer, creatives=creatives, habit=seen.habit)
    close_answered(hands, given.project_id, felt.accounts)
    lame, pulse = lame_of(hands, given.project_id, felt.accounts), felt.pulse.model_copy(update={"at": began_at})
    return _Seen(review=seen, alerts=pulse.alerts, lame=lame, pulse=pulse)


async def _keep(hands: Hands, given: Daily, seen: Review, pulse: Pulse) -> None:
    """Keep the pulse, once what was seen is on record: the next review goes on from there.

    After an early look that one goes on where the last whole review left off, and tells again what the look told: nobody may have seen it.
    """
    last = hands.house.store.pulses.of(hands.owner, given.project_id)
    left_off = seen.since if last is None else last.at
    hands.house.store.pulses.keep(pulse.model_copy(update={"at": left_off}) if given.early else pulse)


def _still(day: Day, question_id: str) -> None:
    """Send nothing so long after the yes that an earlier attempt may have gone out under a key which Layers has forgotten since.

    Content that is generated has no other name by which it could be found; where none was made, the next day's review asks anew.

    Raises:
        UnknownProblem: nobody can tell any more whether they were begun.
    """
    asked = day.hands.house.store.questions.find(day.hands.owner, question_id)
    if asked is None or asked.closed_at is None or day.hands.clock.now() - asked.closed_at > _HOLDS:
        problem = "the yes to these creatives is a day old, and whether they were begun can't be told any more"
        raise UnknownProblem(problem, wire_code="IN_DOUBT", wire_status=409)


async def _generate(day: Day, number: int, yes: Agreed) -> Making:
    """Begin them, by the last yes that they needed."""
    _still(day, yes.question_id)
    key = day.run.key("creatives")
    wanted = GenerateContent(project_id=day.given.project_id, variant_count=number)
    return await day.hands.make(content.GENERATE, wanted, key=key, wanted=("auto", number), agreed=yes.credits)


async def _fresh(day: Day, seen: Review) -> tuple[str, ...]:
    """Fresh creatives for a thin pool, where a person wants them before the next day's review."""
    if not seen.lacks:
        return ()
    words = (
        f"Ads of project {day.given.project_id} may take {SLOTS - seen.lacks} generated creatives, and the selection has room for {SLOTS}. "
        f"Generate {seen.lacks} fresh ones?"
    )
    asked = await day.ask("creative", str(day.given.day), words, options=_MAKE, facts={"lacks": seen.lacks, "slots": SLOTS})
    if await answered(day.run, day.hands, "creative answer", asked, lasts=LASTS) != YES:
        return ()
    begin = partial(_generate, day, seen.lacks)
    making = await day.tried("creatives", partial(begin, Agreed(0, asked.id)), came=Making) or Making()
    if making.over:
        agreed = await day.agreed(f"{seen.lacks} fresh creatives", making)
        making = await day.tried("agreed", partial(begin, agreed), came=Making) or Making() if agreed else Making()
    return await day.made("creatives made", making)


async def _loop(hands: Hands, run: Run, given: Daily) -> Reviewed:
    """The day, as the list above has it."""
    day = Day(run, hands, given)
    await run.about(project_id=given.project_id, customer=given.customer)
    kept = await run.step("review", partial(_review, hands, given), came=_Seen)
    seen = kept.review
    if kept.pulse is not None:
        await run.step("pulse", partial(_keep, hands, given, seen, kept.pulse), came=type(None))
    if seen.habit is not None and seen.habit.formed:
        words = (
            f"{seen.habit.overridden} creatives of project {given.project_id} were overridden in {OVERRIDE_WINDOW_DAYS} days, against "
            f"{seen.habit.decided} decisions of the optimizer: its configuration (CPA targets, fatigue thresholds) wants tuning; talk to "
            "Layers support."
        )
        await day.ask(
            "overrides",
            f"{given.day:%Y-%m}",
            words,
            options=_SEEN,
            facts={"overridden": seen.habit.overridden, "decided": seen.habit.decided},
        )
    await ask_about(day, kept.lame)
    made = () if given.early else await _fresh(day, seen)
    return Reviewed(
        since=seen.since,
        decided=seen.decided,
        material=seen.material,
        left_out=seen.left_out,
        worrying=seen.worrying,
        lacks=seen.lacks,
        made=made,
        alerts=kept.alerts,
        asked=tuple(day.asked),
        failed=tuple(day.failed),
    )


def optimization(house: House) -> Loop[Daily, Reviewed]:
    """The loop in this house."""
    return Loop(_NAME, Daily, Reviewed, partial(_loop, Hands(house, _NAME)))
