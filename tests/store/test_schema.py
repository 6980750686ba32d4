"""The store's schema, made in one step or revision by revision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable

from layers_mcp.database import migrating, open_engine, reading, writing
from layers_mcp.store.rows import Halt, Paused
from layers_mcp.store.store import Store
from layers_mcp.store.tables import HEAD, TABLES, VERSIONS, Instant


def _config() -> Config:
    """Alembic, pointed at the store's revisions."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(VERSIONS))
    return config


def _engine(where: Path | str) -> Engine:
    """A plain engine there."""
    if isinstance(where, Path):
        where.parent.mkdir(exist_ok=True)
    return create_engine(f"sqlite:///{where}" if isinstance(where, Path) else make_url(where).set(drivername="postgresql+psycopg"))


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
def test_the_revisions_make_exactly_the_tables(where: Path | str) -> None:
    """design.md §8: new files are made in one step; alembic runs only when the stamp is behind. Both must agree."""
    engine = _engine(where)

    with engine.begin() as connection:
        migrating.bring_up(connection, TABLES, versions=VERSIONS, head=HEAD)
        differences = compare_metadata(MigrationContext.configure(connection), TABLES)

    engine.dispose()
    assert differences == []


def test_the_stamp_is_the_head_of_the_revisions() -> None:
    """A new file is stamped with HEAD without running a revision."""
    assert ScriptDirectory.from_config(_config()).get_current_head() == HEAD


def _taken_back(connection: Connection, revision: str) -> None:
    """Take the database back to what it was at a revision."""
    config = _config()
    config.attributes.update(connection=connection, tables=TABLES)
    command.downgrade(config, revision)


def test_campaigns_that_were_paused_before_revision_three_stay_known_as_ones_nobody_heard_of(where: Path | str) -> None:
    """Nobody noted which action asked for them; they keep the instant that they are judged by, and can be noted anew."""
    Store.open(where).close()
    engine, at = open_engine(where, TABLES, versions=VERSIONS, head=HEAD), datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)
    with writing(engine) as connection:
        _taken_back(connection, "0002")
        row = "('prj_1', 'cmp_1', 'meta', '2026-04-18 17:22:14.000000')"
        connection.exec_driver_sql(f"INSERT INTO paused_campaigns (project_id, campaign_id, platform, at) VALUES {row}")
    engine.dispose()

    store = Store.open(where)
    (before,) = store.halts.paused("prj_1")
    store.halts.pausing(before.model_copy(update={"heard": True, "pending_id": "pnd_1"}))
    after = store.halts.paused("prj_1")
    store.close()

    assert before == Paused(project_id="prj_1", campaign_id="cmp_1", platform="meta", at=at)
    assert [(one.heard, one.pending_id) for one in after] == [(True, "pnd_1")]


def test_taken_back_before_the_first_revision_nothing_is_left(where: Path | str) -> None:
    """A rollback by hand leaves a file that the next opening makes anew."""
    Store.open(where).close()
    engine = open_engine(where, TABLES, versions=VERSIONS, head=HEAD)

    with writing(engine) as connection:
        _taken_back(connection, "base")
        left = inspect(connection).get_table_names()
    engine.dispose()

    assert left == ["alembic_version"]
    Store.open(where).close()


def test_a_database_that_is_behind_is_brought_up_on_opening(where: Path | str) -> None:
    """`open_engine`, with a stamp from before the first revision."""
    engine = _engine(where)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    engine.dispose()

    Store.open(where).close()

    engine = open_engine(where, TABLES, versions=VERSIONS, head=HEAD)
    with reading(engine) as connection:
        stamp = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    engine.dispose()
    assert stamp == HEAD


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda one: one.name)
def test_every_table_can_be_written_in_both_languages(dialect) -> None:
    """design.md §3: SQLite by default, Postgres by URL."""
    words = [str(CreateTable(table).compile(dialect=dialect)) for table in TABLES.sorted_tables]

    assert len(words) == len(TABLES.tables)


def test_an_instant_comes_back_aware_and_a_naive_one_is_refused() -> None:
    """Times are UTC instants; a naive one means nothing."""
    instant, there = Instant(), datetime(2026, 4, 18, 10, 22, 14, tzinfo=timezone(timedelta(hours=-7)))

    kept = instant.process_bind_param(there, sqlite.dialect())

    assert kept == datetime(2026, 4, 18, 17, 22, 14)  # noqa: DTZ001  that is how it is kept
    assert instant.process_result_value(kept, sqlite.dialect()) == there.astimezone(UTC)
    assert instant.process_bind_param(None, sqlite.dialect()) is None
    assert instant.process_result_value(None, sqlite.dialect()) is None
    with pytest.raises(ValueError, match="needs a zone"):
        instant.process_bind_param(kept, sqlite.dialect())


def test_holds_of_before_revision_nine_are_of_writes_and_a_rollback_lets_only_paused_loops_go(where: Path | str) -> None:
    """A halt must outlast an upgrade and a rollback; the version before knows no pause of loops, and halts through the new schema."""
    at = datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)
    store = Store.open(where)
    for name, what in (("prj_1", "writes"), ("prj_1", "optimization"), ("*", "loops")):
        store.halts.hold(Halt(project_id=name, what=what, at=at, principal="key_1", by="person"))
    store.close()
    engine = open_engine(where, TABLES, versions=VERSIONS, head=HEAD)
    with writing(engine) as connection:
        _taken_back(connection, "0008")
    with reading(engine) as connection:
        before = [tuple(row) for row in connection.exec_driver_sql("SELECT project_id, principal, by FROM halts")]
    engine.dispose()

    store = Store.open(where)
    with writing(store._engine) as connection:
        row = "('prj_2', '2026-04-18 17:22:14.000000', 'key_2', 'agent')"
        connection.exec_driver_sql(f"INSERT INTO halts (project_id, at, principal, by) VALUES {row}")
    after = store.halts.all()
    store.close()

    assert before == [("prj_1", "key_1", "person")]
    assert sorted((one.project_id, one.what, one.at) for one in after) == [("prj_1", "writes", at), ("prj_2", "writes", at)]
