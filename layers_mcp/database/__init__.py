"""How a room of ours keeps state: one SQLAlchemy engine, made or migrated on opening, with two kinds of transaction."""

from layers_mcp.database.opening import hurried, lock, open_engine, reading, writing

__all__ = ["hurried", "lock", "open_engine", "reading", "writing"]
