"""Where a fact stands, and what is read there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

__all__ = ["Place", "docs", "number", "text"]


class Place(NamedTuple):
    """Where a fact stands: the route that answers it, the id of the record there, where in the record, and of which run."""

    source: str
    record: str | None = None
    field: str | None = None
    run: str | None = None

    def inside(self, name: str) -> Place:
        """The place of a part of what stands here."""
        return self._replace(field=name if self.field is None else f"{self.field}.{name}")


def docs(page: str) -> Place:
    """A page of the Layers docs: a rule, not a record."""
    return Place(f"Layers docs: {page}")


def number(values: Mapping[str, JsonValue], name: str) -> float | None:
    """A number of a record, None when it is missing or none."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text(values: Mapping[str, JsonValue], name: str) -> str | None:
    """A text of a record, None when it is missing or none."""
    value = values.get(name)
    return value if isinstance(value, str) else None
