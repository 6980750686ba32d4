"""Approval: the decision of a person about posts they have seen."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field, JsonValue

from layers_mcp.contract import account, content, review, social
from layers_mcp.contract.content import Brief, Container, GetContent, Hook
from layers_mcp.contract.errors import ForbiddenScope, Invalid, KillSwitch, LayersError, Unauthenticated
from layers_mcp.contract.review import Decision, Note
from layers_mcp.contract.scalars import Id
from layers_mcp.contract.social import ListAccounts
from layers_mcp.tool.advice import said
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, Made, Priced, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.pictures import looks, pictured
from layers_mcp.tool.size import fitting
from layers_mcp.tool.waiting import ask_consent
from layers_mcp.tool.words import hidden

__all__ = ["approve_content"]

AT_MOST = 20
"""Containers of one call: as many posts as a person can be asked to judge at once (our choice)."""
APPROVED = (
    "approved: it may be published; a schedule that waits for this approval is queued,"
    " unless its time has passed or an account of it needs its owner's consent again"
)
REJECTED = "rejected for good: it can't be published"
_WORD: dict[str, Literal["approved", "rejected"]] = {"approve": "approved", "reject": "rejected"}
_LOOK = (
    "It may have taken effect: list_content with this containerId shows it. A yes to the same call goes on with it and does nothing twice"
)


class RegenerateBrief(Arguments):
    """The edits of a new generation."""

    hook: Hook | None = Field(default=None, description="New first words.")
    cta: Note | None = Field(default=None, description="New call to action.")
    topic: Note | None = Field(default=None, description="New topic.")


class ApproveContentArguments(Priced, Control):
    """Arguments of approve_content."""

    container_ids: tuple[Id, ...] = Field(min_length=1, max_length=AT_MOST, description="The posts, at most 20.")
    decision: Literal["approve", "reject"] = Field(default="approve", description="reject is for good.")
    note: Note | None = Field(default=None, description="Kept with an approval.")
    reason: Note | None = Field(default=None, description="With reject: why.")
    regenerate_brief: RegenerateBrief | None = Field(default=None, description="With reject: a new one with these edits, for credits.")


class ItemDecision(View):
    """What became of one container."""

    container_id: str
    outcome: Literal["approved", "rejected", "failed", "unknown"] = Field(description="unknown: it may have taken effect.")
    decision: Decision | None = None
    code: str | None = None
    message: str | None = None
    request_id: str | None = None


class Decisions(View):
    """What became of each container."""

    items: tuple[ItemDecision, ...]


def _facts(post: Container, request: ApproveContentArguments) -> dict[str, JsonValue]:
    """The post, and what is sent along with the decision about it: words that are kept, and what a new one would be made from."""
    along: dict[str, JsonValue] = {"note": request.note, "reason": request.reason}
    if (brief := request.regenerate_brief) is not None:
        along["regenerateBrief"] = brief.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        "format": post.format,
        "hook": post.hook,
        "captions": {caption.platform: caption.text for caption in post.caption_variants},
        "hiddenCharacters": hidden(post.hook) + sum(hidden(caption.text) for caption in post.caption_variants),
        "media": [asset.url for asset in post.media_assets],
        **{name: given for name, given in along.items() if given},
    }


def _check(request: ApproveContentArguments) -> None:
    issues: list[JsonValue] = []
    if request.decision == "approve" and request.regenerate_brief is not None:
        issues.append({"path": "regenerateBrief", "message": "goes only with decision=reject"})
    if request.decision == "approve" and request.reason is not None:
        issues.append({"path": "reason", "message": "goes with decision=reject; an approval takes note"})
    if request.decision == "reject" and request.note is not None:
        issues.append({"path": "note", "message": "goes with an approval; a rejection takes reason"})
    if len(set(request.container_ids)) != len(request.container_ids):
        issues.append({"path": "containerIds", "message": "names a container twice"})
    if issues:
        raise Invalid("approve_content got arguments that don't fit together", details={"issues": issues})


def _question(request: ApproveContentArguments) -> str:
    many = len(request.container_ids)
    return f"{request.decision.capitalize()} {many} post{'s' if many > 1 else ''}?"


async def _posts(request: ApproveContentArguments, call: Call) -> list[Container]:
    return [await call.layers.send(content.GET, GetContent(container_id=one)) for one in request.container_ids]


async def prices_of(request: ApproveContentArguments, call: Call) -> tuple[Made, ...]:
    """A new container for each that is turned down with a brief."""
    if request.regenerate_brief is None:
        return ()
    _check(request)
    posts = zip(request.container_ids, await _posts(request, call), strict=True)
    return tuple(Made(one, post.project_id, post.format, 1) for one, post in posts)


async def show_posts(request: ApproveContentArguments, call: Call) -> Shown:
    """The posts as they stand, with captions and media, what the decision would make of them, and what goes with it; its cost is added.

    Raises:
        Invalid: a container that can't be decided on is among them, named with the reason; nothing is decided.
    """
    _check(request)
    posts = await _posts(request, call)
    past = _WORD[request.decision] if call.again else "pending"  # what goes on may be done in part
    unfit: list[JsonValue] = [
        {
            "path": f"containerIds.{index}",
            "message": f"{post.id} is {post.status}, approval {post.approval_status}; only completed, pending content can be decided on",
        }
        for index, post in enumerate(posts)
        if post.approval_status not in ("pending", past) or post.status != "completed"
    ]
    if unfit:
        raise Invalid(f"{len(unfit)} of {len(posts)} containers can't be decided on", details={"issues": unfit})
    after, question = APPROVED if request.decision == "approve" else REJECTED, _question(request)
    after += "; a new generation starts" if request.regenerate_brief is not None else ""
    items = tuple(ShownItem(id=post.id, before=post.approval_status, after=after, facts=_facts(post, request)) for post in posts)
    fit = len(fitting(items))
    if fit < len(items):
        issue: dict[str, JsonValue] = {"path": "containerIds", "message": f"the previews are too long to judge at once; give at most {fit}"}
        raise Invalid("these posts are too long for one preview", details={"issues": [issue], "atMost": fit})
    return Shown(
        question=question,
        items=items,
        digest_over={"media": [[asset.id for asset in post.media_assets] for post in posts]},
        unbound=frozenset({"media"}),
        projects=frozenset(post.project_id for post in posts if post.project_id is not None),
        pictures=partial(pictured, posts, call),
        media=looks(posts),
    )


def _queued(decision: Decision) -> tuple[str, ...]:
    """The posts that the decision let out: a schedule had waited for it."""
    promotion = decision.pending_schedule_promotion
    return promotion.scheduled_post_ids if promotion else ()


async def _read_back(one: str, request: ApproveContentArguments, call: Call) -> ItemDecision | None:
    """What became of a decision whose answer was lost, as far as the container shows it; a new generation's job it does not show."""
    word = _WORD[request.decision]
    try:
        post = await call.layers.send(content.GET, GetContent(container_id=one))
    except LayersError:
        return None
    if post.approval_status != word or request.regenerate_brief is not None:
        return None
    call.sent.seen(call.key_for(one))
    made = Decision(id=post.id, approval_status=post.approval_status, approved_at=post.approved_at, rejected_at=post.rejected_at)
    return ItemDecision(container_id=one, outcome=word, decision=made)


