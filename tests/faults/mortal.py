"""The server, which is killed from inside: so many microseconds after its nth commit is asked for, within it or around it.

`python mortal.py COMMIT MICROSECONDS`; commit 0 never comes, and at the end the number of commits is said on stderr.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from layers_mcp.__main__ import main


class _Death:
    """Comes at one commit."""

    def __init__(self, commit: int, after_us: int) -> None:
        self.commits, self._commit, self._after_us = 0, commit, after_us
        self._lock = threading.Lock()

    def _come(self) -> None:
        time.sleep(self._after_us / 1e6)
        os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, _connection: Connection) -> None:
        """Count a commit; at the one, let death come while it goes on."""
        with self._lock:
            self.commits += 1
            if self.commits == self._commit:
                threading.Thread(target=self._come, daemon=True).start()


if __name__ == "__main__":
    death = _Death(*(int(word) for word in sys.argv[1:]))
    event.listen(Engine, "commit", death)
    del sys.argv[1:]
    try:
        main()
    finally:
        sys.stderr.write(f"commits {death.commits}\n")
