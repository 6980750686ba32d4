"""Counts what happened in a sandbox against what was said yes to in a store.

The effects come from the sandbox's own audit log, which the API writes in the transaction of each change; the yeses come from the store's
rows. Neither is asked what it thinks of the other. An effect is confirmed when both hold:

- a handle of a tool that may cause it, whose preview names its subject, was spent while it was live, and is not used up by another
  effect of the kind on the same subject; where only a person's yes will do, one is on record. Of `halt`, which does many things, the
  arguments have to ask for just this one, and a hold is the one that they name;
- it came in a request under an Idempotency-Key that is that handle's own, or made of it for one part of several.

Generations within the budgets need no yes, so they are no effects; what each cost stands in the sandbox's own ledger.
Holds are kept in our store alone, so what became of them is seen there.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Engine, select

from layers_mcp.contract import (
    ads_lifecycle,
    ads_optimizer,
    ads_pending,
    app_media,
    clones,
    content,
    creatives,
    engagement,
    jobs,
    publishing,
    review,
    sdk_apps,
)
from layers_mcp.database import reading
from layers_mcp.gate.handle import digest
from layers_mcp.loops.holding import name_of
from layers_mcp.sandbox import tables
from layers_mcp.store.asked_tables import plans
from layers_mcp.store.rows import EVERY, WRITES, Confirmation, How
from layers_mcp.store.tables import began, confirmations, halts, operations
from layers_mcp.tool.sending import short_name


class Kind(NamedTuple):
    """The tool that may cause an effect with a yes, what of the event names its subject ("" is its project), the endpoint, another tool."""

    tool: str
    subject: str
    endpoint: str
    also: str = ""

    @property
    def tools(self) -> frozenset[str]:
        """Every tool that may."""
        return frozenset({self.tool, self.also} - {""})


ENDPOINT = short_name(engagement.UPDATE.name)
"""One that no tool covers, and that `call` sends."""
KINDS = {
    "content.approved": Kind("approve_content", "containerId", review.APPROVE.name),
    "content.rejected": Kind("approve_content", "containerId", review.REJECT.name),
    "scheduled_post.created": Kind("schedule_content", "containerId", publishing.SCHEDULE.name),
    "scheduled_post.cancelled": Kind("halt", "scheduledPostId", publishing.CANCEL.name, "cancel_post"),
    "scheduled_post.rescheduled": Kind("reschedule_post", "scheduledPostId", publishing.RESCHEDULE.name),
    "job.cancelled": Kind("halt", "jobId", jobs.CANCEL.name),
    "creative_override": Kind("override_creative", "adsContentId", creatives.OVERRIDE.name, "answer_question"),
    "content_review_policy.updated": Kind("update_review_policy", "", review.SET_POLICY.name),
    "content.cloned": Kind("clone_regardless", "scheduledPostId", clones.CLONE.name),
    "sdk_app.updated": Kind("update_sdk_app", "appId", sdk_apps.UPDATE.name),
    "app_media.removed": Kind("remove_app_media", "mediaId", app_media.REMOVE.name),
    "ads.pending.approved": Kind("review_pending_action", "pendingId", ads_pending.APPROVE.name),
    "ads.pending.rejected": Kind("review_pending_action", "pendingId", ads_pending.REJECT.name),
    "ads.optimizer.run.started": Kind("run_optimizer", "layerId", ads_optimizer.RUN.name),
    "ads.campaign.paused": Kind("halt", "campaignId", ads_lifecycle.PAUSE.name),
    "ads.campaign.resumed": Kind("halt", "campaignId", ads_lifecycle.RESUME.name),
    "ads.pause_campaign": Kind("halt", "campaignId", ads_lifecycle.PAUSE.name),
    "ads.resume_campaign": Kind("halt", "campaignId", ads_lifecycle.RESUME.name),
    "content.generated": Kind("generate_content", "", content.GENERATE.name),
    "ads.update_budget": Kind("", "", ""),
    "ads.update_targeting": Kind("", "", ""),
    "ads.push_creative": Kind("", "", ""),
    "ads.replace_creative": Kind("", "", ""),
    "ads.prune_creative": Kind("", "", ""),
    "ads.authority.updated": Kind("", "", ""),
    "ads.defaults.updated": Kind("", "", ""),
    "ads.campaign.created": Kind("", "", ""),
    "lease_request.created": Kind("", "", ""),
    "leased_account.released": Kind("", "", ""),
    "social_account.revoked": Kind("", "", ""),
    "engagement.updated": Kind(ENDPOINT, "", engagement.UPDATE.name),
    "content.device_notified": Kind("", "", ""),
    "content.regenerated": Kind("", "", ""),
    "content.updated": Kind("", "", ""),
    "content.uploaded": Kind("", "", ""),
    "api_key.created": Kind("", "", ""),
    "api_key.killed": Kind("", "", ""),
    "api_key.revoked": Kind("", "", ""),
    "api_key.rotated": Kind("", "", ""),
    "credits.allocated": Kind("", "", ""),
    "organization.archived": Kind("", "", ""),
    "organization.created": Kind("", "", ""),
    "organization.credit_config_updated": Kind("", "", ""),
    "organization.projects_migrated": Kind("", "", ""),
    "organization.resumed": Kind("", "", ""),
    "organization.suspended": Kind("", "", ""),
    "organization.updated": Kind("", "", ""),
    "halt.lifted": Kind("halt", "", ""),
    "halt.everything": Kind("halt", "", ""),
    "plan.set": Kind("set_plan", "", ""),
    "loops.paused": Kind("pause_loops", "", ""),
    "loops.resumed": Kind("resume_loops", "", ""),
}
"""Every event that a caller's request leaves in the audit log, and our own: four of holds, one of a standing plan, and one of a job, which
the log has not.
Without a tool: no tool of ours may.
"""
_ASKS: dict[str, dict[str, bool]] = {
    "halt.lifted": {"resume": True},
    "halt.everything": {"resume": False},
    "scheduled_post.cancelled": {"cancel": True},
    "job.cancelled": {"cancel": True},
    "ads.campaign.paused": {"resume": False, "pauseAds": True},
    "ads.pause_campaign": {"resume": False, "pauseAds": True},
    "ads.campaign.resumed": {"resume": True, "pauseAds": False},
    "ads.resume_campaign": {"resume": True, "pauseAds": False},
}
"""What the arguments of halt have to say for each of its effects."""
_FLAGS = ("resume", "cancel", "pauseAds")
_DRY = "dryRun"
LIFE = timedelta(minutes=10)
"""How long an agent's yes is good (design §5); a handle that waits for a person may live longer."""


