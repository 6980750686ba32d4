"""Words about a decision, each resting on something that is on record: a recorded input, a measured number, or a stated rule.

Nothing is inferred: what is not on record is said to be "not recorded". Names and texts of others never stand in the words; they are
quoted in the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from layers_mcp.contract.creatives import Recommendation
from layers_mcp.loops.decided import Recorded
from layers_mcp.loops.known import Known
from layers_mcp.loops.period import Period
from layers_mcp.loops.place import Place, docs, number
from layers_mcp.tool.evidence import Case, Explanation, money
from layers_mcp.tool.following import say_next
from layers_mcp.tool.phrases import ACTIONS, COUNTED, DOINGS, GUARDRAILS, PAUSES, SAFE, STATES, Doing, fate, reason_of
from layers_mcp.tool.standing import Standing, say_recommended, say_standing
from layers_mcp.tool.week import Week, say_target, say_week

__all__ = ["Around", "explain"]

_ANYWHERE = Place("GET audit-log, ads pending, optimizer runs")
_NOT_RECORDED = Doing("do something that is not recorded", "did something that is not recorded")
_NO_WORDS = Doing("do what this version has no words for", "did what this version has no words for")
_MOVED = {"update_budget": ("dailyBudgetCents", "daily budget"), "update_bid": ("bidAmountCents", "bid")}
_PRICED = (*PAUSES, "update_budget", "update_bid", "hold")
"""Actions that spend and conversions speak for or against."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a decision is told with: what was found beside it, how its creative stands (None where it concerns none), what is open."""

    recorded: Recorded
    period: Period
    now: datetime
    week: Week
    standing: Standing | None = None
    recommended: Sequence[Recommendation] = ()


def _done(case: Case, one: Known, around: Around, action: Doing) -> tuple[str, tuple[str, ...]]:
    """Words about what was carried out, which may be days after it was asked for, and the facts they rest on."""
    if "pendingId" not in one.ids or one.done_at == one.at:
        return action.done, ()
    if one.done_at is None:
        return f"asked to {action.wanted}; it was done on a day that is not recorded", ()
    day = around.period.day(one.done_at)
    return f"asked to {action.wanted}; it was done on {day}", (case.fact("done", day, one.places["done_at"]),)


def _did(case: Case, one: Known, around: Around) -> None:
    """When, what, and what became of it."""
    day = around.period.day(one.at)
    facts = [case.fact("when", day, one.places["at"])]
    if one.action is not None:
        facts.append(case.fact("action", one.action, one.places["action"]))
    if one.name:
        facts.append(case.fact("name of what it is about", one.name, one.places["name"]))
    if one.outcome is not None:
        facts.append(case.fact("outcome", one.outcome, one.places["outcome"]))
    action = _NOT_RECORDED if one.action is None else ACTIONS.get(one.action, _NO_WORDS)
    words, more = f"{DOINGS.get(one.outcome or '', 'decided to')} {action.wanted}", ()
    if one.outcome == "dispatched":
        words, more = _done(case, one, around, action)
    who = "the optimizer"
    if one.by_partner:
        who = "somebody with an API key, not the optimizer,"
        facts.append(case.fact("who decided", one.actor or "", one.places["actor"]))
    case.say(f"On {day} {who} {words}.", *facts, *more)
    if one.outcome is None:
        case.say("What became of it is not recorded.")


def _moved(case: Case, one: Known, around: Around) -> None:
    """From how much to how much."""
    name, thing = _MOVED.get(one.action or "", ("", ""))
    if not name:
        return
    before, after = number(one.before, name), number(one.after, name)
    if before is None or after is None:
        case.say(f"The {thing} before and after is not recorded.", rank=1)
        return
    amounts = [f"{before / 100:.2f}", money(after, around.week.currency)]
    facts = [case.fact(f"{thing} before", amounts[0], one.places["before"].inside(name))]
    facts.append(case.fact(f"{thing} after", amounts[1], one.places["after"].inside(name)))
    case.say(f"The {thing}: {amounts[0]} to {amounts[1]}.", *facts, rank=1)


def _why(case: Case, one: Known) -> None:
    """By which rule and for which recorded reason; words of the optimizer that are not known are quoted, never spoken."""
    said = {"reason": one.reason, "rationale": one.rationale}
    quoted = {name: case.fact(f"{name}, quoted", words, one.places[name]) for name, words in said.items() if words}
    spoken = reason_of(one)
    if one.state is None and one.action in (*PAUSES, "hold") and not one.by_partner:
        case.say("What the optimizer took the ad for is not recorded.")
    if one.state is not None:
        _judged(case, one, spoken, tuple(quoted.values()))
    elif spoken is not None:
        case.say(f"The reason on record: {spoken[0]}.", quoted[spoken[1]])
    elif quoted:
        case.say("Its reason is on record, in words this version does not know; the evidence quotes them.", *quoted.values())
    elif one.action not in (*PAUSES, "hold"):
        case.say("Why is not recorded.")


