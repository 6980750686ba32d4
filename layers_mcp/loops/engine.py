"""The engine under the loops: DBOS, which keeps every step of a run and takes it up again. Nobody else here imports it.

A run is one workflow. Where it lies down the workflow ends, having kept nothing of the step it lies at; to wake it, the engine rewinds it
to that step under the same id. So who sleeps costs a row, and the log of steps is the engine's own.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url

from layers_mcp.database.scrubbing import scrub
from layers_mcp.loops.kept import requests_in
from layers_mcp.loops.run import Step

if TYPE_CHECKING:
    from sqlite3 import Connection as SqliteConnection

    from dbos import DBOS, DBOSClient
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["CodeChanged", "Engine", "Take", "Unknown"]

Take = Callable[[str, str, str], Awaitable[str]]
"""Takes a turn of a run, by its id, the name of its loop and what it was given; gives back the state it is left in."""
_QUEUE: Final = "loops"
_TAKES_ON: Final = f"queue-worker-{_QUEUE}"
"""What the engine calls the thread that takes runs of the queue on (dbos 3.4, `_queue.py`)."""
_LAST_S: Final = 5.0
"""How long that may take over what it has begun to take on."""
_NAME: Final = "layers-mcp"
_WORKFLOW: Final = "turn"
_VERSION: Final = "1"
"""Of what the engine keeps of a run, not of the code: with a version of the code's own, each release would leave all runs behind."""
_PAST_THE_END: Final = 2**31 - 1
"""A step that no run has: to rewind to it drops nothing."""
_AT_ONCE, _THREADS, _POOL = 32, 24, 20
_SHORT: Final = 300
_IDLE_MS: Final = 10_000
"""After that a server ends the transaction of a process that says nothing more, so that a frozen one holds no run."""
_ACTIVE: Final = ("ENQUEUED", "PENDING", "DELAYED")
_DROPPED: Final = "Asyncio task cancelled"


class CodeChanged(Exception):
    """What is on record of a run is not what its loop does now."""


class Unknown(Exception):
    """There is no record of a run."""


class _Said(logging.Handler):
    """The engine's own log, in ours: what it says, without traces and values."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line; that what was in hand is dropped, is what `leave` is for."""
        if record.msg.startswith(_DROPPED):
            return
        structlog.get_logger().warning("engine", said=record.getMessage()[:_SHORT])


def _quieten() -> None:
    """Let the engine obey nothing of the environment but us, and speak through our log only."""
    for name in [name for name in os.environ if name.startswith("DBOS_")]:
        del os.environ[name]
    log = logging.getLogger("dbos")
    if not any(isinstance(one, _Said) for one in log.handlers):
        log.handlers, log.propagate = [_Said()], False


