"""Pictures of what ads cost and brought, and of how posts do, when the extra `charts` is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from math import nan
from typing import Any

from layers_mcp.contract.measurement import Measured, MetricsPoint
from layers_mcp.tool.spending import Row

__all__ = ["HAS_CHARTS", "draw", "draw_series", "measured"]

HAS_CHARTS = find_spec("matplotlib") is not None
_INCHES, _DPI = (8.0, 4.0), 100
_LABEL = 18
_MOST_CURVES, _CURVE_INCHES = 4, 1.6
_TICKS = 8
_FONT = "DejaVu Sans"
"""It comes with matplotlib; what it has no glyph for would be drawn as empty boxes."""


def _label(row: Row, font: Any) -> str:
    """The day, or the name where all of it can be drawn, or the id."""
    if row.day is not None:
        return f"{row.day} (part)" if row.partial else row.day
    name = "".join(letter for letter in row.name or "" if letter.isprintable())
    words = name if name and all(font.get_char_index(ord(letter)) for letter in name) else row.id or ""
    return (words if len(words) <= _LABEL else f"{words[: _LABEL - 1]}…").replace("$", r"\$")


def _height(amount: float | None, by: int = 1) -> float:
    return nan if amount is None else amount / by


def draw(rows: Sequence[Row], currency: str | None) -> bytes:
    """A PNG of 800 by 400 pixels, of rows of one currency: spend as bars; conversions as points, joined where the rows are days."""
    figure: Any = import_module("matplotlib.figure").Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    fonts: Any = import_module("matplotlib.font_manager")
    font = fonts.get_font(fonts.findfont(_FONT))
    places = range(len(rows))
    spend = figure.subplots()
    spend.bar(places, [_height(row.spend_cents, 100) for row in rows], color="#4c6ef5", label="spend")
    spend.set_ylabel(f"spend, {currency or 'currency unknown'}")
    spend.set_xticks(places, [_label(row, font) for row in rows], rotation=60, ha="right", fontsize=7, family=_FONT)
    conversions = spend.twinx()
    line = {"color": "#e8590c", "marker": "o", "markersize": 3, "linestyle": "-" if any(row.day for row in rows) else "none"}
    conversions.plot(places, [_height(row.conversions) for row in rows], label="conversions", **line)
    conversions.set_ylabel("conversions")
    conversions.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    made = BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()


def measured(points: Sequence[MetricsPoint]) -> tuple[str, ...]:
    """The metrics that a picture of these buckets shows: the first four, in the order of the contract, that are anywhere above 0."""
    names = (name for name in Measured.model_fields if any(getattr(point, name) for point in points))
    return tuple(names)[:_MOST_CURVES]


def draw_series(points: Sequence[MetricsPoint]) -> bytes:
    """A PNG, 800 pixels wide: a curve for each of the `measured` metrics, one below the other, each on a scale of its own from 0."""
    names = measured(points)
    size = (_INCHES[0], _CURVE_INCHES * len(names) + 0.6)
    figure: Any = import_module("matplotlib.figure").Figure(figsize=size, dpi=_DPI, layout="constrained")
    places, step = range(len(points)), max(1, -(-len(points) // _TICKS))
    for axes, name in zip(figure.subplots(len(names), sharex=True, squeeze=False)[:, 0], names, strict=True):
        axes.plot(places, [_height(getattr(point, name)) for point in points], color="#4c6ef5", marker="o", markersize=3)
        axes.set_title(name, fontsize=8, loc="left")
        axes.set_ylim(bottom=min(0, *(getattr(point, name) or 0 for point in points)))
        axes.tick_params(labelsize=7)
        axes.set_xticks(places[::step], [f"{point.bucket_start:%m-%d %H:%M}".removesuffix(" 00:00") for point in points[::step]])
    made = BytesIO()
    figure.savefig(made, format="png")
    return made.getvalue()
