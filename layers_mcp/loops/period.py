"""A span of time with the zone whose days it is told in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Period"]


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `since` on, up to but without `until`, in the zone where its days begin."""

    since: datetime
    until: datetime
    zone: ZoneInfo

    def day(self, moment: datetime) -> str:
        """The day of `moment` in this zone."""
        return moment.astimezone(self.zone).date().isoformat()

    def whole_days(self, days: int) -> Period:
        """The same end, with a beginning so many midnights of this zone before the last day of it."""
        first = self.until.astimezone(self.zone).date() - timedelta(days=days)
        return replace(self, since=self._midnight(first))

    def cuts(self, day: str) -> bool:
        """Whether a day of this zone, as `day` writes it, lies only in part within the period."""
        known = date.fromisoformat(day)
        return self._midnight(known) < self.since or self._midnight(known + timedelta(days=1)) > self.until

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(ZoneInfo("UTC"))

    def words(self) -> str:
        """The period for a reader, in its zone with offsets, so that a clock change shows."""
        ends = [moment.astimezone(self.zone).isoformat(timespec="minutes") for moment in (self.since, self.until)]
        return f"{ends[0]} to {ends[1]} ({self.zone.key})"
