"""Tables as revisions make them: columns by type, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

__all__ = ["Made"]

_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.String(),
    "int": sa.Integer(),
    "big": sa.BigInteger(),
    "float": sa.Float(),
    "bool": sa.Boolean(),
    "json": sa.JSON(none_as_null=True),
}


class Made(NamedTuple):
    """One table. `columns`: names by type, `?` after those that may be empty; `refs`: whose id a column holds; `key`: its primary key."""

    name: str
    columns: Mapping[str, str]
    refs: Mapping[str, str] = {}
    unique: Sequence[str] = ()
    indexes: str = ""
    key: str = "seq"

    def make(self) -> None:
        """Make it, with its indexes."""
        columns = [
            sa.Column(column.rstrip("?"), _TYPES[kind], nullable=column.endswith("?"))
            for kind, names in self.columns.items()
            for column in names.split()
        ]
        op.create_table(
            self.name,
            *columns,
            sa.PrimaryKeyConstraint(*self.key.split(), name=f"pk_{self.name}"),
            *(sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_{self.name}_{column}") for column, table in self.refs.items()),
            *(sa.UniqueConstraint(*names.split(), name=f"uq_{self.name}_{names.replace(' ', '_')}") for names in self.unique),
        )
        for name in self.indexes.split():
            op.create_index(f"ix_{self.name}_{name}", self.name, [name])
