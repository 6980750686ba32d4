"""The log: one JSON line to stderr for each call, and nothing a stranger or a secret could slip into."""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager

import structlog

from layers_mcp.server.caller import Caller

__all__ = ["bound", "configure"]


def configure(level: str) -> None:
    """Log from `level` (debug, info, warning, error) on, to stderr; tracebacks come without the values of variables."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def bound(caller: Caller | None) -> AbstractContextManager[None]:
    """While this lasts, each line says whose request it belongs to and which; over stdio there is only one client, and nothing to say."""
    said = {} if caller is None else {"principal": caller.principal, "http_request_id": caller.request_id}
    return structlog.contextvars.bound_contextvars(**{name: value for name, value in said.items() if value is not None})
