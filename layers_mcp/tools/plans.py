"""Standing plans: what a person lets loops publish by themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.clock import zone_of
from layers_mcp.contract import projects, social
from layers_mcp.contract.projects import GetProject, Project
from layers_mcp.contract.scalars import Id
from layers_mcp.contract.social import ListAccounts, SocialAccount
from layers_mcp.store.asked import Plan
from layers_mcp.tool.advice import refusal_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.runs import office_of

__all__ = ["set_plan"]

LONGEST = timedelta(days=366)
"""How far ahead a plan's last day may lie: what a person lets out unseen is looked at once a year; ours."""
_UNSEEN = "No loop runs for this project yet, so nothing goes out by the plan until onboard_customer has taken its customer on."
_Slot = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class SetPlanArguments(Control):
    """Arguments of set_plan."""

    project_id: Id = Field(description="The project.")
    social_account_ids: tuple[Id, ...] = Field(default=(), max_length=50, description="Connected accounts to post on.")
    slots: tuple[_Slot, ...] = Field(default=(), max_length=24, description="Times of the day in the project's zone, like 10:00.")
    posts_a_day: int = Field(default=1, ge=1, le=50, description="At most, over all accounts.")
    until: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = Field(
        default=None, description="Last day, like 2026-12-31."
    )
    revoke: bool = Field(default=False, description="End the plan instead, at once and without asking.")


class PlanView(View):
    """The plan that stands, if one does."""

    plan_id: str | None = None
    project_id: str
    social_account_ids: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    timezone: str | None = None
    posts_a_day: int | None = None
    until: str | None = None


def _last_day(request: SetPlanArguments, project: Project, now: datetime) -> date:
    """The last day of the plan, in the project's zone.

    Raises:
        Invalid: by name, what is missing or does not fit.
    """
    for path, given in (("socialAccountIds", request.social_account_ids), ("slots", request.slots)):
        if not given or len(set(given)) != len(given):
            raise refusal_of(path, "names one twice" if given else "is required for a plan; to end one, give revoke=true")
    zone = zone_of(project.timezone)
    if zone is None:
        raise refusal_of("projectId", "has a time zone that is not known; update_project sets one")
    today = now.astimezone(zone).date()
    try:
        last = date.fromisoformat(request.until or "")
    except ValueError:
        raise refusal_of("until", "must be a day like 2026-12-31") from None
    if not today <= last <= today + LONGEST:
        raise refusal_of("until", f"must lie between {today} and {today + LONGEST}")
    return last


async def _accounts(request: SetPlanArguments, call: Call) -> list[SocialAccount]:
    """The accounts of the plan.

    Raises:
        Invalid: naming those that can't be published on.
    """
    page = await call.layers.send(social.ACCOUNTS, ListAccounts(project_id=request.project_id, limit=200))
    known = {one.social_account_id: one for one in page.items if one.status == "connected"}
    unknown = [one for one in request.social_account_ids if one not in known]
    if unknown:
        raise refusal_of("socialAccountIds", f"{', '.join(unknown)}: no connected account of this project; get_project lists them")
    return [known[one] for one in request.social_account_ids]


def _words(slots: tuple[str, ...], a_day: int, until: date, zone: str) -> str:
    return f"up to {a_day} approved post{'s' if a_day > 1 else ''} a day at {', '.join(slots)} ({zone}) until {until}"


async def show_plan(request: SetPlanArguments, call: Call) -> Shown | None:
    """What would go out by itself, where and when; ending a plan needs no yes.

    Raises:
        Invalid: by name, what does not fit.
    """
    if request.revoke:
        return None
    project = await call.layers.send(projects.GET, GetProject(project_id=request.project_id))
    last, before = _last_day(request, project, call.now()), office_of(call).plan(project.id)
    stands = "no plan" if before is None else _words(before.slots, before.a_day, before.until, before.zone)
    after = _words(request.slots, request.posts_a_day, last, project.timezone)
    items = tuple(
        ShownItem(id=one.social_account_id, before=stands, after=after, facts={"platform": one.platform, "account": one.handle})
        for one in await _accounts(request, call)
    )
    on = f"on {len(items)} account{'s' if len(items) > 1 else ''} of project {project.id}"
    unseen = "" if office_of(call).customer_of(project.id) else f" {_UNSEEN}"
    return Shown(
        question=f"Let loops publish {after} {on}, without asking again?{unseen}",
        items=items,
        projects=frozenset({project.id}),
        by_person=True,
    )


def _view(plan: Plan) -> PlanView:
    return PlanView(
        plan_id=plan.id,
        project_id=plan.project_id,
        social_account_ids=plan.accounts,
        slots=plan.slots,
        timezone=plan.zone,
        posts_a_day=plan.a_day,
        until=plan.until.isoformat(),
    )


@tool(
    calls=(projects.GET, social.ACCOUNTS),
    effect=Effect.SPEAKS,
    ask=show_plan,
    look=lambda request: Look("set_plan", request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})),
    sets=lambda _: True,
)
async def set_plan(request: SetPlanArguments, call: Call) -> Outcome[PlanView]:
    """Give a project a standing plan by which loops schedule approved posts, and only those; a person's yes is needed. revoke ends it.

    It takes the place of the plan before.
    """
    office = office_of(call)
    if request.revoke:
        ended = office.revoke_plan(request.project_id)
        say = "The plan is ended; what it queued stays queued (halt with cancel takes it back)." if ended else "There was no plan."
        return Outcome(say=say, result=PlanView(project_id=request.project_id))
    project = await call.layers.send(projects.GET, GetProject(project_id=request.project_id))
    plan = Plan(
        id=f"pln_{call.key[:36]}",
        principal="-",
        project_id=project.id,
        accounts=request.social_account_ids,
        slots=tuple(sorted(request.slots)),
        zone=project.timezone,
        a_day=request.posts_a_day,
        until=_last_day(request, project, call.now()),
        made_at=call.clock.now(),
        confirmed_by=call.by,
        confirmation=call.key,
    )
    await office.set_plan(plan)
    say = f"Plan {plan.id} stands: {_words(plan.slots, plan.a_day, plan.until, plan.zone)}."
    if office.customer_of(project.id) is None:
        own: dict[str, JsonValue] = {"name": project.name, "customerExternalId": project.customer_external_id}
        step = Next(tool="onboard_customer", arguments=own, why="Have the loops take the customer on.")
        return Outcome(say=f"{say} {_UNSEEN}", result=_view(plan), next=(step,) if project.customer_external_id else ())
    arguments: dict[str, JsonValue] = {"projectId": project.id}
    step = Next(tool="list_questions", arguments=arguments, why="See what else waits for a person.")
    return Outcome(say=say, result=_view(plan), next=(step,))