def _sql_engine(where: Path | str) -> SqlEngine:
    """A pool of its own: WAL and immediate transactions on SQLite, which the engine's own default is not."""
    if not isinstance(where, Path) and not make_url(where).drivername.startswith("sqlite"):
        options = {"options": f"-c idle_in_transaction_session_timeout={_IDLE_MS}"}
        return create_engine(
            _driven(where), hide_parameters=True, pool_size=_POOL, max_overflow=0, pool_pre_ping=True, connect_args=options
        )
    url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else make_url(where)
    if url.database:
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    engine = create_engine(url, hide_parameters=True, pool_size=_POOL, max_overflow=_THREADS)

    @event.listens_for(engine, "connect")
    def _connect(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _driven(where: str) -> URL:
    return make_url(where).set(drivername="postgresql+psycopg")


def _at(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _short(output: object) -> str:
    """What came out of a step, in short."""
    kept: dict[str, Any] = json.loads(output) if isinstance(output, str) else {}
    problem = kept.get("problem")
    if problem is not None:
        return f"{problem['code']}: {problem['message']}"[:_SHORT]
    return str(kept["woke"]) if "woke" in kept else json.dumps(kept.get("came"), ensure_ascii=False)[:_SHORT]


class Engine:
    """One database of the engine's: beside the store's file on SQLite, a schema of its own on Postgres."""

    def __init__(self, where: Path | str, *, poll_s: float = 0.25) -> None:
        """Open or make it. `where`: a file or a database URL; `poll_s`: how often a worker looks for runs to take on."""
        _quieten()
        from dbos import DBOS, DBOSClient  # noqa: PLC0415  half a second, and shut until a loop is needed
        from dbos import DBOSPortableJSONSerializer as Json  # noqa: PLC0415

        self._poll_s = poll_s
        self._working: DBOS | None = None
        self._sql = _sql_engine(where)
        with self._sql.connect():
            pass
        DBOS.migrate(self._sql.url.render_as_string(hide_password=False))
        self._client: DBOSClient = DBOSClient(system_database_engine=self._sql, serializer=Json(), application_name=_NAME)

    def enqueue(self, run_id: str, loop: str, given: str) -> None:
        """Have a run taken on by some worker; nothing when it is known already."""
        self._client.enqueue(
            {"workflow_name": _WORKFLOW, "queue_name": _QUEUE, "workflow_id": run_id, "app_version": _VERSION}, loop, given
        )

    def wake(self, run_id: str, *, again: int = 0) -> bool:
        """Have a run that lies go on after all that is on record, or do step `again` and what follows it once more.

        False when its last turn has not quite ended.

        Raises:
            Unknown: there is no record of it.
        """
        from dbos import error  # noqa: PLC0415  as above

        try:
            self._client.rewind_workflow(run_id, start_step=again or _PAST_THE_END, application_version=_VERSION, queue_name=_QUEUE)
        except error.DBOSNonExistentWorkflowError:
            raise Unknown from None
        except error.DBOSException:
            found = self._client.list_workflows(workflow_ids=[run_id], load_input=False, load_output=False)
            return any(one.status == "ENQUEUED" for one in found)
        return True

    def active(self, ids: Sequence[str]) -> set[str]:
        """Which of these runs are in the queue or on some worker, dead or alive."""
        found = self._client.list_workflows(workflow_ids=list(ids), load_input=False, load_output=False) if ids else ()
        return {one.workflow_id for one in found if one.status in _ACTIVE}

    def on(self, run_id: str) -> str | None:
        """The worker that is on a run, dead or alive."""
        found = self._client.list_workflows(workflow_ids=[run_id], status="PENDING", load_input=False, load_output=False)
        return found[0].executor_id if found else None

    def cancel(self, run_id: str) -> None:
        """Let a run go no further than the step it is in."""
        self._client.cancel_workflow(run_id)

    def hand_over(self, alive: Callable[[], Collection[str]]) -> int:
        """Give what workers that are not alive were on to those that are; they can keep no step any more. How many there were.

        `alive` is asked after what is on hand was read: who took a run on since then had a seat before.
        """
        found = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        there = alive() if found else ()
        ids = [one.workflow_id for one in found if one.executor_id not in there]
        if ids:
            self._client.resume_workflows(ids, queue_name=_QUEUE)
        return len(ids)

    def recorded(self, run_id: str) -> int:
        """How many steps of a run are on record."""
        return len(self._client.list_workflow_steps(run_id, load_output=False))

    def steps(self, run_id: str) -> Sequence[Step]:
        """The steps on record, in order."""
        return [
            Step(
                one["function_name"],
                _at(one["started_at_epoch_ms"]),
                _at(one["completed_at_epoch_ms"]),
                _short(one["output"]),
                requests_in(one["output"]),
            )
            for one in self._client.list_workflow_steps(run_id)
        ]

    def forget(self, ids: Sequence[str]) -> None:
        """Forget runs and all their steps."""
        self._client.delete_workflows(list(ids))

    def scrub(self) -> bool:
        """Leave nothing of what was forgotten in the file; False when others read in it all the time."""
        return scrub(self._sql)

    def work(self, worker_id: str, take: Take) -> None:
        """Take runs on, on threads and an event loop of the engine's own, until `leave`. One at a time in a process."""
        from dbos import DBOS  # noqa: PLC0415  as above
        from dbos import DBOSPortableJSONSerializer as Json  # noqa: PLC0415

        @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
        async def turn(loop: str, given: str) -> str:
            return await take(cast("str", DBOS.workflow_id), loop, given)

        self._working = DBOS(
            config={
                "name": _NAME,
                "system_database_engine": self._sql,
                "application_version": _VERSION,
                "executor_id": worker_id,
                "max_executor_threads": _THREADS,
                "use_listen_notify": False,
                "serializer": Json(),
                "log_level": "WARNING",
                "run_migrations": False,
            }
        )
        self._client.register_queue(_QUEUE, worker_concurrency=_AT_ONCE, polling_interval_sec=self._poll_s)
        DBOS.launch()
        del turn

    async def keep(self, name: str, body: Callable[[], Awaitable[str]]) -> str:
        """What a step gave: from the record, else what its body gives, which is on record then. Called inside a turn.

        Raises:
            CodeChanged: another step is on record in its place.
        """
        from dbos import DBOS, error  # noqa: PLC0415  as above

        async def kept() -> str:
            return await body()

        try:
            return await DBOS.run_step_async({"name": name}, kept)
        except error.DBOSUnexpectedStepError:
            raise CodeChanged from None

    def leave(self) -> None:
        """Take no run on any more, and drop those in hand where they are; on record they are still this worker's."""
        from dbos import DBOS  # noqa: PLC0415  as above

        if self._working is not None:  # else what is taken on last would begin on an event loop that is shut already
            for stop in self._working.background_thread_stop_events:
                stop.set()
            for taking in [one for one in threading.enumerate() if one.name == _TAKES_ON]:
                taking.join(_LAST_S)
        self._working = None
        DBOS.destroy(destroy_registry=True)

    def close(self) -> None:
        """Close its connections."""
        self._client.destroy()
        self._sql.dispose()
