"""Paid media: where the sources disagree or are silent, and what we do."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, PLAYBOOK, SEED, Drift, P, S

__all__ = ["PAID"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
_API: tuple[Drift, ...] = (
    Drift("form of ads-metrics", f"{PLAYBOOK}, loop 3", "groupBy=ad, since, until; series[].spend, .conversions",
          f"{P}: ads-metrics", "scope and id required, no groupBy", "both, never mixed", SEED),
    Drift("unit of money in ads-metrics", f"{PLAYBOOK}, loop 3", "ad.spend > 50", f"{P}: ads", "all money is integer cents",
          "major units with groupBy, cents with scope", "only so both samples mean what they say"),
    Drift("rows of ads-metrics with groupBy", f"{PLAYBOOK}, loop 3", "filter((ad) => …)", P, NOTHING,
          "what ran in the window, most spend first; ids of all above it, currency, name and status beside", PLAIN),
    Drift("buckets of ads-metrics", f"{P}: ads-metrics", "day, week", P, NOTHING,
          "midnights and Mondays of the project's zone; start and end in each row; the ends of the window cut", PLAIN),
    Drift("several currencies in one sum", f"{P}: conversions", "currency: null", f"{P}: ads-metrics", NOTHING,
          "money and currency null, counts summed", "what is not one money has no sum"),
    Drift("reach of several ads", P, NOTHING, S, NOTHING, "the sum of theirs", "who saw two of them is not known"),
    Drift("id of an ad account", f"{P}: campaigns", "adAccountId uuid", P, NOTHING, "aac_<uuid>; a bare UUID is accepted", PLAIN),
    Drift("status of AUTHORITY_DENIED", f"{P}: ads", "reason authority_axis_off", P, "no status", "403 with details.reason and axis",
          PLAIN),
    Drift("axis of a pause", f"{P}: ads, authority", "structural: create/pause/…", f"{P}: disable-underperforming",
          "each disable passes the creative axis", "pause: structural; pause and replace: creative",
          "the authority model is the page on it"),
    Drift("axis of targeting", f"{P}: ads, authority", "tactical", f"{P}: adsets/targeting", "creative", "nothing changes targeting yet",
          PLAIN),
    Drift("how far a partner may go", f"{P}: authority", "cannot escalate past customer policy", P, NOTHING,
          "an axis that the layer has off can't be opened", "off is the customer's no"),
    Drift("authority of a new layer", P, NOTHING, S, NOTHING, "draft on all axes", "nothing is done without a yes"),
    Drift("consent to partner writes", f"{P}: run-ads-as-partner", "a one-time toggle on the layer", P, "no endpoint",
          "given with the ad account's consent", "there is no page to toggle it on"),
    Drift("what a connected account brings", f"{P}: run-ads-as-partner", "existing campaigns as they are", P, NOTHING,
          "one campaign that has run for 30 days", "there is no platform"),
    Drift("reply of the simplified create", f"{P}: ads-write-model", "202 { jobId, verdictId, status }", P, "body not seen",
          "verdictId, status, campaignId; one ad set is made, and no job runs", PLAIN),
    Drift("creatives that wait for approval", f"{P}: ad-eligibility", "eligible by score", f"{P}: lifecycle", "approved, then live",
          "listed and scored, never selected for an ad", "nothing reaches an audience past the review"),
    Drift("activePromotions", f"{P}: ads-content", "fields not known", S, NOTHING, "adId, adsetId, campaignId, platform of each running ad",
          PLAIN),
    Drift("both budgets", f"{P}: campaigns", "each required when the other is absent", P, NOTHING, "422 when both are given", PLAIN),
    Drift("metricsSnapshot7d", f"{P}: campaigns", "reserved, always {}", P, NOTHING, "{}", PLAIN),
    Drift("body of an optimizer run", f"{P}: optimizer/runs/{{runId}}", "not retrieved", f"{P}: optimizer, decision record",
          "time, Action, Subject, Inputs, State, Reason, Guardrails passed, Replacement", "these, in camelCase, for each decision",
          "the record is described for people"),
    Drift("rows of the audit log", f"{P}: audit-log", "data { path, … }", f"{P}: ads", "actor_type: partner",
          "ads.<action>, with outcome, runId, decisionId, pendingId and the ids it is about", "runs have no list"),
    Drift("comment of an approval", f"{P}: ads/pending", "comment?", P, NOTHING, "kept, not shown", PLAIN),
)
_OPTIMIZER: tuple[Drift, ...] = (
    Drift("cadence of the optimizer", f"{P}: concepts/optimizer", "every 6 h", f"{PLAYBOOK}, loop 3; {P}: scheduler", "nightly; daily",
          "every 6 h at 0, 6, 12 and 18 h UTC", "the queue's next 6 h tick agrees with it"),
    Drift("a tick that changes nothing", P, NOTHING, S, NOTHING, "leaves no run", "four records a day that say nothing new"),
    Drift("holds on record", f"{P}: optimizer", "hold (most common)", P, NOTHING,
          "once for each state an ad comes into; all of a run by hand",
          "the same hold four times a day is no news"),
    Drift("performance score", f"{P}: optimizer", ">= 80, >= 50", P, "formula unknown",
          "65 * sqrt(expected CPA / CPA), one expected conversion added", "50 is then 1.7 times what is expected"),
    Drift("expected CPA", f"{P}: optimizer", "CPA vs target", P, "default target unknown", "the layer's target, else the pool's 30 days",
          PLAIN),
    Drift("threshold of UNDERPERFORMING", f"{P}: optimizer", "CPA well above pool average or low score", P, "unknown", "score below 50",
          PLAIN),
    Drift("FATIGUED", f"{P}: dashboard", "frequency > 3.0 over 7 days with falling performance", f"{P}: optimizer", "CPA ratio unknown",
          "CPA of 7 days 1.3 times that of the 23 before, on 20.00 of spend", PLAIN),
    Drift("order of states", P, NOTHING, S, NOTHING, "young, learning, 50.00 without conversion, top, fatigued, 2.5 times, healthy, under",
          "the surest cause is named"),
    Drift("length of the learning phase", f"{P}: optimizer", "platform says so", P, NOTHING,
          "7 days or 50 conversions of the ad set", "Meta's help on the learning phase"),
    Drift("confidence", f"{P}: guardrails", ">= 0.5", P, "formula unknown", "1 - exp(-expected conversions / 3)",
          "one half is 2.1 conversions"),
    Drift("budget moves", f"{P}: guardrails", "<= 50 % and <= $100", P, "trigger unknown",
          "20 % up at 0.8 of the expected CPA when 80 % is spent, 20 % down at 1.5; not below 5.00", PLAIN),
    Drift("bid changes", f"{P}: guardrails", "100 impressions, 24 h", P, "limits unknown",
          "10 %, on ad sets that bid by hand (Apple); done under auto only", "the queue has no word for a bid"),
    Drift("the same action asked twice", P, NOTHING, S, NOTHING, "not while one waits, nor 48 h after it was decided or lapsed", PLAIN),
    Drift("pace of creative selection", f"{P}: ad-eligibility", "every 15 minutes", f"{P}: refresh-cycle", "nightly",
          "with the optimizer, one creative an ad set and cycle", "what is pushed needs time to be judged"),
    Drift("organicScoreWeight", f"{P}: ad-eligibility", "ranks inside a pool", P, "default unknown", "1",
          "it changes no order inside a pool"),
    Drift("Apple", f"{P}: ads/ads", "ASA excluded (no ad-level object)", P, NOTHING,
          "no ads in lists; budgets and bids move, nothing is paused",
          "there is nothing to pause but the ad group, which must not be empty"),
    Drift("what ads earn", P, NOTHING, S, NOTHING, "the model of sandbox/audience/paid", "simulated, and said so"),
)
# fmt: on

PAID: tuple[Drift, ...] = (*_API, *_OPTIMIZER)
"""Every disagreement and every choice of ours about ads."""