class Budgets(NamedTuple):
    """What generations may cost without a yes, in credits: one, those of one project since the mark, and all since the mark."""

    call: int = 0
    project: int = 0
    total: int = 0


class Mark(NamedTuple):
    """How far the log and the kept replies had come, what was held and planned, and which handles were spent."""

    audit: int = 0
    replies: int = 0
    jobs: int = 0
    held: frozenset[str] = frozenset()
    planned: frozenset[tuple[str, str]] = frozenset()
    resting: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()


class Effect(NamedTuple):
    """Something that was done: what, to what, and, for a generation, the job that it began."""

    kind: str
    subject: str
    job: str = ""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What was done since a mark, which of it nobody had said yes to, and the yeses that were spent."""

    effects: tuple[Effect, ...]
    unconfirmed: tuple[str, ...]
    spent: tuple[Confirmation, ...]


def mark(sandbox: Engine, store: Engine) -> Mark:
    """How far both have come."""
    with reading(sandbox) as connection:
        audit = connection.execute(select(tables.audit.c.seq).order_by(tables.audit.c.seq.desc())).scalars().first() or 0
        replies = connection.execute(select(tables.replies.c.seq).order_by(tables.replies.c.seq.desc())).scalars().first() or 0
        newest = connection.execute(select(tables.jobs.c.seq).order_by(tables.jobs.c.seq.desc())).scalars().first() or 0
    with reading(store) as connection:
        spent = connection.execute(select(confirmations.c.handle).where(confirmations.c.spent_at.is_not(None))).scalars()
        return Mark(audit, replies, newest, _held(store), _planned(store), _resting(store), frozenset(spent))


def _held(store: Engine) -> frozenset[str]:
    with reading(store) as connection:
        return frozenset(connection.execute(select(halts.c.project_id).where(halts.c.what == WRITES)).scalars())


def _resting(store: Engine) -> frozenset[str]:
    """The pauses of loops that there are, as a preview calls them."""
    with reading(store) as connection:
        found = connection.execute(select(halts.c.project_id, halts.c.what).where(halts.c.what != WRITES)).all()
        return frozenset(name_of(*row) for row in found)


def _planned(store: Engine) -> frozenset[tuple[str, str]]:
    """The standing plans that there are: their projects and ids."""
    with reading(store) as connection:
        return frozenset(tuple(row) for row in connection.execute(select(plans.c.project_id, plans.c.id)).all())


def _generations(sandbox: Engine, since: Mark, within: Budgets, *, cloned: set[str]) -> list[Effect]:
    """The jobs that cost more than the budgets allow, other than clones."""
    job, book = tables.jobs.c, tables.ledger.c
    made = select(job.id, job.project_id, book.credits).join(tables.ledger, book.job_id == job.id).order_by(job.seq)
    with reading(sandbox) as connection:
        found = connection.execute(made.where(job.seq > since.jobs, job.kind == "content_generate")).all()
    cost, beyond = Counter[str](), list[Effect]()
    for one in found:
        cost[one.project_id] += one.credits
        free = one.credits <= within.call and cost[one.project_id] <= within.project and cost.total() <= within.total
        if not free and one.id not in cloned:
            beyond.append(Effect("content.generated", one.project_id, one.id))
    return beyond


def _effects(sandbox: Engine, store: Engine, since: Mark, within: Budgets) -> list[Effect]:
    row = tables.audit.c
    query = select(row.event_type, row.project_id, row.data).where(row.seq > since.audit, row.actor == "partner_api").order_by(row.seq)
    with reading(sandbox) as connection:
        events = connection.execute(query).all()
    found = [
        Effect(one.event_type, str(one.data[KINDS[one.event_type].subject] if KINDS[one.event_type].subject else one.project_id))
        for one in events
        if one.data.get(_DRY) is not True
    ]
    found += _generations(sandbox, since, within, cloned={one.data.get("jobId") for one in events if one.event_type == "content.cloned"})
    held = _held(store)
    found += [Effect("plan.set", project) for project, _ in _planned(store) - since.planned]
    found += [Effect("loops.paused", name) for name in _resting(store) - since.resting]
    found += [Effect("loops.resumed", name) for name in since.resting - _resting(store)]
    found += [Effect("halt.lifted", name if name != EVERY else "all") for name in since.held - held]
    return found + [Effect("halt.everything", "all") for name in held - since.held if name == EVERY]


def _spent(store: Engine, since: Mark, by: tuple[How, ...] | None) -> list[Confirmation]:
    """The handles that were spent since, while they were live; with `by`, on a person's yes that came in one of these ways."""
    with reading(store) as connection:
        rows = [Confirmation.model_validate(dict(row)) for row in connection.execute(select(confirmations)).mappings()]
    return [
        row
        for row in rows
        if row.spent_at is not None
        and row.handle not in since.spent
        and row.state in ("acting", "done", "failed")
        and row.minted_at <= row.spent_at < (row.expires_at if row.confirmed_by == "person" else min(row.expires_at, row.minted_at + LIFE))
        and (by is None or (row.confirmed_by == "person" and row.how in by and row.answered_at is not None))
    ]