def _judged(case: Case, one: Known, spoken: tuple[str, str] | None, quoted: tuple[str, ...]) -> None:
    """What it took the ad for: by the reason on record, or by the rule of the state where none is."""
    state = case.fact("state", one.state or "", one.places["state"])
    rule = STATES.get(one.state or "")
    if rule is None:
        case.say("It took the ad for a state this version does not know.", state)
        return
    facts = (case.fact("rule", rule, docs("concepts/optimizer")), *quoted)
    because = f": {rule}"
    if spoken is not None:
        because = f": {spoken[0]}"
    elif quoted:
        because = ", for a reason that the evidence quotes"
    safe = "; such ads are never paused" if one.state in SAFE else ""
    case.say(f"It took the ad for {one.state}{because}{safe}.", state, *facts)


def _held_by(case: Case, one: Known, name: str) -> None:
    fact, words = case.fact("guardrail that held it", name, one.places["blocked_by"]), GUARDRAILS.get(name)
    if words is None:
        case.say("A guardrail held it, by a name this version does not know; the evidence quotes it.", fact, rank=2)
    else:
        case.say(f"What held it: {words}.", fact, case.fact("rule", words, docs("concepts/safety-guardrails")), rank=2)


def _guarded(case: Case, one: Known) -> None:
    if one.blocked_by is not None and one.action == "hold":  # the authority stops other actions
        _held_by(case, one, one.blocked_by)
    elif one.guardrails:
        count = str(len(one.guardrails))
        listed = case.fact("guardrails passed", f"{count}: {', '.join(one.guardrails)}", one.places["guardrails"])
        case.say(f"It passed {count} guardrails.", listed, rank=2)
    elif one.action != "hold" and not one.by_partner:  # the guardrails are the optimizer's own
        case.say("Which guardrails it passed is not recorded.", rank=2)
    if one.action not in ("replace_creative", "push_creative"):
        return
    place = "replacement" if number(one.replacement or {}, "organicScore") is not None else "inputs"
    score = number((one.replacement or {}) if place == "replacement" else one.inputs, "organicScore")
    if score is None:
        case.say("The score of the new creative is not recorded.", rank=3)
        return
    facts = [case.fact("organic score of the new creative", f"{score:.1f}", one.places[place].inside("organicScore"))]
    facts.append(case.fact("scale", "0 to 10", docs("concepts/organic-scoring")))
    case.say(f"The new creative scored {score:.1f} of 10.", *facts, rank=3)


def _counted(case: Case, around: Around) -> None:
    """How many decisions there were, by what became of them."""
    counts: dict[str, int] = {}
    for one in around.recorded.known:
        end = fate(one, around.recorded, around.now)
        words = COUNTED.get(end, "that lapsed or were turned down" if one.outcome == "rejected" else "whose outcome is not recorded")
        counts[words] = counts.get(words, 0) + 1
    window = around.period.words()
    facts = [case.fact(f"decisions {words}", str(count), _ANYWHERE, window) for words, count in counts.items()]
    parts = ", ".join(f"{count} {words}" for words, count in counts.items())
    case.say(f"Decisions on record{'' if around.recorded.sure else ', at least'}: {parts}. The last:", *facts)


def _none(case: Case, around: Around) -> None:
    """That there is no decision, or that none was found in what could be looked through."""
    asked, recorded = case.fact("period", around.period.words(), _ANYWHERE), around.recorded
    if recorded.sure:
        case.say("No decision about this is recorded in the period, so there is no cause to name.", asked)
    elif recorded.whole:
        case.say("No decision about this was found, but entries of the log do not say which decision they are of.", asked)
    else:
        case.say("No decision about this was found in what was looked through, which is not all of the period.", asked)
        case.say("Ask again with since and until nearer the day.", asked)


def _surroundings(case: Case, one: Known | None, around: Around) -> None:
    """Its creative as it stands now, and what is recommended about it."""
    creative = around.standing.creative if around.standing else None
    if around.standing is not None:
        whose = "The ad's creative" if one is not None and "adId" in one.ids else "The creative"
        say_standing(case, around.standing, whose=whose, paused=one is not None and one.action in PAUSES)
    row = around.week.measured
    shown_now = creative is not None and row is not None and row.ads_content_id == creative.ads_content_id
    if shown_now and creative is not None and one is not None and "adsContentId" not in one.ids:
        here = Place("GET ads-content", creative.ads_content_id, "adsContentId")
        shown = case.fact("creative of the ad now", creative.ads_content_id, here)
        case.say("The ad shows this creative now; which it showed then is not recorded.", shown, rank=4)
    about = set(one.ids.values()) if one is not None else set[str]()
    about |= {creative.ads_content_id, creative.source_id or creative.ads_content_id} if creative is not None else set()
    say_recommended(case, around.recommended, about, around.now)


def explain(one: Known | None, around: Around, *, counted: bool = False) -> Explanation:
    """The words about one decision, or that there is none; `counted`: begin with how many there were in the period."""
    case = Case()
    if one is None:
        _none(case, around)
        if around.week.measured is not None:
            say_week(case, None, around.week)
        _surroundings(case, None, around)
        return case.told()
    if counted:
        _counted(case, around)
    _did(case, one, around)
    _moved(case, one, around)
    _why(case, one)
    if one.action is None or one.action in _PRICED:
        say_week(case, one, around.week)
        say_target(case, one, around.week)
    _guarded(case, one)
    _surroundings(case, one, around)
    say_next(case, one, around.recorded, period=around.period, now=around.now)
    return case.told()
