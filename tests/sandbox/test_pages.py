"""A list costs its page, not its table, however large a customer grows; tests/bench/growth.py has the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from layers_mcp.database import reading, writing
from layers_mcp.sandbox import ids, posts, tables
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)
LISTS = {
    "/v1/projects": "projects",
    "/v1/projects?search=coffee": "projects",
    "{project}/content": "containers",
    "{project}/content?approvalStatus=pending": "containers",
    "{project}/scheduled-posts": "posts",
    "/v1/audit-log": "audit",
}


@pytest.fixture
def plans(house):
    """How SQLite reads each statement that the world sends it, with the statement."""
    sent: list[tuple[str, Any]] = []

    @event.listens_for(house.world.engine, "before_cursor_execute")
    def _sent(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    def explained() -> list[tuple[str, list[str]]]:
        statements = [one for one in sent if one[0].lstrip().startswith("SELECT")]
        with reading(house.world.engine) as connection:
            cursor = connection.connection.cursor()
            return [(said, [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {said}", given)]) for said, given in statements]

    return explained


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_is_read_where_an_index_has_it_in_order(house, plans, path: str) -> None:
    """Issue 9: a list costs its page; nothing is read whole, and nothing is sorted."""
    project = await house.project()
    await house.get(path.format(project=project))

    (plan,) = [steps for said, steps in plans() if f"FROM {LISTS[path]}" in said and "DESC" in said]
    assert any(f"SEARCH {LISTS[path]} USING INDEX" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step or f"SCAN {LISTS[path]}" in step for step in plan), plan


async def test_what_an_account_posted_in_a_day_is_counted_among_that_day_s_posts_only(tmp_path, clock) -> None:
    """The platform's limit is counted for each post that is shown; among all posts of the account that costs their square."""
    world = await World.open(tmp_path, wall=clock, demo=True)
    counted = posts.WITH_ACCOUNT.with_only_columns(posts.WITH_ACCOUNT.selected_columns["just_before"])

    def work(copies: int) -> int:
        """Instructions of SQLite's machine for counting, each of the demo's posts having been copied to so many earlier times."""
        with writing(world.engine) as connection:
            rows = [dict(row) for row in connection.execute(select(tables.posts)).mappings()]
            for row in rows:
                del row["seq"]
            earlier = [row | {"id": ids.mint("sp"), "starts_at": row["starts_at"] - n * YEAR} for row in rows for n in range(1, copies)]
            connection.execute(insert(tables.posts), earlier or [rows[0] | {"id": ids.mint("sp"), "canceled_at": clock.now()}])
            done = [0]
            plain = connection.connection.driver_connection
            plain.set_progress_handler(lambda: done.__setitem__(0, done[0] + 1), 10)
            connection.execute(counted).all()
            plain.set_progress_handler(None, 0)
        return done[0]

    few, many = work(1), work(8)
    await world.close()

    assert few * 4 < many < few * 12