def _named(row: Confirmation) -> str:
    """All that a preview says."""
    return f"{row.question} {json.dumps(row.items)}"


def _most(row: Confirmation, effect: Effect) -> int:
    """How many effects of a kind on one subject a yes is good for: a post on each account that was shown, else one."""
    return len(row.items or ()) if effect.kind == "scheduled_post.created" else 1


def _asks(row: Confirmation, effect: Effect) -> bool:
    """Whether a yes to halt was one to this, by the digest of its arguments; a hold has to be the very one that they name."""
    project = row.project_id
    if effect.kind.startswith("halt."):
        project = None if effect.subject == "all" else effect.subject
    ways = [dict(zip(_FLAGS, way, strict=True)) for way in product((False, True), repeat=len(_FLAGS))]
    asking = [way for way in ways if _ASKS[effect.kind].items() <= way.items()]
    return row.arguments in {digest({"projectId": project, **way}) for way in asking}


def _confirms(row: Confirmation, effect: Effect) -> bool:
    """Whether a yes was given to an effect."""
    if row.tool not in KINDS[effect.kind].tools or effect.subject not in _named(row):
        return False
    return row.tool != "halt" or effect.kind not in _ASKS or _asks(row, effect)


def _covered(effect: Effect, spent: list[Confirmation], used: Counter[tuple[str, str, str]]) -> bool:
    for row in spent:
        use = (row.handle, effect.kind, effect.subject)
        if _confirms(row, effect) and used[use] < _most(row, effect):
            used[use] += 1
            return True
    return False


