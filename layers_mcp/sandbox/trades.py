"""Every kind of real work that this sandbox does."""

from __future__ import annotations

from typing import Any

from layers_mcp.sandbox import ingest, listings, pictures
from layers_mcp.sandbox.trade import Trade

__all__ = ["TRADES"]

TRADES: dict[str, Trade[Any, Any]] = {trade.name: trade for trade in (ingest.TRADE, pictures.TRADE, listings.TRADE)}
"""By name, as the work's row keeps it."""
