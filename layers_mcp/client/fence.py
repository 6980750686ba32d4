"""The API with all but some projects out of reach: what is of another is refused in the words for what is not there at all."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime
from typing import TypeVar, cast

from pydantic import BaseModel, JsonValue
from pydantic.alias_generators import to_camel

from layers_mcp.client.owners import LISTS, MENTIONS, ORGANIZATION_READS, OWNED, TELLING, Kind, names_project, of_organization
from layers_mcp.client.pages import no_such_page
from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.picture import SMALL, Bounds, Picture
from layers_mcp.clock import Clock
from layers_mcp.contract import content, influencers, jobs, projects, publishing, social
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.errors import LayersError, NotFound, OutsideProjects
from layers_mcp.contract.scalars import full_project

__all__ = ["Fence", "outside"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)
T = TypeVar("T")

_PAGE, _PAGES = 200, 50
"""At most ten thousand projects are looked through for those that may be listed; ours."""
_PROJECT = re.compile(r"prj_[A-Za-z0-9\-]+")


def outside(field: str) -> OutsideProjects:
    """The refusal of what `field` names; it reads the same whether there is such a thing or not."""
    issue: JsonValue = {"path": field, "message": "is not among the projects this server may touch"}
    return OutsideProjects(f"what {field} names is not among the projects this server may touch", details={"issues": [issue]})


def _of_all(endpoint: Endpoint[Q, R]) -> OutsideProjects:
    named = f"{endpoint.name} concerns the whole organization"
    return OutsideProjects(f"{named}, and this server may touch only some of its projects", details={"endpoint": endpoint.name})


def _places(value: JsonValue) -> Iterator[str]:
    """Every project that a record says it, or a part of it, belongs to."""
    if isinstance(value, dict):
        for name, entry in value.items():
            if name == "projectId" and isinstance(entry, str):
                yield entry
            else:
                yield from _places(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _places(entry)


def _value(request: BaseModel, path: str) -> str | None:
    """The text that stands at a dotted path of a request."""
    found: object = request
    for step in path.split("."):
        found = getattr(found, step, None)
    return found if isinstance(found, str) else None


class Fence:
    """A client that reaches `allowed` projects only. One for each call: it remembers whose what it has seen is."""

    def __init__(self, inner: Partner, allowed: Collection[str]) -> None:
        self._inner = inner
        self._allowed = frozenset(full_project(one) for one in allowed)
        self._seen: set[tuple[Kind, str]] = set()

    @property
    def clock(self) -> Clock:
        """What it sleeps by."""
        return self._inner.clock

    @property
    def request_id(self) -> str | None:
        """The request id of the last answer in this task."""
        return self._inner.request_id

    def now(self) -> datetime:
        """The API's time."""
        return self._inner.now()

    def holds(self, project_id: str | None) -> bool:
        """Whether a project may be touched; what has none may not."""
        return project_id is not None and full_project(project_id) in self._allowed

    async def picture(self, url: str, bounds: Bounds = SMALL) -> Picture | None:
        """The file within `bounds` at a URL that an answer named; what is outside is in no answer."""
        return await self._inner.picture(url, bounds)

    async def send(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None = None) -> R:
        """The reply to `request`, if both are of allowed projects.

        Raises:
            OutsideProjects: they are not; a request that is not was never sent.
            LayersError: as the client's own `send`.
        """
        if endpoint in LISTS and isinstance(request, projects.ListProjects):
            return cast("R", await self._listed(request))
        await self.admit(endpoint, request)
        reply = await self._answered(endpoint, request, lambda: self._inner.send(endpoint, request, key=key))
        return cast("R", reply)

    async def look(self, endpoint: Endpoint[Q, R], request: Q, etag: str | None = None) -> Seen[R]:
        """One look, as `send` has it.

        Raises:
            OutsideProjects: as `send` does.
            LayersError: as the client's own `look`.
        """
        await self.admit(endpoint, request)
        looks: list[Seen[R]] = []

        async def looked() -> R | None:
            looks.append(await self._inner.look(endpoint, request, etag))
            return looks[0].reply

        reply = await self._answered(endpoint, request, looked)
        return looks[0]._replace(reply=reply)

    async def pass_on(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R]]) -> R:
        """What somebody else's look brings, if it and the request are of allowed projects; it is not asked for where the request is not.

        Raises:
            OutsideProjects: as `send` does.
            LayersError: what `ask` raised, without what it tells of another project.
        """
        await self.admit(endpoint, request)
        reply = await self._answered(endpoint, request, ask)
        assert reply is not None, "whoever asks brings something"
        return reply

    def hear(self, request_id: str | None) -> None:
        """Make an answer that another task got on behalf of this one the last of this task."""
        self._inner.hear(request_id)

    async def own(self, kind: Kind, given: str, field: str) -> None:
        """Make sure that the thing with the id `given` is of an allowed project, by reading it unless that is known.

        Raises:
            OutsideProjects: naming `field`; it is of another project, of none, or there is no such thing.
        """
        if (kind, given) in self._seen:
            return
        try:
            found = await self._owned(kind, given)
        except NotFound:
            found = False
        if not found:
            raise outside(field)
        self._seen.add((kind, given))

    async def _owned(self, kind: Kind, given: str) -> bool:
        if kind == "container":
            return await self._theirs(await self._inner.send(content.GET, content.GetContent(container_id=given)))
        if kind == "job":
            return await self._theirs(await self._inner.send(jobs.GET, jobs.GetJob(job_id=given)))
        if kind == "influencer":
            return await self._theirs(await self._inner.send(influencers.GET, influencers.GetInfluencer(influencer_id=given)))
        if kind == "post":
            return await self._theirs(await self._inner.send(publishing.GET, publishing.GetPost(scheduled_post_id=given)))
        return await self._consented(given)

    async def _theirs(self, reply: object) -> bool:
        """Whether a thing that says whose it is, is of an allowed project; a post says it by its container."""
        if isinstance(reply, publishing.ScheduledPost):
            return reply.container_id is not None and await self._owned("container", reply.container_id)
        return self.holds(getattr(reply, "project_id", None))

    async def _consented(self, state: str) -> bool:
        """Whether one of the allowed projects knows the consent."""
        for one in sorted(self._allowed):
            try:
                await self._inner.send(social.PROJECT_OAUTH_STATUS, social.GetProjectOauthStatus(project_id=one, state=state))
            except NotFound:
                continue
            return True
        return False

    async def admit(self, endpoint: Endpoint[Q, R], request: Q) -> None:
        """Let a request out that is of allowed projects, or whose answer will say whether it was.

        Raises:
            OutsideProjects: it is not, or nothing says whose it is.
        """
        if names_project(endpoint):
            self._check_named(request)
        elif (owner := OWNED.get(endpoint.name)) is not None:
            if endpoint not in TELLING:
                await self.own(owner[1], _value(request, owner[0]) or "", to_camel(owner[0]))
        elif endpoint not in ORGANIZATION_READS:
            raise _of_all(endpoint)
        for path, kind in MENTIONS.get(endpoint.name, ()):
            if (given := _value(request, path)) is not None:
                await self.own(kind, given, to_camel(path.rpartition(".")[2]))

    def _check_named(self, request: Request) -> None:
        if not self.holds(_value(request, "project_id")):
            raise outside("projectId")
        if _value(request, "scope") == "project" and not self.holds(_value(request, "id")):
            raise outside("id")
        if (field := of_organization(request)) is not None:
            issue: JsonValue = {"path": field, "message": "concerns the whole organization, and this server may touch only some projects"}
            raise OutsideProjects(f"{field} concerns the whole organization, not one project", details={"issues": [issue]})

    async def _answered(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R | None]]) -> R | None:
        """What came, if nothing in it is of another project; None where nothing changed since somebody looked.

        Raises:
            OutsideProjects: something is, or what is read is not there.
        """
        path, kind = OWNED.get(endpoint.name, ("project_id", None))
        field = to_camel(path)
        try:
            reply = await ask()
            if kind is not None and endpoint in TELLING:
                await self._note(kind, _value(request, path) or "", field, reply)
        except NotFound as problem:
            raise (outside(field) if kind is not None else problem) from None
        except LayersError as problem:
            raise self._muted(problem) from None
        if reply is not None and not all(self.holds(one) for one in _places(reply.model_dump(mode="json", by_alias=True))):
            raise outside(field)
        return reply

    async def _note(self, kind: Kind, given: str, field: str, reply: Reply | None) -> None:
        """Remember that a thing is of an allowed project, by the answer that tells of it."""
        if (kind, given) not in self._seen and (reply is None or not await self._theirs(reply)):
            raise outside(field)
        self._seen.add((kind, given))

    def _muted(self, problem: LayersError) -> LayersError:
        """A refusal without what it tells of another project; whether it may have taken effect is told."""
        if all(self.holds(one) for one in _PROJECT.findall(f"{problem.message} {problem.details}")):
            return problem
        words = "it was refused for a reason outside the projects this server may touch"
        muted = (type(problem) if problem.transient else OutsideProjects)(
            words, request_id=problem.request_id, retry_after_s=problem.retry_after_s
        )
        muted.unsure = problem.unsure
        return muted

    async def _listed(self, request: projects.ListProjects) -> projects.ProjectPage:
        """The allowed projects among those that were asked for; its cursor counts them, as Layers' own would tell that there are others."""
        try:
            begin = int(request.cursor or "0")
        except ValueError:
            raise no_such_page() from None
        found: list[projects.Project] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            asked = request.model_copy(update={"limit": _PAGE, "cursor": cursor})
            fields = asked.model_dump(exclude_none=True)
            page = await self._inner.send(projects.LIST, projects.ListProjects.model_validate(fields))
            found += [one for one in page.items if self.holds(one.id)]
            cursor = page.next_cursor
            if cursor is None or len(found) == len(self._allowed):
                break
        end = begin + request.limit
        return projects.ProjectPage(items=tuple(found[begin:end]), next_cursor=str(end) if end < len(found) else None)
