"""Loop 1, onboarding: once for each customer (seed 000, "Loop 1: onboarding"; each step as seed 004 has it).

A customer is onboarded once, whatever happens on the way: whatever was made is found again by what the customer is known by, before it is
made once more. What a person has to do is asked in the review queue, and the run lies until they have, for days if need be.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from layers_mcp.contract.errors import LayersError
from layers_mcp.contract.scalars import full_project
from layers_mcp.loops.arriving import arrived, ingested, sdk_of
from layers_mcp.loops.case import Case
from layers_mcp.loops.customer import Onboard, Onboarded
from layers_mcp.loops.first_batch import first_batch
from layers_mcp.loops.hands import Hands, House
from layers_mcp.loops.people import first_links, settled
from layers_mcp.loops.planned import Placed, place, plan_of
from layers_mcp.loops.run import Loop, Run

__all__ = ["NAME", "onboarding"]

NAME = "onboarding"


async def _scheduled(case: Case, approved: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The posts that went into the queue: by the project's standing plan, else a person is asked for one; and codes of what was refused.

    What was refused stops nothing else: the daily loops come back to it.
    """

    async def stands() -> bool:
        return plan_of(case.hands, case.project_id) is not None

    if not approved:
        return (), ()
    if not await case.run.step("plan", stands, came=bool):
        words = (
            f"Project {case.project_id} has approved posts and no standing plan: by set_plan loops schedule them, by schedule_content you."
        )
        await case.ask("plan", kind="plan", number=0, words=words, facts={"containerIds": list(approved)})
        return (), ()
    posts, failed = list[str](), list[str]()
    for container in approved:
        name = f"schedule {container}"
        do = partial(place, case.hands, case.project_id, container, key=case.key(name), run_id=case.run.id)
        try:
            posts += (await case.run.step(name, do, came=Placed)).scheduled_post_ids
        except LayersError as problem:
            failed.append(problem.wire_code)
    return tuple(posts), tuple(failed)


async def _into_the_daily_loops(hands: Hands, given: Onboard) -> None:
    hands.house.store.customers.move(hands.owner, given.customer_external_id, "active", hands.clock.now())


async def _onboard(hands: Hands, run: Run, given: Onboard) -> Onboarded:
    # 1. Create a Layers project for the customer
    project = await arrived(run, hands, given)
    case = Case(run, hands, given, full_project(project.project_id))
    # 2. Ingest their codebase, website or app-store listing to extract brand context
    read = await ingested(case)
    # 3. Provision SDK credentials and generate install instructions
    sdk = await sdk_of(case)
    # 4. Connect their social accounts via OAuth
    links = await first_links(case)
    # 5. Generate the first content batch and route it through approval
    containers = await first_batch(case)
    done = await settled(case, links, containers)
    posts, failed = await _scheduled(case, done.approved)
    await run.step("active", partial(_into_the_daily_loops, hands, given), came=type(None))
    return Onboarded(
        project_id=case.project_id,
        created=project.created,
        ingest=read.how,
        pull_request_url=read.pull_request_url,
        sdk_app_id=sdk.app_id,
        sdk_key_unseen=sdk.made,
        sdk_platforms=sdk.platforms,
        accounts=done.accounts,
        containers=containers,
        approved=done.approved,
        rejected=done.rejected,
        scheduled=posts,
        failed=failed,
    )


def onboarding(house: House) -> Loop[Onboard, Onboarded]:
    """The loop, in a house."""
    return Loop(NAME, Onboard, Onboarded, partial(_onboard, Hands(house, NAME)))
