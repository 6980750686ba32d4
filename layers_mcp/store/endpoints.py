"""Our webhook endpoints in the database, with the secrets that deliveries are checked by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, delete, func, insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.store.inbox_tables import webhook_endpoints
from layers_mcp.store.told import Known

__all__ = ["Endpoints"]

_TO_THE = timedelta(seconds=5)
"""How exactly it is kept when an endpoint was heard of: not every event writes that row."""


def _row(known: Known) -> dict[str, Any]:
    shown = {name: getattr(known, name) for name in type(known).model_fields}
    return {name: given.get_secret_value() if isinstance(given, SecretStr) else given for name, given in shown.items()}


class Endpoints:
    """The endpoints of this store. `place`: the API they were made at, by its URL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, endpoint: Known) -> None:
        """Remember an endpoint, in place of what was known of it."""
        with writing(self._engine) as connection:
            connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id))
            connection.execute(insert(webhook_endpoints).values(_row(endpoint)))

    def at(self, place: str) -> tuple[Known, ...]:
        """Those that were made at an API, oldest first."""
        wanted = select(webhook_endpoints).where(webhook_endpoints.c.place == place).order_by(webhook_endpoints.c.made_at)
        with reading(self._engine) as connection:
            return tuple(Known.model_validate(dict(row)) for row in connection.execute(wanted).mappings())

    def rotate(self, endpoint_id: str, secret: SecretStr, *, until: datetime) -> bool:
        """Take a new secret; the one before it is good until then. False when nobody knows the endpoint."""
        its = webhook_endpoints.c.id == endpoint_id
        new = {"previous_secret": webhook_endpoints.c.secret, "previous_until": until, "secret": secret.get_secret_value()}
        with writing(self._engine) as connection:
            return connection.execute(update(webhook_endpoints).where(its).values(new)).rowcount == 1

    def drop(self, endpoint_id: str) -> None:
        """Forget an endpoint with its secrets: what it is told is nobody's from now on."""
        with writing(self._engine) as connection:
            connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))

    def heard(self, endpoint: Known, now: datetime) -> None:
        """Note that a signed event came, unless one came just before."""
        if endpoint.heard_at is None or now - endpoint.heard_at > _TO_THE:
            with writing(self._engine) as connection:
                connection.execute(update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id).values(heard_at=now))

    def latest(self, place: str) -> datetime | None:
        """When any endpoint of an API last told us something, or was made; None when there is none."""
        heard = func.max(func.coalesce(webhook_endpoints.c.heard_at, webhook_endpoints.c.made_at))
        wanted = select(heard).where(webhook_endpoints.c.place == place)
        with reading(self._engine) as connection:
            return connection.execute(wanted).scalar()

    def heard_at(self, place: str) -> datetime | None:
        """When any endpoint of an API last told us something, to some seconds; None when none ever did."""
        wanted = select(func.max(webhook_endpoints.c.heard_at)).where(webhook_endpoints.c.place == place)
        with reading(self._engine) as connection:
            return connection.execute(wanted).scalar()
