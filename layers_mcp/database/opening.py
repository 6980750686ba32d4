"""Opening a database: WAL and immediate write transactions on SQLite, a schema made in one step, migrated when behind.

Store and sandbox are strangers to each other and keep separate files; what they share of keeping state stands here.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import OperationalError
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from layers_mcp.unopened import Unopened

if TYPE_CHECKING:
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["hurried", "lock", "open_engine", "reading", "writing"]

_READS = "reads"
_OURS, _OTHERS = 0o600, 0o077
_BUSY = "busy_ms"
_BUSY_MS, _HURRIED_MS = 30_000, 250
"""How long a writer waits for another process's transaction, in milliseconds; and one that would rather go without."""
_CONNECT_S = 10
"""How long a server has to answer; the driver's own patience is two minutes."""
_WHY = {
    "password authentication failed": "it does not let this user in by this password",
    "no password supplied": "it asks for a password, and the URL has none",
    "does not exist": "there is no database or no user of this name",
    "Connection refused": "nobody listens at its host and port",
    "resolve host": "its host name leads nowhere",
    "translate host name": "its host name leads nowhere",
    "timeout": f"nobody answers at its host and port within {_CONNECT_S} seconds",
    "SSL": "the two don't agree on an encrypted connection; see sslmode",
    "permission denied": "this user may not make tables there",
}
"""What a part of the server's or the driver's words means; the first counts. A connection that is refused comes without a code."""
_IDLE_MS = 10_000
"""After that a server ends the transaction of a process that says nothing more, and frees what it held."""


def _use_wal(connection: SqliteConnection) -> None:
    """Switch to WAL. The switch itself waits for nobody, so beside another process that makes the same new file it is tried again."""
    until_s = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except OperationalError:  # pragma: no cover  only beside another process, at the same instant
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred; ours is not
        _use_wal(connection)
        for pragma in ("synchronous=NORMAL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        reads = options.get(_READS, False)
        busy_ms = options.get(_BUSY, _BUSY_MS)
        if not reads and connection.info.get(_BUSY, _BUSY_MS) != busy_ms:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={busy_ms}")
            connection.info[_BUSY] = busy_ms
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _driven(where: URL) -> Engine:
    """A pool of connections to a server that lets nobody hold others up for long: neither who waits for a lock nor who is frozen."""
    options = f"-c lock_timeout={_BUSY_MS} -c idle_in_transaction_session_timeout={_IDLE_MS} -c timezone=UTC"
    url = where.set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": _CONNECT_S})

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        busy_ms = connection.get_execution_options().get(_BUSY)
        if busy_ms is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(busy_ms)}")

    return engine


@contextmanager
def _reaching(url: URL) -> Generator[None]:
    """Say why a server can't be used; its own words may repeat what stands in the URL."""
    try:
        yield
    except DBAPIError as problem:
        if url.get_backend_name() == "sqlite":
            raise
        words = str(problem.orig)
        why = next((why for part, why in _WHY.items() if part in words), type(problem.orig).__name__)
        raise Unopened(f"the database can't be used: {why}") from None


def lock(connection: Connection, name: str) -> None:
    """Let no other transaction that locks this name go on until this one ends; on SQLite it has the whole database already."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def _close_to_others(file: Path) -> None:
    """Make the file, and let only its owner read it and its journals, also in a folder that others may read."""
    file.touch(mode=_OURS)
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        place = file.with_name(name)
        with suppress(FileNotFoundError):  # a journal goes when the last process closes the file
            if place.stat().st_mode & _OTHERS:
                place.chmod(_OURS)


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that may write: on SQLite it holds the write lock from its start, so what it read stays true."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """A transaction that only reads, and waits for no writer."""
    with engine.connect().execution_options(**{_READS: True}) as connection, connection.begin():
        yield connection


def hurried(engine: Engine) -> Engine:
    """The same database for what may fail: its writers wait a quarter of a second for others, and then raise."""
    return engine.execution_options(**{_BUSY: _HURRIED_MS})


def open_engine(where: Path | URL | str, tables: MetaData, *, versions: Path, head: str) -> Engine:
    """The engine of a database whose schema is `tables` at revision `head`.

    `where`: a file, or the URL of a SQLite or Postgres database; a file, and a folder that is made for it, is closed to all but its
    owner. A new database is made and stamped in one transaction; one that is behind is brought up by the alembic revisions in
    `versions`. alembic is imported only then.

    Raises:
        Unopened: the server can't be reached, or lets us do nothing there.
    """
    if isinstance(where, Path):
        where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _close_to_others(where)
        where = URL.create("sqlite", database=str(where))
    url = make_url(where)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True)
        _prepare_sqlite(engine)
    else:
        engine = _driven(url)
    with _reaching(url), writing(engine) as connection:
        lock(connection, "alembic_version")
        if not inspect(connection).has_table("alembic_version"):
            tables.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})
        elif connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != head:
            from layers_mcp.database.migrating import bring_up  # noqa: PLC0415  alembic is heavy and seldom needed

            bring_up(connection, tables, versions=versions, head=head)
    return engine
