"""A picture of spend and conversions, when the extra `charts` is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from layers_mcp.tool.spending import Row

__all__ = ["HAS_CHARTS", "draw"]

HAS_CHARTS = find_spec("matplotlib") is not None
_INCHES, _DPI = (8.0, 4.0), 100
_MOST_BARS = 31
_LABEL = 18


def _label(row: Row) -> str:
    words = row.day or row.name or row.id or ""
    plain = "".join(letter for letter in words if letter.isprintable()).replace("$", r"\$")
    return plain if len(plain) <= _LABEL else f"{plain[: _LABEL - 1]}…"


def draw(rows: Sequence[Row], currency: str | None) -> bytes:
    """A PNG of 800 by 400 pixels: spend as bars, conversions as a line, for at most 31 rows of one currency."""
    figure: Any = import_module("matplotlib.figure").Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    shown = rows[:_MOST_BARS]
    places = range(len(shown))
    spend = figure.subplots()
    spend.bar(places, [(row.spend_cents or 0) / 100 for row in shown], color="#4c6ef5", label="spend")
    spend.set_ylabel(f"spend, {currency or 'currency unknown'}")
    spend.set_xticks(places, [_label(row) for row in shown], rotation=60, ha="right", fontsize=7)
    conversions = spend.twinx()
    conversions.plot(places, [row.conversions or 0 for row in shown], color="#e8590c", marker="o", markersize=3, label="conversions")
    conversions.set_ylabel("conversions")
    conversions.set_ylim(bottom=0)
    made = BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()
