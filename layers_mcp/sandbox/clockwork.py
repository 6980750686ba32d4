"""The world's time, and scripts: what a long operation shows is a pure function of its script and the time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Literal, NamedTuple

from sqlalchemy import Connection, insert, select, update

from layers_mcp.contract import errors
from layers_mcp.contract.scalars import JobStatus
from layers_mcp.sandbox import tables

__all__ = [
    "LATEST", "Chance", "Script", "Seen", "Setting", "Stage", "make_clock", "now_ms", "set_clock", "setting", "whole_ms", "world_now",
]  # fmt: skip

_PERCENT = 100
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Where a world's time stops; ours: beyond the calendar nothing could be reckoned, and time never goes back."""
_SETTING = select(tables.world.c.epoch, tables.world.c.anchor, tables.world.c.speed)


def now_ms() -> int:
    """The wall's time in milliseconds since 1970, by which leases are held."""
    return time.time_ns() // 1_000_000


def whole_ms(moment: datetime) -> datetime:
    """`moment` without what the database does not keep."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Setting(NamedTuple):
    """How the world's time follows from the wall's: `epoch` at `anchor`, then `speed` times as fast, until 2200."""

    epoch: datetime
    anchor: datetime
    speed: float

    def at(self, wall_now: datetime) -> datetime:
        """The world's time when the wall shows `wall_now`; never before the epoch."""
        gone = max(wall_now - self.anchor, timedelta())
        if gone.total_seconds() * self.speed >= (LATEST - self.epoch).total_seconds():
            return LATEST
        return whole_ms(self.epoch + gone * self.speed)


def setting(connection: Connection) -> Setting:
    """The setting of this world."""
    row = connection.execute(_SETTING).one()
    return Setting(row.epoch, row.anchor, row.speed)


def world_now(connection: Connection, wall_now: datetime) -> datetime:
    """The world's time."""
    return setting(connection).at(wall_now)


def set_clock(connection: Connection, wall_now: datetime, *, at: datetime | None = None, speed: float | None = None) -> Setting:
    """Move the clock to `at` and let it run `speed` times as fast from here on; None keeps either.

    Raises:
        errors.Invalid: `at` lies in the world's past, or the speed is below 0: things that happened would not have.
    """
    was = setting(connection)
    now = was.at(wall_now)
    if at is not None and at < now:
        raise errors.Invalid(
            "the world's time does not go back", details={"issues": [{"path": "at", "message": "lies in the world's past"}]}
        )
    if at is not None and at > LATEST:
        raise errors.Invalid("the world's time ends in 2200", details={"issues": [{"path": "at", "message": "lies beyond 2200"}]})
    if speed is not None and speed < 0:
        raise errors.Invalid("time does not run backwards", details={"issues": [{"path": "speed", "message": "must be 0 or more"}]})
    new = Setting(whole_ms(at or now), whole_ms(wall_now), was.speed if speed is None else speed)
    connection.execute(update(tables.world).values(epoch=new.epoch, anchor=new.anchor, speed=new.speed))
    return new


class Chance(NamedTuple):
    """What the chance of a new world depends on, and whether quality outlasts its post there (`lasting`) or not (`null`)."""

    seed: str = "layers"
    audience: Literal["lasting", "null"] = "lasting"


def make_clock(connection: Connection, wall_now: datetime, chance: Chance, *, at: datetime | None, speed: float | None) -> None:
    """Start the time of a new world; a world that has one only moves forward, and only if it is told to. Its chance it keeps."""
    if connection.execute(select(tables.world.c.id)).first() is None:
        first = {"id": 1, "epoch": whole_ms(at or wall_now), "anchor": whole_ms(wall_now), "speed": 1.0 if speed is None else speed}
        first |= chance._asdict()
        connection.execute(insert(tables.world).values(first))
    elif at is not None or speed is not None:
        later = at if at is not None and at > world_now(connection, wall_now) else None
        set_clock(connection, wall_now, at=later, speed=speed)


class Stage(NamedTuple):
    """One stage of a script: its name and how long it lasts, in world seconds."""

    name: str
    lasts_s: float


class Seen(NamedTuple):
    """What a script shows at one instant; `progress` and `stage_progress` 0 to 1, the second within the stage."""

    status: JobStatus
    stage: str
    progress: float
    stage_progress: float
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Script:
    """The course of a long operation, fixed when it starts.

    `gate`: the stage that does not end before `opened_at`, the instant the real work was done (None: not yet); `push_gate` and
    `pushed_at`: the same for what can't be taken back.
    `fails_in`: the stage at whose end it fails. `canceled_at`: the instant a taken cancel works.
    """

    stages: Sequence[Stage]
    started_at: datetime
    gate: int | None = None
    opened_at: datetime | None = None
    push_gate: int | None = None
    pushed_at: datetime | None = None
    fails_in: int | None = None
    canceled_at: datetime | None = None

    def _planned_s(self, upto: int) -> float:
        return sum(stage.lasts_s for stage in self.stages[:upto])

    def _planned(self, stage: int) -> datetime:
        return self.started_at + timedelta(seconds=self._planned_s(stage + 1))

    def ends_at(self, stage: int) -> datetime | None:
        """When the stage with this index ends; None while the work it waits for is not done."""
        late = timedelta()
        for gate, opened_at in ((self.gate, self.opened_at), (self.push_gate, self.pushed_at)):
            if gate is None or stage < gate:
                continue
            if opened_at is None:
                return None
            late = max(late, opened_at - self._planned(gate))
        return whole_ms(self._planned(stage) + late)

    @property
    def finishes_at(self) -> datetime | None:
        """When it completes or fails by itself; None while the work it waits for is not done."""
        return self.ends_at(len(self.stages) - 1 if self.fails_in is None else self.fails_in)

    def _stage_at(self, now: datetime) -> int:
        over = sum(1 for index in range(len(self.stages)) if (end := self.ends_at(index)) is not None and end <= now)
        return min(over, len(self.stages) - 1)

    def _within(self, stage: int, now: datetime) -> float:
        before = self.ends_at(stage - 1) if stage else self.started_at
        lasts = timedelta(seconds=self.stages[stage].lasts_s)
        if before is None or lasts <= timedelta():
            return 1.0
        return min(max((now - before) / lasts, 0.0), 1.0)

    def stage_end(self, now: datetime) -> datetime:
        """The next stage boundary; `now` itself while a stage is held by work that is late."""
        stage = self._stage_at(now)
        return max(self.ends_at(stage) or whole_ms(self._planned(stage)), now)

    def at(self, now: datetime) -> Seen:
        """What it shows at `now`. Progress is a whole percent, so that a poll in between sees nothing new."""
        finish = self.finishes_at
        stopped = self.canceled_at if self.canceled_at is not None and (finish is None or self.canceled_at < finish) else None
        if stopped is not None and stopped <= now:
            was = self._running_at(stopped)
            return was._replace(status="canceled", finished_at=stopped)
        if finish is None or now < finish:
            return self._running_at(now)
        if self.fails_in is not None:
            was = self._running_at(finish - timedelta(milliseconds=1))
            return was._replace(status="failed", finished_at=finish)
        return Seen("completed", self.stages[-1].name, 1.0, 1.0, finish)

    def _running_at(self, now: datetime) -> Seen:
        stage = self._stage_at(now)
        within = self._within(stage, now)
        whole = self._planned_s(len(self.stages)) or 1.0
        gone = (self._planned_s(stage) + within * self.stages[stage].lasts_s) / whole
        return Seen("running", self.stages[stage].name, min(floor(gone * _PERCENT), _PERCENT - 1) / _PERCENT, within, None)
