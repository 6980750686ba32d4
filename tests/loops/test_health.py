"""What is wrong, by the thresholds of judgement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from layers_mcp.contract.social import SocialAccount
from layers_mcp.loops.habit import Habit
from layers_mcp.loops.health import Facts, Ours, of_ours, of_project
from layers_mcp.loops.judgement import material
from layers_mcp.store.failed import Failed
from layers_mcp.store.pulses import Score
from layers_mcp.store.rounds import Late

NOW = datetime(2026, 4, 18, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _facts(**given) -> Facts:
    return Facts(**{"project_id": "prj_1", "customer": "quinn-1", "now": NOW, "since": NOW - 60 * DAY, **given})


def _account(name: str = "sa_1", status: str = "connected", days: float | None = None) -> SocialAccount:
    ends = None if days is None else NOW + days * DAY
    return SocialAccount(social_account_id=name, platform="tiktok", handle="@quinn", status=status, token_expires_at=ends)


def _codes(facts: Facts) -> list[str]:
    return [one.code for one in of_project(facts)]


def _failed(today: int, *days: int) -> tuple[datetime, ...]:
    before = [NOW - (place + 1) * DAY - HOUR for place, number in enumerate(days) for _ in range(number)]
    return (*(NOW - HOUR for _ in range(today)), *before)


def test_a_customer_who_does_well_has_no_alerts() -> None:
    """Nobody reads alerts that are always there."""
    assert of_project(_facts(accounts=(_account(days=30),), failures=_failed(1), habit=Habit(1, 20))) == ()


@pytest.mark.parametrize(
    ("failures", "alerts"),
    [
        (_failed(2), []),
        (_failed(3), ["FAILURES_SPIKE"]),
        (_failed(3, 1, 1, 1, 1, 1, 1, 1), ["FAILURES_SPIKE"]),
        (_failed(3, 2, 1, 1, 1, 1, 1, 1), []),
        (_failed(0, 9, 9, 9), []),
    ],
)
def test_a_days_failures_are_a_spike_from_three_and_three_times_as_many_as_usual(failures, alerts) -> None:
    """Seed 000, "Monitoring your agent": job failures per customer, per day; spikes."""
    assert _codes(_facts(failures=failures)) == alerts


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({"waiting": 3, "accounts": (_account(),)}, "review"),
        ({"waiting": 3, "accounts": (_account(status="reauth_required"), _account("sa_2", "disconnected"))}, "dead_account"),
        ({"waiting": 3}, "no_account"),
        ({"approved": 2, "accounts": (_account(),)}, "not_scheduled"),
        ({"accounts": (_account(),)}, "no_content"),
    ],
)
def test_no_post_in_fourteen_days_is_told_with_its_likeliest_cause(known, cause) -> None:
    """Seed 000, same place: "stuck in approval queue or disconnected social account"."""
    (alert, *_) = of_project(_facts(published=False, **known))

    assert (alert.code, alert.facts["cause"]) == ("NO_POSTS", cause)
    assert (alert.project_id, alert.customer) == ("prj_1", "quinn-1")


def test_a_customer_of_a_week_is_not_told_that_nothing_was_posted_in_two() -> None:
    """Ours: what could not have happened yet is no alert."""
    assert _codes(_facts(published=False, since=NOW - 13 * DAY)) == []


@pytest.mark.parametrize(("now", "alerts"), [(6.0, ["SCORE_FALLS"]), (6.1, []), (7.0, [])])
def test_an_average_score_that_falls_by_half_a_point_in_a_week_is_told(now, alerts) -> None:
    """Seed 000, same place: "Customers with dropping organic_score averages"; how much is ours."""
    before = [Score(day=(NOW - days * DAY).date(), average=6.5, creatives=4) for days in range(13, 6, -1)]
    week = [Score(day=(NOW - days * DAY).date(), average=now, creatives=4) for days in range(6, -1, -1)]

    assert _codes(_facts(scores=(*before, *week))) == alerts
    assert _codes(_facts(scores=tuple(week))) == []


def test_frequent_overrides_are_told() -> None:
    """Seed 000, same place: "Optimizer decisions being frequently overridden"."""
    assert _codes(_facts(habit=Habit(5, 20))) == ["OVERRIDDEN"]
    assert _codes(_facts(habit=Habit(4, 20))) == []


def test_tokens_that_end_soon_or_have_ended_are_told_with_their_accounts() -> None:
    """Issue 7: expiring tokens."""
    accounts = (_account("sa_1", days=6), _account("sa_2", days=8), _account("sa_3", "reauth_required"), _account("sa_4", "disconnected"))
    (alert,) = of_project(_facts(accounts=accounts))

    assert alert.code == "TOKENS_EXPIRE"
    assert alert.facts == {"socialAccountIds": ["sa_3", "sa_1"], "firstAt": "2026-04-24T12:00:00Z"}


def test_loops_that_are_late_runs_that_nobody_takes_on_and_webhooks_that_are_silent_are_told() -> None:
    """Issue 7: loops late, webhook silence."""
    quiet = of_ours(Ours(now=NOW, heard_at=NOW - 23 * HOUR))
    ill = of_ours(Ours(now=NOW, late=Late(3, NOW - 5 * HOUR), stuck=("p2l:x",), heard_at=NOW - 25 * HOUR))

    assert quiet == of_ours(Ours(now=NOW)) == ()
    assert [one.code for one in ill] == ["LOOPS_LATE", "RUNS_STUCK", "WEBHOOKS_SILENT"]
    assert ill[0].facts == {"late": 3, "since": "2026-04-18T07:00:00Z"}


def test_runs_that_failed_are_told_by_loop_and_code_with_one_of_them() -> None:
    """README: a failed onboarding goes on by nobody else's doing; of thousands that fail for one reason, one is enough to look at."""
    revoked = Failed("onboarding", "UNAUTHENTICATED", 1998, "onboard:1")
    (alert, other) = of_ours(Ours(now=NOW, failed=(revoked, Failed("optimization", "BAD_REPLY", 1, "opt:1"))))

    assert alert.facts == {"loop": "onboarding", "code": "UNAUTHENTICATED", "failed": 1998, "runId": "onboard:1"}
    assert (alert.code, alert.code) == ("RUNS_FAILED", other.code)
    assert alert.words.startswith("1,998 runs of onboarding failed with UNAUTHENTICATED, like onboard:1: ")


@pytest.mark.parametrize(
    ("action", "outcome", "matters"),
    [
        ("pause_ad", "dispatched", True), ("replace_creative", "approved", True), ("update_budget", None, True),
        ("update_bid", "dispatched", False), ("hold", "held", False), ("pause_ad", "rejected", False), ("pause_ad", "proposed", False),
        ("pause_ad", "denied", False), ("update_bid", "pending", True), ("update_targeting", "dispatch_failed", True), (None, None, False),
    ],
)  # fmt: skip
def test_what_stops_starts_or_pays_for_something_matters_once_it_is_done(action, outcome, matters) -> None:
    """Seed 000, loop 3: "surface material decisions"; what waits for a yes, or could not be done, is one."""
    assert material(action, outcome) is matters