async def _decide(one: str, request: ApproveContentArguments, call: Call) -> ItemDecision:
    key = call.key_for(one)
    try:
        if request.decision == "approve":
            wanted = {"container_id": one} | ({"note": request.note} if request.note else {})
            made = await call.layers.send(review.APPROVE, review.ApproveContent.model_validate(wanted), key=key)
            for post_id in _queued(made):
                call.begun("post", post_id, None)
            return ItemDecision(container_id=one, outcome="approved", decision=made)
        fields: dict[str, object] = {"container_id": one}
        if request.reason:
            fields["reason"] = request.reason
        if request.regenerate_brief is not None:
            fields["regenerate_brief"] = Brief.model_validate(request.regenerate_brief.model_dump(exclude_unset=True, exclude_none=True))
        made = await call.layers.send(review.REJECT, review.RejectContent.model_validate(fields), key=key)
    except LayersError as problem:
        if isinstance(problem, (Unauthenticated, ForbiddenScope, KillSwitch)):
            raise  # it is the key that is refused: every other post would be too
        unsure = problem.unsure or (call.again and not call.sent.lost(key, again=True))  # an earlier attempt may have been heard
        seen = await _read_back(one, request, call) if unsure else None
        if seen is not None:
            return seen
        words = f"{said(problem)}. {_LOOK if unsure else problem.advice}"
        end = "unknown" if unsure else "failed"
        return ItemDecision(container_id=one, outcome=end, code=problem.wire_code, message=words, request_id=problem.request_id)
    if made.job_id:
        call.begun("job", made.job_id, None, part=one)
    return ItemDecision(container_id=one, outcome="rejected", decision=made)


