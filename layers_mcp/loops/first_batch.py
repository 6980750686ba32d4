"""The first posts of a customer: made once, within a budget or with a yes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final

from pydantic import BaseModel

from layers_mcp.client import thing
from layers_mcp.contract import content
from layers_mcp.contract.content import Brief, GenerateContent, ListContent
from layers_mcp.loops.case import Case
from layers_mcp.loops.judgement import STALE_DAYS
from layers_mcp.loops.questions import AGAIN, SKIP, YES
from layers_mcp.store.asked import Option

__all__ = ["first_batch"]

_FORMAT: Final = "auto"
_ALIVE: Final = ("queued", "generating", "completed")
_NEWEST: Final = 25


class _Batch(BaseModel):
    """Posts that are there or on their way by a job; or what they would cost, over which limits."""

    containers: tuple[str, ...] = ()
    job_id: str | None = None
    credits: int = 0
    over: tuple[str, ...] = ()


async def _begin(case: Case, key: str, agreed: int) -> _Batch:
    """Have them made, unless the project has posts of the last 30 days: then those are the first, whoever had them made.

    What is older no loop lets out any more (`STALE_DAYS`), and it stands for no new one either.
    """
    hands, given, project_id = case.hands, case.given, case.project_id
    young = hands.now() - timedelta(days=STALE_DAYS)
    page = await hands.send(content.LIST, ListContent(project_id=project_id, status=_ALIVE, since=young, limit=_NEWEST))
    if page.items:
        on_the_way = next((one.job_id for one in page.items if one.status != "completed"), None)
        return _Batch(containers=tuple(one.id for one in page.items), job_id=on_the_way)
    brief: dict[str, object] = {} if given.hook is None else {"hook": given.hook}
    brief |= {"target_platforms": given.connect} if given.connect else {}
    wanted = GenerateContent(project_id=project_id, format=_FORMAT, variant_count=given.posts, brief=Brief.model_validate(brief))
    made = await hands.make(content.GENERATE, wanted, key=key, wanted=(_FORMAT, given.posts), agreed=agreed)
    if made.begun is None:
        return _Batch(credits=made.credits, over=made.over)
    return _Batch(containers=made.begun.container_ids, job_id=made.begun.job_id)


async def _asked_to_spend(case: Case, number: int, batch: _Batch) -> str | None:
    """What is said to a price over a limit."""
    lacks = "wallet" in batch.over
    words = f"The first posts of project {case.project_id} would cost at most {batch.credits} credits"
    words += ", and the wallet does not have them." if lacks else f", which is over a limit ({', '.join(batch.over)})."
    spend = Option(word=YES, means=f"At most {batch.credits} credits are spent; nothing is published.", weighs=True)
    asked = await case.ask(
        "batch",
        kind="credits" if lacks else "spend",
        number=number,
        words=words,
        options=(AGAIN, SKIP) if lacks else (spend, SKIP),
        facts={"creditsAtMost": batch.credits, "over": list(batch.over)},
        credits_=batch.credits,
    )
    return await case.answer("batch", number, asked)


async def _asked_again(case: Case, number: int, status: str) -> str | None:
    """What is said after a generation that failed or was canceled, which costs nothing."""
    words = f"Making the first posts of project {case.project_id} ended as {status}; its credits were released."
    asked = await case.ask("batch", kind="generate", number=number, words=words, options=(AGAIN, SKIP), facts={"status": status})
    return await case.answer("batch", number, asked)


async def first_batch(case: Case) -> tuple[str, ...]:
    """The ids of the first posts once they are made, or were by somebody in the last 30 days; none where nobody wants them."""
    agreed = 0
    for number in count() if case.given.posts else ():
        name = f"batch {number}"
        batch = await case.run.step(name, partial(_begin, case, case.key(name), agreed), came=_Batch)
        if batch.over:
            answer = await _asked_to_spend(case, number, batch)
            agreed = batch.credits if answer == YES else 0
        elif batch.job_id is None:
            return batch.containers
        else:
            job = await case.hands.wait(case.run, f"batch {number} job", thing.job(batch.job_id))
            if job.status == "completed":
                return batch.containers
            answer = await _asked_again(case, number, job.status)
        if answer == SKIP.word:
            break
    return ()
