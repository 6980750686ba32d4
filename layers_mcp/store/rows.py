"""What the store keeps, as frozen models; nothing here knows a database."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

__all__ = [
    "DIED", "EVERY", "LOOPS", "OTHER_KEY", "WRITES", "Began", "Claim", "Confirmation", "ConfirmedBy", "Entry", "Halt", "How", "Kind",
    "Link", "Look", "Operation", "Paid", "Paused", "RunRow", "RunState", "Spending", "State", "Task", "TaskState", "Watched", "Woke",
    "Worker",
]  # fmt: skip

State = Literal["minted", "asked", "yes", "no", "acting", "done", "failed"]
"""A confirmation's life: shown to somebody, the person asked, the person's answer; spent and acting, over well or badly."""
ConfirmedBy = Literal["agent", "person"]
"""Whose yes it was."""
How = Literal["client", "command", "page"]
"""How a person answered: asked by their client, by `layers-mcp confirm`, or on the page of the HTTP server."""
Kind = Literal["job", "post", "oauth"]
"""What kinds of things a call of ours can begin."""
Paid = Literal["reserved", "spent", "released"]
"""Credits: set aside for what goes out or runs; charged, as it was completed; given back, as nothing came of it."""
TaskState = Literal["working", "ended", "cancelled"]
"""Of a task: still waited for, as far as anybody has seen; seen over; given up by its client."""
RunState = Literal["queued", "running", "sleeping", "waiting", "completed", "failed", "cancelled"]
"""Of a run: to be taken on by a worker; on one; lying until an instant, or until a bell rings; over."""
Woke = Literal["time", "bell", "retry", "found"]
"""What ended a run's sleep: its instant came, its bell was rung, a person had it tried again; or it was with nobody, and was found."""

