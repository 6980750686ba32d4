"""The week before a decision: what was spent and brought in, recorded with the decision or else measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from layers_mcp.loops.known import Known
from layers_mcp.loops.place import Place, number
from layers_mcp.tool.evidence import Case, money
from layers_mcp.tool.spending import Row

__all__ = ["Week", "say_target", "say_week"]

_INPUTS = {"spend": "spend7dCents", "conversions": "conversions7d", "frequency": "frequency7d"}
_THINGS = {"adId": "ad", "adsetId": "ad set", "campaignId": "campaign"}
"""What a decision may be about, the least first."""


@dataclass(frozen=True, kw_only=True)
class Week:
    """The 7 days before it in words, and the row of the ad or the campaign it is about, where one could be measured."""

    words: str
    measured: Row | None = None

    @property
    def currency(self) -> str | None:
        """The currency of the account, where it could be read."""
        return self.measured.currency if self.measured else None


class _Figures(NamedTuple):
    """Money in cents, with where each number stands; `whose`: words where it is not its own."""

    spend: float | None
    conversions: float | None
    frequency: float | None
    places: dict[str, Place]
    whose: str = ""


def _whose(one: Known | None, measured: Row) -> str:
    """Words where what was measured is not what was acted on, which is the least thing that the decision names."""
    ids = dict[str, str]() if one is None else one.ids
    acted_on = next((ids[name] for name in _THINGS if name in ids), measured.id)
    if acted_on == measured.id:
        return ""
    return next((f" of its {thing}" for name, thing in _THINGS.items() if ids.get(name) == measured.id), " of another thing")


def _figures(one: Known | None, measured: Row | None) -> _Figures:
    """All of one record: those recorded with the decision when spend and conversions are, else the measured ones."""
    if one is not None:
        spend, conversions, frequency = (number(one.inputs, name) for name in _INPUTS.values())
        if spend is not None and conversions is not None:
            return _Figures(spend, conversions, frequency, {short: one.places["inputs"].inside(name) for short, name in _INPUTS.items()})
    if measured is None:
        return _Figures(None, None, None, {})
    here = Place("GET ads-metrics", measured.id)
    places = {short: here.inside(short) for short in _INPUTS}
    return _Figures(measured.spend_cents, measured.conversions, measured.frequency, places, _whose(one, measured))


def say_week(case: Case, one: Known | None, week: Week) -> None:
    """What it spent and brought in."""
    spend, conversions, frequency, places, whose = _figures(one, week.measured)
    if spend is None or conversions is None:
        case.say("What it spent and brought in the week before is not recorded.", rank=1)
        return
    paid, whole, window = money(spend, week.currency), places["spend"]._replace(field=None), week.words
    facts = [case.fact("window", "7 days", whole, window), case.fact("spend", paid, places["spend"], window)]
    facts.append(case.fact("conversions", f"{conversions:.0f}", places["conversions"], window))
    words = f"In the 7 days before, {paid}{whose} brought {conversions:.0f} conversion{'' if conversions == 1 else 's'}"
    if conversions:
        price = money(round(spend / conversions), week.currency)
        facts.append(case.fact("spend / conversions", price, whole, window))
        words += f", {price} each"
    if frequency is not None:
        facts.append(case.fact("frequency", f"{frequency:.1f}", places["frequency"], window))
        words += f", shown {frequency:.1f} times to each person reached"
    case.say(f"{words}.", *facts, rank=1)


def say_target(case: Case, one: Known, week: Week) -> None:
    """What a conversion was to cost."""
    target = number(one.inputs, "targetCpaCents")
    if target is None:
        case.say("A target CPA is not recorded.", rank=2)
        return
    amount = money(target, week.currency)
    case.say(f"The target: {amount}.", case.fact("target CPA", amount, one.places["inputs"].inside("targetCpaCents")), rank=2)
