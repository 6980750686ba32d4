"""Content that somebody changes between the preview and the yes, or after it: nothing of it goes out under that yes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import content_edits, publishing
from layers_mcp.contract.content import Brief
from layers_mcp.contract.publishing import ListPosts

pytestmark = pytest.mark.anyio
GENERATION = timedelta(seconds=200)


async def _changed(story, post):
    """Somebody else has the post made anew, with other words."""
    wanted = content_edits.RegenerateContent(container_id=post, brief=Brief(hook="Sleep in."))
    await story.layers.send(content_edits.REGENERATE, wanted)
    await story.world.work_done()
    story.clock.advance(GENERATION)


async def test_a_yes_to_a_schedule_does_not_let_out_what_was_changed_meanwhile(story):
    """Worst of all is a wrong post on a customer's account: the yes was to other words, and the approval, too."""
    project = await story.project()
    post, account = await story.approved(project), await story.account(project)
    asked = {"containerId": post, "scheduledFor": story.at(days=1), "targets": [{"socialAccountId": account}]}
    handle = (await story.call("schedule_content", **asked))["confirmation"]["handle"]

    await _changed(story, post)
    told = await story.call("schedule_content", confirm=handle, **asked)

    assert "schedule" not in (told.get("result") or {})
    assert (await story.content(post)).approval_status == "pending"
    assert (await story.layers.send(publishing.LIST, ListPosts(project_id=project))).items == ()


async def test_a_yes_to_an_approval_does_not_approve_what_was_changed_meanwhile(story):
    """The yes is bound to the words and media that were shown."""
    project = await story.project()
    post = await story.post(project)
    handle = (await story.call("approve_content", containerIds=[post]))["confirmation"]["handle"]

    await _changed(story, post)
    await story.call("approve_content", containerIds=[post], confirm=handle)

    assert (await story.content(post)).approval_status == "pending"