def _then(items: tuple[ItemDecision, ...]) -> tuple[Next, ...]:
    made = [item.decision for item in items if item.decision]
    jobs = [Next(tool="wait_for_job", arguments={"jobId": one.job_id}, why="Wait for the new generation.") for one in made if one.job_id]
    queued = [post_id for one in made for post_id in _queued(one)]
    posts = [Next(tool="wait_for_job", arguments={"scheduledPostId": one}, why="Wait until it is published.") for one in queued]
    return tuple([*jobs, *posts][:3])


def _unkept(items: tuple[ItemDecision, ...]) -> tuple[str, ...]:
    """The approved posts whose schedule was not queued, although one had waited."""
    promotions = {item.container_id: item.decision.pending_schedule_promotion for item in items if item.decision}
    return tuple(one for one, promotion in promotions.items() if promotion is not None and promotion.status == "failed")


async def _mending(unkept: tuple[str, ...], call: Call) -> tuple[str, tuple[Next, ...]]:
    """Why nothing was queued, as far as that can be seen, and what mends it; Layers says no cause (layers-api: approve)."""
    if not unkept:
        return "", ()
    said = f" Nothing was queued for {', '.join(unkept)}, although a schedule had waited: "
    try:
        project = (await call.layers.send(content.GET, GetContent(container_id=unkept[0]))).project_id
        if project is None:
            return "", ()
        wanted = ListAccounts(project_id=project, status="reauth_required", limit=200)
        stale = (await call.layers.send(social.ACCOUNTS, wanted)).items
    except LayersError:  # what was decided is told, whatever can't be read after it
        return said + "why can't be read now. schedule_content sets a new time.", ()
    again = "Choose the accounts; then schedule_content with a new time."
    look = Next(tool="get_project", arguments={"projectId": project}, why=again)
    if not stale:
        return said + "its time has passed, or an account of it is gone. schedule_content sets a new time.", (look,)
    why = "Let the account's owner consent again; then schedule_content."
    steps = [ask_consent(call, why, projectId=project, platform=one.platform, socialAccountId=one.social_account_id) for one in stale[:2]]
    ids = ", ".join(one.social_account_id for one in stale)
    return said + f"accounts of the project need their owner's consent again ({ids}), or its time has passed.", (*steps, look)


@tool(
    calls=(content.GET, content.ASSET, account.CREDITS, social.ACCOUNTS, review.APPROVE, review.REJECT),
    effect=Effect.SPEAKS,
    ask=show_posts,
    prices=prices_of,
    look=lambda request: Look("list_content", {"containerId": request.container_ids[0]}),
)
async def approve_content(request: ApproveContentArguments, call: Call) -> Outcome[Decisions]:
    """Let generated posts through the approval gate, or turn them down: one preview, one yes, an outcome each.

    To publish them: schedule_content.
    """
    items = tuple([await _decide(one, request, call) for one in request.container_ids])
    done, lost = (sum(item.outcome in words for item in items) for words in (("approved", "rejected"), ("unknown",)))
    unkept, mending = await _mending(_unkept(items), call)
    failed = " The others failed; their codes say why." if done + lost < len(items) else ""
    unknown = f" Not known of {lost}: {_LOOK}." if lost else ""
    return Outcome(
        say=f"Posts {_WORD[request.decision]}: {done} of {len(items)}.{unknown}{failed}{unkept}",
        status="done" if done == len(items) else "failed",
        result=Decisions(items=items),
        next=(*_then(items), *mending)[:3],
    )