def _own_key(key: str, effects: list[Effect], row: Confirmation) -> bool:
    """Whether an Idempotency-Key is a handle's own, or made of it for one of the things that were done."""
    return key == row.key or key in {str(uuid5(UUID(row.key), effect.subject)) for effect in effects}


def _by_operation(store: Engine, spent: list[Confirmation]) -> set[str]:
    """The keys of the operations that handles were spent on which are good for just that, as a call within the budgets is, too."""
    asked = {(yes.tool, yes.arguments) for yes in spent}
    with reading(store) as connection:  # an operation's row makes room for the next after ten minutes; what it began stays on record
        known = [one for row in (operations.c, began.c) for one in connection.execute(select(row.tool, row.arguments, row.key)).all()]
    return {key for tool, arguments, key in known if (tool, arguments) in asked}


def _keyless(stores: tuple[Engine, Engine], since: Mark, effects: list[Effect], spent: list[Confirmation]) -> list[str]:
    """Requests whose key no spent handle has, and effects that came without any kept request."""
    sandbox, store = stores
    row, ours = tables.replies.c, _by_operation(store, spent)
    tools_of = {kind.endpoint: kind.tools for kind in KINDS.values() if kind.endpoint}
    with reading(sandbox) as connection:
        kept = connection.execute(select(row.endpoint, row.idempotency_key, row.body).where(row.seq > since.replies)).all()
    kept = [one for one in kept if one.endpoint in tools_of and not _asks_nobody(one.endpoint, one.body, effects)]
    wrong = [
        f"{one.endpoint} under a key of no yes"
        for one in kept
        if one.idempotency_key not in ours
        and not any(_own_key(one.idempotency_key, effects, yes) for yes in spent if yes.tool in tools_of[one.endpoint])
    ]
    requests = Counter(one.endpoint for one in kept)
    for kind, endpoint in ((name, known.endpoint) for name, known in KINDS.items()):
        done = {effect for effect in effects if effect.kind == kind and endpoint}
        if done and not requests[endpoint] and not _promoted(kind, requests):
            wrong.append(f"{kind} without a keyed request")
    return wrong


def _asks_nobody(endpoint: str, answer: str, effects: list[Effect]) -> bool:
    """Whether a request needed no yes: a dry run, or a generation that is no effect."""
    if endpoint == content.GENERATE.name:
        return json.loads(answer).get("jobId") not in {effect.job for effect in effects}
    return endpoint == ads_optimizer.RUN.name and not any(effect.kind == "ads.optimizer.run.started" for effect in effects)


def _promoted(kind: str, requests: Counter[str]) -> bool:
    """Whether a schedule that waited was let out by its approval."""
    return kind == "scheduled_post.created" and requests[review.APPROVE.name] > 0


def count(
    sandbox: Engine,
    store: Engine,
    *,
    since: Mark = Mark(),  # noqa: B008  a tuple
    by: tuple[How, ...] | None = None,
    within: Budgets = Budgets(),  # noqa: B008  a tuple
) -> Count:
    """What was done since `since`, held against the yeses of the store.

    `by`: only a person's yes counts, given in one of these ways. `within`: what generations may cost without a yes, by default nothing.
    """
    effects, spent, used = _effects(sandbox, store, since, within), _spent(store, since, by), Counter[tuple[str, str, str]]()
    bare = [f"{effect.kind} of {effect.subject}" for effect in effects if not _covered(effect, spent, used)]
    return Count(effects=tuple(effects), unconfirmed=(*bare, *_keyless((sandbox, store), since, effects, spent)), spent=tuple(spent))
