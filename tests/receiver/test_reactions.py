"""Each kind of event wakes whom it concerns: waits in every process, and runs by their bells."""

from __future__ import annotations

import pytest

from layers_mcp.client import thing
from layers_mcp.contract.events import EVENTS, Event
from layers_mcp.loops.early import Early
from layers_mcp.receiver.opening import waker
from layers_mcp.receiver.reactions import BY_PEOPLE, REACTIONS, Reaction, reaction
from layers_mcp.store.rows import Began

UUID = "2481fa5c-a404-44ed-a561-565392499abc"
PROJECT = f"prj_{UUID}"
BELL = f"project:{PROJECT}"
POSTS, REVIEWS = "publish_to_learn", "optimization"


def _of(kind: str, **data: object) -> Reaction | None:
    return reaction(Event(id="evt_1", type=kind, data={"projectId": PROJECT, **data}))


def _early(*loops: str, bells: tuple[str, ...] = (BELL,), **more: str) -> Reaction:
    return Reaction(bells=bells, early=loops, project_id=PROJECT, cause="evt_1", **more)


@pytest.mark.parametrize(
    ("kind", "data", "wakes"),
    [
        ("project.ready", {}, Reaction(bells=(BELL,))),
        ("social_account.connected", {"socialAccountId": "sa_1"}, _early(POSTS, REVIEWS, consents_of=PROJECT)),
        ("content.generated", {"id": "cnt_1"}, Reaction(things=("container cnt_1",))),
        ("content.approved", {"id": "cnt_1"}, _early(POSTS)),
        ("content.rejected", {"id": "cnt_1"}, Reaction(bells=(BELL,))),
        ("post.published", {"scheduledPostId": "sp_1"}, Reaction(things=("post sp_1",))),
        ("post.failed", {"scheduledPostId": "sp_1"}, Reaction(things=("post sp_1",))),
        ("ads.decision", {"decisionId": "dec_1"}, _early(REVIEWS, bells=())),
        ("ads.optimizer.run.completed", {"runId": "run_1"}, _early(REVIEWS, bells=())),
        ("lease_request.assigned", {"requestId": "req_1"}, _early(REVIEWS)),
        ("social_account.needs_reauth", {"socialAccountId": "sa_1"}, _early(REVIEWS)),
        ("job.failed", {"jobId": "job_1"}, Reaction(things=("job job_1",))),
        ("test.ping", {"message": "hello"}, Reaction()),
    ],
)
def test_each_event_of_the_seed_has_its_reaction(kind, data, wakes):
    """Seed 000, "Webhook events to subscribe to", and the two it names beside them; issue 7."""
    assert _of(kind, **data) == wakes


def test_a_reaction_reads_fields_that_its_kind_of_event_has_and_names_waits_as_the_desk_does():
    """The table can't go stale on either side."""
    for kind, wakes in REACTIONS.items():
        assert wakes.thing is None or wakes.field in EVENTS[kind].model_fields, kind
    assert set(EVENTS) >= BY_PEOPLE
    names = {thing.job("x").name, thing.post("x", print).name, thing.container("x", print).name}

    assert {f"{wakes.thing} x" for wakes in REACTIONS.values() if wakes.thing} == names


def test_a_project_that_is_named_by_its_bare_uuid_rings_the_same_bell():
    """layers-api: concepts, ids."""
    assert _of("project.ready", projectId=UUID) == Reaction(bells=(BELL,))
    assert reaction(Event(id="evt_1", type="job.completed", data={"jobId": "job_1"})) == Reaction(("job job_1",))


class Woken:
    """A desk, its shared row and a bell that write down what they hear."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def wake(self, name: str) -> None:
        """As `Desk.wake`."""
        self.heard.append(f"desk {name}")

    def told(self, name: str, *, now: object) -> None:
        """As `Watches.told`."""
        self.heard.append(f"row {name}")

    async def ring(self, bell: str) -> None:
        """As `Runner.ring`."""
        self.heard.append(f"bell {bell}")


@pytest.mark.anyio
async def test_a_connected_account_wakes_the_consents_of_its_project(store, clock):
    """The event names the account; the wait knows the state of its consent."""
    for name, project in (("st_1", PROJECT), ("st_2", "prj_other")):
        row = {"kind": "oauth", "id": name, "principal": "me", "tool": "connect_account", "project_id": project, "arguments": "a"}
        store.begun.add(Began(started_at=clock.now(), key=None, **row))
    woken = Woken()
    wake = waker(woken, woken, store.begun, ring=woken.ring, early=Early(store=store, clock=clock, principal="me"))

    await wake(Reaction(bells=("b",), consents_of=PROJECT))
    of_one, woken.heard = woken.heard, []
    await wake(Reaction(consents_of=""))

    assert of_one == ["row consent st_1", "desk consent st_1", "bell consent:st_1", "bell b"]
    assert {"desk consent st_1", "desk consent st_2"} <= set(woken.heard)


def test_an_event_that_names_no_project_starts_no_loop():
    """Nobody knows whose loop it would be."""
    assert reaction(Event(id="evt_1", type="content.approved", data={"id": "cnt_1"})) == Reaction()
