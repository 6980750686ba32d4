"""When exactly: no bare time, no time that is not there or there twice, and the corrected form beside each refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from layers_mcp.contract.errors import Invalid
from layers_mcp.tool.moment import again_after, clock_words, moment_of

NEW_YORK = ZoneInfo("America/New_York")
INSTANTS = some.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds


def refused(written: str) -> str:
    """What is said of it."""
    with pytest.raises(Invalid) as caught:
        moment_of("scheduledFor", written, local=NEW_YORK)
    (issue,) = caught.value.details["issues"]
    assert issue["path"] == "scheduledFor"
    return issue["message"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-04-18T22:00:00Z", "2026-04-18T22:00:00+00:00"),
        ("2026-04-18T15:00:00-07:00", "2026-04-18T22:00:00+00:00"),
        ("2026-04-18T15:00[America/Los_Angeles]", "2026-04-18T22:00:00+00:00"),
        ("2026-04-18T15:00-07:00[America/Los_Angeles]", "2026-04-18T22:00:00+00:00"),
        ("2026-11-01T01:30-05:00[America/New_York]", "2026-11-01T06:30:00+00:00"),
    ],
)
def test_an_offset_or_a_zone_names_one_moment(written, meant):
    """Issue 5: an offset or IANA zone is required."""
    assert moment_of("scheduledFor", written).astimezone(UTC).isoformat() == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-04-18T15:00:00", "write 2026-04-18T15:00:00-04:00 or 2026-04-18T15:00:00[America/New_York]"),
        ("2026-03-08T02:30[America/New_York]", "the clocks skip it; the time after the gap is 2026-03-08T03:30:00-04:00"),
        ("2026-11-01T01:30[America/New_York]", "write 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00"),
        ("2026-04-18T15:00[Mars/Olympus]", "names a zone that nobody knows"),
        ("2026-04-18T15:00-07:00[Europe/Berlin]", "has an offset that Europe/Berlin does not have then"),
        ("tomorrow at noon", "is no time"),
        ("2026-04-18T15:00[../etc]", "is no time"),
        ("2026-04-18T15:00[America]", "names a zone that nobody knows"),
        ("2026-04-18T15:00[Etc]", "names a zone that nobody knows"),
        ("2026-04-18T15:00[US]", "names a zone that nobody knows"),
        ("2026-04-18T15:00[/etc/passwd]", "names a zone that nobody knows"),
        ("0001-01-01T00:00:00+14:00", "its year must be 2 to 9998"),
        ("9999-12-31T23:59:59-14:00", "its year must be 2 to 9998"),
        ("9999-12-31T23:59[America/Los_Angeles]", "its year must be 2 to 9998"),
        ("0001-01-01T00:00", "its year must be 2 to 9998"),
        (
            "2026-03-08T02:30",
            "and it does not exist in America/New_York: the clocks skip it; the time after the gap is 2026-03-08T03:30",
        ),
        ("2026-11-01T01:30", "it comes twice in America/New_York, as the clocks go back: write 2026-11-01T01:30:00-04:00 or "),
    ],
)
def test_what_is_not_one_moment_is_refused_with_what_is(written, said):
    """Issue 5: naive times are refused with the corrected form suggested; gaps and overlaps are named."""
    assert said in refused(written)


def test_a_suggestion_can_be_sent_as_it_stands():
    """Whatever a refusal suggests is accepted."""
    clocks = ("2026-04-18T15:00:00", "2026-03-08T02:30", "2026-11-01T01:30")
    for written in (*clocks, *(f"{clock}[America/New_York]" for clock in clocks[1:])):
        for word in refused(written).replace(",", " ").split():
            if word.startswith("2026-"):
                assert moment_of("scheduledFor", word)


@given(INSTANTS)
def test_what_a_person_reads_is_the_moment(moment):
    """The preview's clock, its UTC and the moment agree; an hour that comes twice says which it is."""
    words = clock_words(moment, NEW_YORK)
    here = moment.astimezone(NEW_YORK)

    assert f"{here:%H:%M}" in words
    assert moment.strftime("%Y-%m-%dT%H:%M") in words
    assert ("of two" in words) == (here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset())


@given(INSTANTS, some.integers(min_value=1, max_value=10_000))
def test_the_next_such_time_is_ahead_within_two_days_and_shows_the_same_clock(now, hours):
    """Issue 5: past times are refused with a form that would do."""
    past = now - timedelta(hours=hours)

    written = again_after(past, now, NEW_YORK)

    assert len(written) in (1, 2)
    for following in map(datetime.fromisoformat, written):
        assert now.replace(microsecond=0) <= following <= now + timedelta(days=2, hours=1)
        assert f"{following.astimezone(NEW_YORK):%H:%M:%S}" == f"{past.astimezone(NEW_YORK):%H:%M:%S}"


def test_the_next_such_time_is_told_twice_where_the_clocks_show_it_twice_and_never_where_they_skip_it():
    """Issue 5: gaps and overlaps are named, also where we suggest a time ourselves."""
    past = datetime(2026, 3, 1, 1, 30, tzinfo=NEW_YORK)

    both = again_after(past, datetime(2026, 10, 31, 12, tzinfo=NEW_YORK), NEW_YORK)
    after = again_after(past.replace(hour=2), datetime(2026, 3, 7, 12, tzinfo=NEW_YORK), NEW_YORK)

    assert both == ("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00")
    assert after == ("2026-03-09T02:30:00-04:00",)
