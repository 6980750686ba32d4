"""Resources: what a tool shows, under an address of its own, for people and hosts to pin. The tool reads it, with all that holds it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import unquote

from layers_mcp.server.catalog import READER

if TYPE_CHECKING:
    from layers_mcp.server.caller import Caller

__all__ = ["READS", "TEMPLATES", "Suggest", "Template", "asked"]

READS: Final = {"projectId": "get_project", "containerId": "list_content", "jobId": "wait_for_job", "runId": "get_run"}
"""What arguments can be completed, and the tool that shows what they name: who may not call it is told of none."""
_CURSOR = re.compile(r"cursor=([^&=#?/]{1,1500})")


class Suggest(Protocol):
    """Completes arguments of resources and prompts."""

    def __call__(self, argument: str, begins: str, known: Mapping[str, str], caller: Caller | None) -> Awaitable[list[str]]:
        """Values of an argument, by its name, that begin so; `known`: what the others were given by now."""
        ...


class Template(NamedTuple):
    """A kind of resource, `layers://` and `start`, the value of `argument`, `end`; the one resource there is, where it has no argument.

    `tool`: what reads it, by `argument` and `more`; `paged`: whether it goes on from a cursor.
    """

    name: str
    title: str
    description: str
    start: str
    tool: str
    argument: str = ""
    end: str = ""
    more: Mapping[str, Any] = {}
    paged: bool = False

    @property
    def uri(self) -> str:
        """RFC 6570, without what leads to a later page."""
        return f"layers://{self.start}{f'{{{self.argument}}}' if self.argument else ''}{self.end}"

    @property
    def uri_template(self) -> str:
        """RFC 6570."""
        return f"{self.uri}{{?cursor}}" if self.paged else self.uri

    def read(self, path: str) -> dict[str, Any] | None:
        """The arguments that a path gives; None where it is no resource of this kind."""
        if not self.argument:
            return dict(self.more) if path == self.start else None
        if not (path.startswith(self.start) and path.endswith(self.end)):
            return None
        value = path[len(self.start) : len(path) - len(self.end)]
        return {self.argument: unquote(value), **self.more} if value and not set(value) & set("/?#") else None


def _own(name: str, description: str, *, paged: bool = True) -> Template:
    more = {"uri": f"layers://{name}"}
    return Template(name, name.capitalize(), description, start=name, tool=READER, more=more, paged=paged)


TEMPLATES: Final = (
    _own("account", "Whose API key this is, what it may do, and what the wallet holds.", paged=False),
    Template("projects", "Projects", "The customers' projects.", start="projects", tool="get_project", paged=True),
    Template(
        name="project",
        title="Project",
        description="A project: brand context, approval policy, influencers, accounts.",
        start="projects/",
        argument="projectId",
        tool="get_project",
    ),
    Template(
        name="project_content",
        title="Content of a project",
        description="What was made for a project, newest first: ids, states, hooks.",
        start="projects/",
        argument="projectId",
        end="/content",
        tool="list_content",
        more={"limit": 25},
        paged=True,
    ),
    Template(
        name="decisions",
        title="Decisions about a project's ads",
        description="What the ads optimizer did in 30 days, and why.",
        start="projects/",
        argument="projectId",
        end="/decisions",
        tool="explain_decision",
    ),
    Template(
        name="content",
        title="Content",
        description="One post: captions, states, and a picture of its media.",
        start="content/",
        argument="containerId",
        tool="list_content",
    ),
    Template(
        name="job",
        title="Job",
        description="How a job stands, and what came of it.",
        start="jobs/",
        argument="jobId",
        tool="wait_for_job",
        more={"waitSeconds": 0},
    ),
    Template(
        name="run",
        title="Run of a loop",
        description="The history of a run: its steps, when they ended and what came out of each, what it cost, and what it waits for.",
        start="runs/",
        argument="runId",
        tool="get_run",
        more={"detail": "full", "waitSeconds": 0},
    ),
    Template(
        name="questions",
        title="Questions",
        description="What the loops may not decide and ask people.",
        start="questions",
        tool="list_questions",
        paged=True,
    ),
    _own("trail", "What was called by you, newest first: tool, outcome, whose yes, on which project."),
    _own("api", "Every endpoint of the Layers API that this server knows: method, path, scope, rate class, where Layers says so."),
    _own("drift", "Where the documents of Layers disagree or are silent, and what this server takes for true."),
)


def asked(uri: str) -> tuple[str, dict[str, Any]] | None:
    """The tool and the arguments that read what a URI names; None where no template fits it."""
    whole, _, query = uri.partition("?")
    path, page = whole.removeprefix("layers://"), _CURSOR.fullmatch(query)
    for one in TEMPLATES if path != whole else ():
        given = one.read(path)
        if given is not None and (uri == whole or (one.paged and page)):
            return one.tool, given | ({"cursor": unquote(page[1])} if page else {})
    return None
