"""A database is made in one step, migrated when behind, and shared by processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import open_engine, reading, writing

TABLES = MetaData()
BEANS = Table("beans", TABLES, Column("id", Integer, primary_key=True), Column("name", String, nullable=False), Column("origin", String))
FIRST = '''"""First."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("beans", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String, nullable=False))
'''
SECOND = '''"""Second."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    op.add_column("beans", sa.Column("origin", sa.String))
'''


def _two_with_one_id(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(BEANS.insert().values(id=1, name="kept?"))
        connection.execute(BEANS.insert().values(id=1, name="never"))


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Two revisions."""
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text(FIRST)
    (folder / "0002_second.py").write_text(SECOND)
    return folder


def test_a_new_file_is_made_and_stamped_in_one_step(tmp_path, versions):
    """Design §8: new files are made in one step and stamped; nobody else may read them."""
    engine = open_engine(tmp_path / "made" / "a.db", TABLES, versions=versions, head="0002")

    with reading(engine) as connection:
        stamp = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        journal = connection.execute(text("PRAGMA journal_mode")).scalar()
    engine.dispose()
    assert (stamp, journal) == ("0002", "wal")
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_an_older_file_is_brought_up_with_what_it_holds(tmp_path, versions):
    """Design §8: alembic runs only when the stamp is behind."""
    file = tmp_path / "a.db"
    old = create_engine(f"sqlite:///{file}")
    with old.begin() as connection:
        connection.execute(text("CREATE TABLE beans (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"))
        connection.execute(text("INSERT INTO beans VALUES (1, 'Yirgacheffe')"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
    old.dispose()

    engine = open_engine(file, TABLES, versions=versions, head="0002")

    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(BEANS.select())]
    columns = {column["name"] for column in inspect(engine).get_columns("beans")}
    engine.dispose()
    assert rows == [(1, "Yirgacheffe", None)]
    assert "origin" in columns


def test_a_file_of_a_newer_version_is_refused(tmp_path, versions):
    """It is not ours to understand; nothing is touched."""
    file = tmp_path / "a.db"
    open_engine(file, TABLES, versions=versions, head="0009").dispose()

    with pytest.raises(CommandError):
        open_engine(file, TABLES, versions=versions, head="0002")


def test_writers_wait_for_each_other_and_lose_nothing(tmp_path, versions):
    """BEGIN IMMEDIATE: what a writer read stays true until it commits."""
    engine = open_engine(tmp_path / "a.db", TABLES, versions=versions, head="0002")
    with writing(engine) as connection:
        connection.execute(BEANS.insert().values(id=1, name="0"))

    def count(_: int) -> None:
        with writing(engine) as connection:
            seen = int(connection.execute(text("SELECT name FROM beans")).scalar())
            connection.execute(BEANS.update().values(name=str(seen + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(80)))
    with reading(engine) as connection:
        total = connection.execute(text("SELECT name FROM beans")).scalar()
    engine.dispose()
    assert total == "80"


def test_a_failed_transaction_leaves_nothing(tmp_path, versions):
    """All or nothing."""
    engine = open_engine(tmp_path / "a.db", TABLES, versions=versions, head="0002")

    with pytest.raises(IntegrityError):
        _two_with_one_id(engine)

    with reading(engine) as connection:
        rows = connection.execute(BEANS.select()).all()
    engine.dispose()
    assert rows == []


def test_what_a_statement_carried_is_not_in_its_error(tmp_path, versions):
    """house-style 27: what callers sent and what is secret stays out of errors, and so out of logs."""
    engine = open_engine(tmp_path / "a.db", TABLES, versions=versions, head="0002")

    with pytest.raises(IntegrityError) as caught:
        _two_with_one_id(engine)

    engine.dispose()
    assert "never" not in str(caught.value)


@pytest.mark.parametrize("existing", [False, True])
def test_nobody_else_may_read_a_file_of_ours_wherever_it_lies(tmp_path, versions, existing):
    """Design §8: the state holds tokens and content; a folder that others may read does not open it."""
    file = tmp_path / "a.db"
    tmp_path.chmod(0o755)
    if existing:
        open_engine(file, TABLES, versions=versions, head="0002").dispose()
        file.chmod(0o644)

    engine = open_engine(file, TABLES, versions=versions, head="0002")
    with writing(engine) as connection:
        connection.execute(BEANS.insert().values(id=1, name="kept"))
        modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.glob("a.db*")}

    engine.dispose()
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


def test_what_a_killed_process_left_beside_a_file_is_closed_too(tmp_path, versions):
    """A journal holds what the file holds."""
    file = tmp_path / "a.db"
    first = open_engine(file, TABLES, versions=versions, head="0002")
    with writing(first) as connection:
        connection.execute(BEANS.insert().values(id=1, name="kept"))
    for name in ("a.db", "a.db-wal", "a.db-shm"):
        (tmp_path / name).chmod(0o644)

    second = open_engine(file, TABLES, versions=versions, head="0002")
    modes = {one.stat().st_mode & 0o777 for one in tmp_path.glob("a.db*")}

    first.dispose()
    second.dispose()
    assert modes == {0o600}
