"""What the optimizer looks at: plain values, measured before it decides, so that a decision is a function of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from layers_mcp.contract.ads_authority import Bucket
from layers_mcp.contract.ads_optimizer import State

__all__ = ["WINDOWS", "Action", "AdFacts", "AdsetFacts", "Axis", "CampaignFacts", "CreativeFacts", "LayerFacts", "Proposal", "Window"]

WINDOWS = (1, 3, 7, 14, 30)
"""Days that the optimizer looks back (layers-api: concepts/optimizer)."""
Axis = Literal["creative", "tactical", "structural"]
Action = Literal["pause_ad", "replace_creative", "push_creative", "update_budget", "update_bid", "hold"]
"""What the optimizer does: pause, pause and replace, push, budget, bid, hold (layers-api: "Decision taxonomy")."""


class Window(NamedTuple):
    """What was measured over some days up to now."""

    spend_cents: int = 0
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0


@dataclass(frozen=True, kw_only=True)
class AdFacts:
    """A running ad. `frequency`: impressions by person reached, over 7 days; `rested_h`: hours since it was last touched, or None.

    `asked`, here and below: a question about it waits for its answer, or for the tick that carries it out.
    """

    id: str
    adset_id: str
    campaign_id: str
    creative_id: str | None
    age_days: float
    learning: bool
    windows: Mapping[int, Window]
    frequency: float | None
    rested_h: float | None = None
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class AdsetFacts:
    """A running ad set. `tried`: creatives that ran in it or wait to; hours as in `AdFacts`, for pushes and for bids."""

    id: str
    campaign_id: str
    bid_cents: int | None
    tried: frozenset[str]
    rested_h: float | None = None
    bid_rested_h: float | None = None
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class CampaignFacts:
    """A running campaign. `daily_budget_cents` None: it has one for its lifetime; `rested_h` as in `AdFacts`, for its budget."""

    id: str
    daily_budget_cents: int | None
    authority: Mapping[Axis, Bucket]
    rested_h: float | None = None
    asked: bool = False


class CreativeFacts(NamedTuple):
    """A creative of the pool; `score` 0 to 10. `approved`: the review lets it through, or does not look at it."""

    id: str
    pool: str
    score: float
    override: str | None = None
    safety_failed: bool = False
    approved: bool = True


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """All that one cycle looks at. `target_cpa_cents`: the customer's own, where there is one.

    `one_money`: all ads are paid in one currency; else there is no average of what their conversions cost.
    `acted`, `paused`: actions that people said yes to and that this cycle carried out already, and the pauses among them.
    """

    platform: str
    ads: Sequence[AdFacts]
    adsets: Sequence[AdsetFacts]
    campaigns: Sequence[CampaignFacts]
    creatives: Sequence[CreativeFacts] = ()
    target_cpa_cents: int | None = None
    kill_switch: bool = False
    one_money: bool = True
    acted: int = 0
    paused: int = 0


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One decision of a cycle: what, on what, in which state, on which inputs, past which guardrails.

    `blocked_by`: the guardrail that made it a hold. `inputs`: by the names that the record prints.
    """

    action: Action
    wanted: Action
    axis: Axis
    campaign_id: str
    adset_id: str | None = None
    ad_id: str | None = None
    creative_id: str | None = None
    state: State | None = None
    confidence: float = 1.0
    inputs: Mapping[str, float | int | str | None] = field(default_factory=dict[str, float | int | str | None])
    reason: str = ""
    passed: tuple[str, ...] = ()
    blocked_by: str | None = None
    replacement: CreativeFacts | None = None
    before: int | None = None
    after: int | None = None
