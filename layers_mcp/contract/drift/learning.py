"""Metrics, winners, clones, creatives and the audit log."""

from __future__ import annotations

from layers_mcp.contract.drift.row import NOTHING, PLAIN, PLAYBOOK, SEED, Drift, P, S

__all__ = ["LEARNING"]

# One row a line or two: a line for each field would be five hundred.
# fmt: off
LEARNING: tuple[Drift, ...] = (
    Drift("fields of metrics", f"{P}: metrics", "series and totals, fields not known", f"{PLAYBOOK}, loop 3", "series[].spend",
          "bucketStart and the metrics by the names they were asked for", "as the playbook reads the ads' series"),
    Drift("default metrics of a scope", f"{P}: metrics", "default bundle per scope", P, NOTHING, "five to seven a scope", PLAIN),
    Drift("buckets", f"{P}: metrics", "hour, day, week", P, NOTHING, "of UTC, weeks from Monday; hours for 31 days at most", PLAIN),
    Drift("platformPostId", f"{PLAYBOOK}, loop 2", "topPerformers[0].platformPostId", f"{P}: clone", "internal or the platform's id",
          "the scheduled post's id; the platform's is accepted too", "one id for one thing"),
    Drift("fields of a top performer", f"{P}: top-performers", "rank, metricValue, sourceType, sourceId", P, "organic and paid signal",
          "also views, engagementRate, conversions, roas, organicScore, override", "a verdict needs them"),
    Drift("window of top-performers", f"{P}: top-performers", "7d, 30d, 90d", P, NOTHING,
          "published in it, with all they have earned; by roas: posts of any age, of creatives that ads spent on in it",
          "few late views would make a rate of noise"),
    Drift("creatives among top performers", f"{P}: top-performers", "containers, UGC posts and manual uploads; sourceType of three",
          f"{PLAYBOOK}, loop 2", "topPerformers[0].platformPostId is cloned",
          "containers with posts; what ads alone show has no row, by roas neither, and sourceType of the others finds nothing",
          "a row without a post can't be cloned; ads-metrics tells what ads brought"),
    Drift("top performers and the eligibility gate", f"{P}: top-performers, new", "organic and paid rows", f"{PLAYBOOK}, loop 2", "no gate",
          "gated; includeIneligible=true turns it off", "the newer page; the playbook's window is shorter than 18 days"),
    Drift("organic score with spend", f"{P}: organic-scoring, formula", "clamp(2, 10, 7 - 5*age/30 + boost)",
          f"{P}: organic-scoring, prose", "boosted never below 5.0", "max(2, 7 - 5*age/30) + boost, at most 10",
          "the prose says what it is for"),
    Drift("score of UGC", f"{P}: organic-scoring", "percentiles of engagement and reach, log2 of views, times 8.5, freshness", P, NOTHING,
          "not computed: no creative of the sandbox is of the pool ugc", "there is no UGC to rank it among"),
    Drift("safetyFailed", f"{P}: organic-scoring", "forces 0 and cannot be overridden", P, "who finds it is not told",
          "the rule is kept, and nothing of the sandbox ever fails it", "nobody looks at what is generated here"),
    Drift("cadence of scores", f"{P}: organic-scoring", "every 4 hours", f"{P}: ugc/scoring", "every 6 hours",
          "every 4 hours from creation", "the page of all pools; none of ours is UGC"),
    Drift("eligibility of a creative", f"{P}: ads-content", "exact key not seen", P, NOTHING, "eligible: true or false", PLAIN),
    Drift("scope of the override", f"{P}: ads-content, old", "ads:write", f"{P}: ads", "ads:write:override", "ads:write", PLAIN),
    Drift("id of a clone", f"{P}: clone", "a fresh UUID is the target", f"{PLAYBOOK}, loop 2", "job.containerId",
          "the first clone has it, the others new ids; the job has containerId at its top", SEED),
    Drift("kind of a clone's job", f"{P}: jobs", "content_generate; clone not named", P, NOTHING, "content_generate", PLAIN),
    Drift("voiceOverScript", f"{P}: clone", "an override", P, NOTHING, "kept with the job's request", "no voice is recorded here"),
    Drift("clonedFrom", P, NOTHING, S, NOTHING, "on a container: the one it is a clone of", "clones per source must be countable"),
    Drift("when a recommendation is made", f"{P}: recommendations", "the optimizer reruns", P, NOTHING,
          "whenever it is asked for, from what was earned", "reading changes nothing"),
    Drift("what a recommendation rests on", f"{P}: recommendations", "value_propositions, refresh_fatigued", P, "conditions not shown",
          "no brief with value propositions; a creative under 4.0 that was seen at least as much as most", PLAIN),
    Drift("types of audit events", f"{P}: audit-log", "content.approved, scheduled_post.cancelled, …", f"{P}: ad-eligibility",
          "creative_override", "decisions, policies, posts (moved too), overrides, clones, changed apps, removed media, canceled jobs",
          "what somebody asks after"),
    Drift("what an audience does", P, NOTHING, S, NOTHING, "sandbox/audience/parameters.py", "there is no audience"),
)

# fmt: on
