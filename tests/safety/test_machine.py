"""The gate against a model of it in plain Python, through anything that may happen to it, in any order."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from layers_mcp.clock import HandClock
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest, fingerprint, new_handle
from layers_mcp.gate.verdict import Go, Refused, Replay
from layers_mcp.store.rows import Confirmation
from layers_mcp.store.store import Store

TEN, DAY = timedelta(minutes=10), timedelta(hours=24)
PRINCIPALS, TOOLS = ("key_1", "key_2"), ("approve_content", "schedule_content")
DIGESTS = (digest("one"), digest("two"))
_ACTS = st.tuples(st.sampled_from(TOOLS), st.sampled_from(DIGESTS), st.sampled_from(DIGESTS))
_STEPS = [timedelta(seconds=1), timedelta(minutes=3), TEN - timedelta(microseconds=1), TEN, timedelta(hours=13), DAY]


@dataclass
class Known:
    """What the model knows of one handle."""

    principal: str
    tool: str
    arguments: str
    shown: str
    minted: datetime
    expires: datetime
    answer: bool | None = None
    asked: list[str] = field(default_factory=list)
    key: str | None = None
    spent: datetime | None = None
    ended: tuple[datetime, Any, bool] | None = None
    acts: int = 0

    @property
    def operation(self) -> tuple[str, str, str]:
        """What makes an act the same as another."""
        return self.principal, self.tool, self.arguments


class GateMachine(RuleBasedStateMachine):
    """Two principals, two tools, two arguments and two sights of each; previews, answers, acts, ends, time, and restarts."""

    handles: Bundle[str] = Bundle("handles")

    @initialize()
    def begin(self) -> None:
        """An empty store."""
        self.folder = Path(tempfile.mkdtemp())
        self.clock = HandClock(datetime(2026, 4, 18, tzinfo=UTC))
        self.store = Store.open(self.folder / "layers.db", clock=self.clock)
        self.known: dict[str, Known] = {}
        self.going: dict[str, Go] = {}

    def teardown(self) -> None:
        """Away with it."""
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def gate(self, principal: str) -> Gate:
        """The gate as a principal's call meets it."""
        return Gate(lambda: self.store, self.clock, principal)

    def expected(  # noqa: PLR0911  the model is a list of reasons
        self, known: Known | None, principal: str, act: tuple[str, str, str], *, person: bool | None = None
    ) -> Any:
        """What the gate should make of a handle: why it is refused, what it did, or None where it acts."""
        now = self.clock.now()
        if known is None or known.principal != principal:
            return "unknown"
        if (known.tool, known.arguments) != act[:2]:
            return "other_arguments"
        if known.ended is not None:
            at, outcome, failed = known.ended
            return Replay(outcome, failed=failed) if now < at + TEN else "used"
        if known.spent is not None:
            return "acting"
        if known.answer is False:
            return "declined"
        if now >= (min(known.expires, known.minted + TEN) if person is False else known.expires):
            return "expired"
        if known.shown != act[2]:
            return "changed"
        return "unanswered" if person and known.answer is not True else None

    @rule(target=handles, principal=st.sampled_from(PRINCIPALS), act=_ACTS, life=st.sampled_from([TEN, DAY]))
    def preview(self, principal: str, act: tuple[str, str, str], life: timedelta) -> str:
        """Something is shown."""
        minted = self.gate(principal).preview(act[0], arguments=act[1], shown=act[2], life=life)
        now = self.clock.now()
        assert minted.expires_at == now + life
        assert minted.handle not in self.known
        self.known[minted.handle] = Known(principal, *act, minted=now, expires=now + life)
        return minted.handle

    @rule(target=handles)
    def guess(self) -> str:
        """Somebody makes a handle up."""
        return new_handle()

    @rule(handle=handles, principal=st.sampled_from(PRINCIPALS), act=_ACTS)
    def check(self, handle: str, principal: str, act: tuple[str, str, str]) -> None:
        """To look at what a handle is worth spends nothing."""
        known = self.known.get(handle)
        found = self.gate(principal).check(handle, act[0], arguments=act[1], shown=act[2])
        wanted = self.expected(known, principal, act)
        if wanted is None:
            assert isinstance(found, Confirmation)
        else:
            assert found == (wanted if isinstance(wanted, Replay) else Refused(wanted))

    @rule(handle=handles)
    def ask(self, handle: str) -> None:
        """The person is asked; only the answer to the last question counts."""
        known, row = self.known.get(handle), self.store.confirmations.find(fingerprint(handle) or "")
        if known is not None and row is not None:
            token = self.gate(known.principal).ask(row)
            if known.answer is None and known.spent is None:
                known.asked.append(token)

    @rule(handle=handles, yes=st.booleans(), which=st.sampled_from(["last", "first", "guess", "handle"]))
    def hear(self, handle: str, yes: bool, which: str) -> None:  # noqa: FBT001  hypothesis gives it by name
        """A client says what the person said, to this question or another."""
        known, row = self.known.get(handle), self.store.confirmations.find(fingerprint(handle) or "")
        if known is None or row is None:
            return
        tokens = {"last": known.asked[-1:], "first": known.asked[:1], "guess": [new_handle()], "handle": [handle]}[which]
        token = tokens[0] if tokens else "no token"
        counts = known.answer is None and known.spent is None and known.asked[-1:] == [token] and self.clock.now() < known.expires
        assert self.gate(known.principal).hear(row, token, yes=yes) is counts
        if counts:
            known.answer = yes

    @rule(handle=handles, yes=st.booleans())
    def answer_outside(self, handle: str, yes: bool) -> None:  # noqa: FBT001  hypothesis gives it by name
        """A person answers with the command."""
        known = self.known.get(handle)
        counts = known is not None and known.answer is None and known.spent is None and self.clock.now() < known.expires
        said = self.store.confirmations.answer(fingerprint(handle) or "", yes=yes, how="command", now=self.clock.now())
        assert said is counts
        if counts:
            known.answer = yes

    @rule(handle=handles, principal=st.sampled_from(PRINCIPALS), act=_ACTS, person=st.booleans())
    def judge_anything(self, handle: str, principal: str, act: tuple[str, str, str], person: bool) -> None:  # noqa: FBT001
        """Any call comes with any handle."""
        self._judge(handle, principal, act, person=person)

    @rule(handle=handles, person=st.booleans())
    def judge_its_own(self, handle: str, person: bool) -> None:  # noqa: FBT001  hypothesis gives it by name
        """The call that was shown comes with its handle."""
        known = self.known.get(handle)
        if known is not None:
            self._judge(handle, known.principal, (known.tool, known.arguments, known.shown), person=person)

    def _judge(self, handle: str, principal: str, act: tuple[str, str, str], *, person: bool) -> None:
        known, now = self.known.get(handle), self.clock.now()
        wanted = self.expected(known, principal, act, person=person)
        open_ = [one for one in self.known.values() if one.spent and not one.ended and self._first(one.key) > now - DAY]
        verdict = self.gate(principal).judge(handle, act[0], arguments=act[1], shown=act[2], by="person" if person else "agent")
        if wanted is not None:
            assert verdict == (wanted if isinstance(wanted, Replay) else Refused(wanted))
            return
        assert isinstance(verdict, Go)
        assert known is not None
        continued = {one.key for one in open_ if one.operation == known.operation}
        assert not continued or verdict.row.key in continued, "an act whose end is not known is continued"
        assert verdict.continued is bool(continued), "what goes on with an act is told so"
        assert continued or verdict.row.key not in {one.key for one in self.known.values()}, "a new act has a key of its own"
        known.acts, known.spent, known.key = known.acts + 1, now, verdict.row.key
        self.going[handle] = verdict

    def _first(self, key: str | None) -> datetime:
        """When a key first went out: Layers knows it for a day from then on."""
        return min(one.spent for one in self.known.values() if one.key == key and one.spent)

    @rule(handle=handles, failed=st.booleans(), outcome=st.sampled_from(["done", {"status": "done"}, None]))
    def finish(self, handle: str, failed: bool, outcome: Any) -> None:  # noqa: FBT001  hypothesis gives it by name
        """An act ends, and with it those that it continued."""
        if (go := self.going.pop(handle, None)) is not None:
            self.gate(go.row.principal).finish(go, outcome, failed=failed)
            self._over(handle, outcome, failed=failed)

    @rule(handle=handles)
    def leave(self, handle: str) -> None:
        """Nobody knows how an act ended: it stays open, and a later yes to the same goes on with it."""
        self.going.pop(handle, None)

    def _over(self, handle: str, outcome: Any, *, failed: bool) -> None:
        key = self.known[handle].key
        for one in self.known.values():
            if one.key == key and one.spent and not one.ended:
                one.ended = (self.clock.now(), outcome, failed)

    @rule(handle=handles, principal=st.sampled_from(PRINCIPALS), act=_ACTS)
    def recall(self, handle: str, principal: str, act: tuple[str, str, str]) -> None:
        """What a handle did is given back for ten minutes, for the same call, and the same each time."""
        known = self.known.get(handle)
        wanted = self.expected(known, principal, (*act[:2], known.shown if known else ""))
        told = self.gate(principal).recall(handle, act[0], arguments=act[1])
        assert told == (wanted if isinstance(wanted, Replay) else None)

    @rule(step=st.sampled_from(_STEPS))
    def pass_time(self, step: timedelta) -> None:
        """Time passes."""
        self.clock.advance(step)

    @rule()
    def restart(self) -> None:
        """The process ends, and whatever was under way with it; what is too old is forgotten."""
        self.going.clear()
        self.store.close()
        self.store = Store.open(self.folder / "layers.db", clock=self.clock)
        week = self.clock.now() - timedelta(days=7)
        for handle in [handle for handle, one in self.known.items() if one.expires < week]:
            del self.known[handle]

    @invariant()
    def at_most_one_act_each(self) -> None:
        """No handle acts twice, none that was turned down acts, and none after its time."""
        for one in getattr(self, "known", {}).values():
            assert one.acts <= 1
            assert one.acts == 0 or (one.answer is not False and one.minted <= one.spent < one.expires)


TestTheGate = GateMachine.TestCase
TestTheGate.settings = settings(
    max_examples=min(25, settings().max_examples),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.long
class TestTheGateForLong(GateMachine.TestCase):
    """The same, for longer."""

    settings = settings(max_examples=1500, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck))
