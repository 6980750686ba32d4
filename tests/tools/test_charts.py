"""A picture of how posts do, beside the record."""

from __future__ import annotations

import pytest

from layers_mcp.tool import chart

pytestmark = pytest.mark.anyio


async def test_metrics_come_with_curves_when_asked(story):
    """Issue 8: charts for metrics; the record is the same with and without, and the title says what is drawn."""
    project = await story.project()
    await story.fed(project, 2, 1)

    told = await story.result("read_metrics", projectId=project, chart=True)
    plain = await story.result("read_metrics", projectId=project)

    (picture,) = told.pictures
    assert (picture.content[:8], picture.mime) == (b"\x89PNG\r\n\x1a\n", "image/png")
    assert picture.title.startswith("views, ")
    assert plain.pictures == ()
    assert told.record["result"] == plain.record["result"]


async def test_nothing_measured_gives_no_picture(story):
    """An empty chart tells nothing."""
    told = await story.result("read_metrics", projectId=await story.project(), chart=True)

    assert told.pictures == ()


async def test_without_the_extra_the_numbers_come_alone(story, monkeypatch):
    """As `read_ads_metrics` does."""
    monkeypatch.setattr(chart, "HAS_CHARTS", False)
    project = await story.project()
    await story.fed(project, 1)

    told = await story.result("read_metrics", projectId=project, chart=True)

    assert told.pictures == ()
    assert "the extra charts is not installed" in told.record["summary"]