DIED: Final = "PROCESS_DIED"
"""The code of a run that was on processes that ended: it lies for that, or was given up for it."""
OTHER_KEY: Final = "OTHER_KEY"
"""The code of a run that a worker of another key came upon: it lies until one of its own does."""
EVERY: Final = "*"
WRITES: Final = "writes"
LOOPS: Final = "loops"
"""Stands for all projects where one is named."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Look(_Row):
    """One media file that a preview shows, by its ids at Layers, as the URL it is fetched by ends sooner than a preview does."""

    container_id: str
    asset_id: str
    kind: str


class Confirmation(_Row):
    """One preview and what became of it. The clear handle is nowhere in it.

    `handle`: SHA-256 of the handle. `arguments`, `shown`: digests. `key`: the Idempotency-Key its act is sent with. `question`, `items`:
    what was shown, for a person who answers outside the conversation; `media`: what the items look like; `due_at`, in the project's
    `zone`: when it would happen. `token`: SHA-256 of what the client's answer must come with.
    `projects`: all whose texts may be among that; `forgotten_at`: when they were taken out, for good.
    `sandbox`: whether it would act on the embedded sandbox and not on the live API, whoever shows it.
    """

    handle: str
    principal: str
    tool: str
    arguments: str
    shown: str
    state: State = "minted"
    key: str
    minted_at: datetime
    expires_at: datetime
    spent_at: datetime | None = None
    finished_at: datetime | None = None
    confirmed_by: ConfirmedBy | None = None
    outcome: JsonValue = None
    project_id: str | None = None
    question: str = ""
    items: JsonValue = None
    media: tuple[Look, ...] = ()
    due_at: datetime | None = None
    zone: str | None = None
    token: str | None = None
    answered_at: datetime | None = None
    how: How | None = None
    projects: tuple[str, ...] = ()
    forgotten_at: datetime | None = None
    sandbox: bool = False


class Operation(_Row):
    """One operation that writes something, and the Idempotency-Key all its attempts share.

    `name`: what makes it this operation for `principal` and `tool`; the digest of its arguments, the caller's own key, or what it sets.
    `tool` is empty where the name is the caller's key, which is good for one call of one tool. `arguments`: their digest, and the tool's.
    `holder`: who runs it now, until `held_until` at the latest, as far as it does not say that it still does.
    """

    principal: str
    tool: str
    name: str
    arguments: str
    key: str
    made_at: datetime
    attempts: int = 1
    holder: str | None = None
    held_until: datetime | None = None

    @property
    def replayed(self) -> bool:
        """Whether an earlier attempt is on record."""
        return self.attempts > 1


class Claim(_Row):
    """What became of a wish to run an operation.

    `mine`: run `operation` now; `running`: somebody runs it; `taken`: its name stands for other arguments.
    """

    state: Literal["mine", "running", "taken"]
    operation: Operation


class Spending(_Row):
    """Credits of one part of an operation, under the Idempotency-Key that it goes out with.

    `day`: the UTC day of the API's time, as 2026-04-18. `project_id`: None where it has none.
    """

    key: str
    project_id: str | None
    day: str
    credits: int
    state: Paid = "reserved"


class Began(_Row):
    """A thing that one of our calls began and that goes on without it; `arguments` is a digest."""

    kind: Kind
    id: str
    principal: str
    tool: str
    project_id: str | None
    started_at: datetime
    arguments: str
    key: str | None


class Entry(_Row):
    """One call in the trail: who did what, who said yes and how, how it ended; never its arguments or its texts, never a secret.

    One that acts on a yes has two for each project that it writes to: `acting`, written before anything is sent, so that an act whose
    process was killed is on record too, and its end.

    `outcome`: an error's code, or a word such as `done`, `replayed`, `confirmation_required`; before a code, what is known of the writes
    of that call: `unknown:`, `acted:` or `in_part:`. `arguments`, `shown`: digests; `arguments` is empty where they did not fit.
    """

    at: datetime
    principal: str
    tool: str
    effect: str
    outcome: str
    request_id: str | None = None
    confirmed_by: ConfirmedBy | None = None
    project_id: str | None = None
    arguments: str
    shown: str | None = None
    how: How | None = None


class Link(_Row):
    """An entry in its place of the chain: `digest` is made of the entry, its number and the digest of the one before."""

    number: int
    entry: Entry
    digest: str


class Halt(_Row):
    """What is held back, of one project, or of all when `project_id` is `EVERY`.

    `what`: `WRITES`, of anybody; `LOOPS`, the runs of all loops; or a loop's name, its runs. `by`: who asked for it; what a person holds
    back only a person lets go.
    """

    project_id: str
    what: str = WRITES
    at: datetime
    principal: str
    by: ConfirmedBy


class Paused(_Row):
    """A campaign that was paused together with a halt, so that just this one is started again.

    `at`: the API's instant at which halt set about it; `heard`: Layers' answer is known, which is that it is paused at once, or that
    `pending_id` asks for that.
    """

    project_id: str
    campaign_id: str
    platform: str
    at: datetime
    heard: bool = False
    pending_id: str | None = None


class Watched(_Row):
    """A thing that a desk looks at: `holder` until then, and what was seen last, as JSON.

    `next_at`: when the holder means to look next; `not_before`: when Layers lets anybody; `told_at`: when a webhook told of it.
    """

    name: str
    holder: str
    until: datetime
    reply: str | None = None
    etag: str | None = None
    seen_at: datetime | None = None
    next_at: datetime | None = None
    not_before: datetime | None = None
    told_at: datetime | None = None


class RunRow(_Row):
    """One run of a loop, as people see it.

    `given`, `came`: JSON. `began_at`, `ended_at`, `until`: by the runner's clock; `born_us`: when it was made, by the database's.
    `worker`: who runs it, or ends the step in which it was cancelled; `turn`: how many times it was taken on; `starts`: how often in a row
    it was taken on without getting further than the `done` steps that were recorded then. `step`, `name`: where it lies, or failed;
    `bell`, `until`: what ends that, and `due_at`: when it is looked at again; `woken`: what did. `tries`, `trying_since`: of a step that
    may work later.
    `code`, `words`: why it lies without having asked to, or how it failed. `owner`: the principal that it was asked for by, and by whose
    key it is worked off; None: by any, as that was not always kept.
    """

    id: str
    loop: str
    owner: str | None = None
    given: str
    state: RunState
    began_at: datetime
    ended_at: datetime | None = None
    born_us: int = 0
    project_id: str | None = None
    customer: str | None = None
    worker: str | None = None
    turn: int = 0
    starts: int = 0
    done: int = 0
    step: int = 0
    name: str | None = None
    bell: str | None = None
    until: datetime | None = None
    due_at: datetime | None = None
    woken: Woke | None = None
    taken_until_us: int | None = None
    tries: int = 0
    trying_since: datetime | None = None
    code: str | None = None
    words: str | None = None
    came: str | None = None

    @property
    def begins_anew(self) -> bool:
        """Whether it may be begun anew: it failed, was cancelled, or was emptied as its customer was forgotten."""
        return self.state in ("failed", "cancelled") or (self.state == "completed" and not self.given)


class Worker(_Row):
    """A process that runs loops: `place` says where, for people; `silent_s`: how long nothing was heard of it, by the database's time."""

    id: str
    place: str
    since: datetime
    silent_s: float


class Task(_Row):
    """A wait that a client holds as a task: the call of `tool` with `arguments` takes it up again. There is no work in it.

    `id`: SHA-256 of what the client knows it by.
    """

    id: str
    principal: str
    tool: str
    arguments: dict[str, JsonValue]
    made_at: datetime
    changed_at: datetime
    state: TaskState = "working"
