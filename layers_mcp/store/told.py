"""What webhooks leave behind, as frozen models: our endpoints at Layers, and the events that they were told."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, SecretStr

__all__ = ["Known", "Overview", "Told"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Known(_Row):
    """One endpoint of ours. `place`: the API that it was made at, by its URL; `url`: where Layers delivers to.

    `previous_secret` is good until `previous_until`, while a secret is rotated; `heard_at`: when a signed event came, to the minute.
    """

    id: str
    place: str
    url: str
    made_at: datetime
    secret: SecretStr
    previous_secret: SecretStr | None = None
    previous_until: datetime | None = None
    heard_at: datetime | None = None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that are good now, the current one first."""
        old = self.previous_secret
        kept = old is not None and self.previous_until is not None and now < self.previous_until
        return (self.secret.get_secret_value(), *((old.get_secret_value(),) if old is not None and kept else ()))


class Told(_Row):
    """One event as it was stored, before anything was done about it.

    `body`: the delivery as it came, JSON; `replays`: the delivery that it repeats on request; `tries`: how often somebody took it to handle
    it; `trouble`: what went wrong the last time, by the name of its class.
    """

    id: str
    endpoint_id: str
    type: str
    received_at: datetime
    body: str
    project_id: str | None = None
    replays: str | None = None
    handled_at: datetime | None = None
    tries: int = 0
    trouble: str | None = None


class Overview(_Row):
    """How the inbox stands: events that wait to be handled, and those that were given up after too many tries."""

    waiting: int
    given_up: int
