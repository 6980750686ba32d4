"""Leaving nothing of what was deleted in a database's files: no free pages, no journal."""

from __future__ import annotations

import time

from sqlalchemy import Engine

__all__ = ["scrub"]

_PATIENCE_S = 30.0
"""How long the journal is waited for while others read; ours, as long as a writer waits."""


def scrub(engine: Engine) -> bool:
    """Write a SQLite file anew without its free pages and empty its journal, also while other processes have it open.

    False when others read in it all the time, so that the journal may hold old pages yet. Elsewhere nothing is to be done.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        assert connection is not None, "a connection that was just made is open"
        connection.execute("VACUUM")
        until_s = time.monotonic() + _PATIENCE_S
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # pragma: no cover  only beside a reader that never ends
            if time.monotonic() > until_s:
                return False
            time.sleep(0.05)
        return True
    finally:
        raw.close()
