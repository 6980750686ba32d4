"""What this process says of its own work to who watches over it: spans and measures by OpenTelemetry, without any content.

Names, ids, statuses and counts, never a caption, a key or a query. Only OpenTelemetry's API is known here, which does nothing until
somebody starts its SDK (`exporting`).
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.metrics import Histogram
from opentelemetry.trace import Span, SpanKind

__all__ = ["API", "TOOL", "Mark", "flush", "measured", "span"]

_NAME: Final = "layers_mcp"
_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
"""From an answer out of a cache to the longest wait of a tool."""
TOOL: Final = "layers_mcp.tool.duration"
"""Seconds of each call, by `tool` and `outcome`."""
API: Final = "layers_mcp.api.duration"
"""Seconds of each exchange with Layers, by `route` and `status`."""
_FLUSH_MS: Final = 2_000
Fact = str | int | float | bool


class Mark:
    """A span under way; what is said of it must be a name, an id, a status or a count."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._failed = False

    def say(self, **facts: Fact | None) -> None:
        """Add what has become known; None is not known. `tool` becomes `layers.tool`."""
        for name, fact in facts.items():
            if fact is not None:
                self._span.set_attribute(f"layers.{name}", fact)

    def failed(self, code: str) -> None:
        """Say with which code it failed, the first one; of the words of an error nothing is said, as anything may stand in them."""
        if self._failed:
            return
        self._failed = True
        self._span.set_attribute("error.type", code)
        self._span.set_status(trace.StatusCode.ERROR)


@contextmanager
def span(name: str, *, client: bool = False, **facts: Fact | None) -> Generator[Mark]:
    """A span around what is done meanwhile, below the one under way; an exception that passes is named by its class."""
    kind = SpanKind.CLIENT if client else SpanKind.INTERNAL
    tracer = trace.get_tracer(_NAME)
    with tracer.start_as_current_span(name, kind=kind, record_exception=False, set_status_on_exception=False) as made:
        mark = Mark(made)
        mark.say(**facts)
        try:
            yield mark
        except BaseException as problem:
            mark.failed(type(problem).__name__)
            raise


@cache
def _histogram(name: str) -> Histogram:
    return metrics.get_meter(_NAME).create_histogram(name, unit="s", explicit_bucket_boundaries_advisory=_BOUNDS_S)


@contextmanager
def measured(name: str, **labels: str) -> Generator[dict[str, str]]:
    """Measure how long it takes; labels that are known at the end only are put into what is given."""
    began, known = time.monotonic(), dict(labels)
    try:
        yield known
    finally:
        _histogram(name).record(time.monotonic() - began, known)


def flush() -> None:
    """Send what was not sent yet, within two seconds; nothing when nobody listens."""
    send = getattr(trace.get_tracer_provider(), "force_flush", None)
    if callable(send):
        send(_FLUSH_MS)
