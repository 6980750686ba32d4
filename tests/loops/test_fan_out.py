"""Many customers from one file: it is taken whole or not at all, and what it comes to is known before it starts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from layers_mcp.contract.rates import TIERS
from layers_mcp.loops.customer import Onboard
from layers_mcp.loops.fan_out import BadFile, read_customers
from layers_mcp.loops.forecast import DAILY, Demand, cost, forecast, of_onboarding, steady

NOON = datetime(2026, 4, 18, 12, tzinfo=UTC)
STANDARD = TIERS["standard"]


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(BadFile) as refused:
        read_customers(path)
    return refused.value.problems


def test_customers_stand_in_a_csv_as_a_spreadsheet_writes_it(tmp_path: Path) -> None:
    """With a byte order mark, empty cells, a cell over two lines, and accounts with spaces between them."""
    text = (
        "\ufeffcustomerExternalId,name,timezone,repoFullName,connect,hook,priority\n"
        'cust_1,Quinn\'s Coffee,America/New_York,quinns-coffee/quinns-app,tiktok instagram,"Skip\nthe line.",\n'
        "cust_2,Bean,,,,,5\n"
    )

    second, first = read_customers(_file(tmp_path, "customers.csv", text))

    assert (second.onboard.customer_external_id, second.line, second.onboard.priority) == ("cust_2", 4, 5)
    assert second.onboard.timezone == "UTC"
    assert second.onboard.source == "none"
    assert first.onboard.connect == ("tiktok", "instagram")
    assert first.onboard.hook == "Skip\nthe line."
    assert first.line == 2


def test_customers_stand_in_json_lines_too(tmp_path: Path) -> None:
    """One object a line; empty lines are passed over."""
    lines = [json.dumps({"customerExternalId": f"cust_{number}", "name": "Café", "url": "https://example.com"}) for number in (1, 2)]

    taken = read_customers(_file(tmp_path, "customers.jsonl", "\n\n".join(lines)))

    assert [(one.onboard.customer_external_id, one.line) for one in taken] == [("cust_1", 1), ("cust_2", 3)]
    assert {one.onboard.source for one in taken} == {"website"}


def test_all_that_is_wrong_with_a_file_is_named_at_once_by_line_and_field(tmp_path: Path) -> None:
    """Nobody mends a file of a thousand lines one refusal at a time."""
    lines = [
        '{"customerExternalId": "cust_1", "name": "A", "timezone": "Europe/Berlinn"}',
        "{",
        '{"customerExternalId": "cust_2", "name": "B", "repoFullName": "b/b", "url": "https://b.example"}',
        '{"customerExternalId": "cust_3", "nam": "C"}',
        '{"customerExternalId": "cust_4", "name": "D", "priority": "first"}',
        '{"customerExternalId": "cust_5", "name": "E"}',
        '{"customerExternalId": "cust_5", "name": "F"}',
        "[]",
        '{"name": "G", "posts": 6}',
    ]

    zone, broken, two, field, priority, twice, array, missing, posts = _problems(_file(tmp_path, "customers.jsonl", "\n".join(lines)))

    assert zone.startswith("line 1: timezone: ")
    assert broken.startswith("line 2: no JSON")
    assert two == "line 3: repoFullName and url: give one thing to read the brand from"
    assert field == "line 4: there is no field 'nam'; the nearest is name"
    assert priority.startswith("line 5: priority: ")
    assert twice == "line 7: customerExternalId cust_5 stands in line 6, too"
    assert array == "line 8: no JSON object"
    assert missing == "line 9: customerExternalId: Field required"
    assert posts.startswith("line 9: posts: ")


@pytest.mark.anyio
async def test_an_onboarding_sends_the_writes_and_starts_that_were_forecast(town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of a forecast are held against the real loop; what people send beside it is left out."""
    sent: Counter[str] = Counter()
    send = httpx2.ASGITransport.handle_async_request

    async def counted(self: httpx2.ASGITransport, request: httpx2.Request) -> httpx2.Response:
        answer = await send(self, request)
        sent[answer.headers.get("X-RateLimit-Endpoint-Class", "")] += answer.is_success
        return answer

    given = {"connect": ("tiktok",), "posts": 1}
    async with town.working():
        with monkeypatch.context() as patched:
            patched.setattr(httpx2.ASGITransport, "handle_async_request", counted)
            run_id = await town.onboard(**given)
            project_id = (await town.lies_by(run_id, "people")).row.project_id
        await town.press(town.asked("connect"))
        await town.until(run_id, lambda look: any('"accounts": {"tiktok"' in step.came for step in look.steps))
        town.plan(project_id, *await town.accounts(project_id))
        await town.decide(town.asked("review"))
        with monkeypatch.context() as patched:
            patched.setattr(httpx2.ASGITransport, "handle_async_request", counted)
            await town.over(run_id)

    wanted = of_onboarding(Onboard(customer_external_id="cust_1", name="A", **given))
    assert (sent["write-light"], sent["long-running"]) == (wanted.writes, wanted.starts)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("none.csv", "customerExternalId,name\n", "names no customer"),
        ("none.jsonl", "", "names no customer"),
        ("column.csv", "customerExternalId,nmae\ncust_1,A\n", "line 1: there is no field 'nmae'; the nearest is name"),
        ("twice.csv", "name,name,customerExternalId\nA,B,cust_1\n", "line 1: name stands there twice"),
        ("cells.csv", "customerExternalId,name\ncust_1,A,B\n", "line 2: 2 cells are expected, and there are more"),
        ("short.csv", "customerExternalId,name,posts,url\ncust_1,A,0,\ncust_2,B\n", "line 3: there is no cell for posts, url;"),
        ("quote.csv", 'customerExternalId,name\ncust_1,"A\n', "is no CSV"),
    ],
)
def test_a_file_that_is_no_list_of_customers_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    """It says what is wrong, and with which file or line."""
    (problem,) = _problems(_file(tmp_path, name, text))

    assert says in problem


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file, and one in another encoding."""
    (tmp_path / "latin.csv").write_bytes("customerExternalId,name\ncust_1,Café\n".encode("latin-1"))

    assert "can't be read" in _problems(tmp_path / "missing.csv")[0]
    assert "is not UTF-8" in _problems(tmp_path / "latin.csv")[0]


def test_what_one_onboarding_sends_follows_from_what_it_is_asked_for() -> None:
    """A start for the reading and one for the batch; a write for the project, and for each link and post."""
    bare = of_onboarding(Onboard(customer_external_id="cust_1", name="A", posts=0))
    whole = of_onboarding(Onboard(customer_external_id="cust_1", name="A", repo_full_name="a/b", connect=("tiktok",), posts=1))

    assert (bare.writes, bare.starts) == (1, 0)
    assert (whole.writes, whole.starts) == (3, 2)


def test_a_hundred_customers_take_as_long_as_the_tightest_class() -> None:
    """200 starts at 20 a minute are ten minutes, and the last one's jobs come after them."""
    seen = forecast([Demand(reads=5, writes=5, starts=2)] * 100, STANDARD, now=NOON)

    assert seen.by == "long-running"
    assert seen.ends_at == NOON + timedelta(minutes=10 + 11)
    assert seen.total == Demand(500, 500, 200)
    assert seen.a_day() == (100,)


def test_over_the_writes_of_a_day_the_rest_waits_for_the_next_days() -> None:
    """5 writes a customer make 2,000 customers a day on the standard tier (design §7); what is used up today counts."""
    seen = forecast([Demand(writes=5)] * 5_000, STANDARD, now=NOON, used=9_000)

    assert seen.by == "write-light"
    assert seen.a_day() == (200, 2_000, 2_000, 800)
    assert seen.done_at[200] == datetime(2026, 4, 19, 0, 11, 5, tzinfo=UTC)


def test_no_class_is_forecast_faster_than_its_limit() -> None:
    """Whatever the time of day it begins at: over a midnight, too."""
    seen = forecast([Demand(3, 2, 1)] * 700, STANDARD, now=datetime(2026, 4, 18, 23, 50, tzinfo=UTC))

    gone = [at - seen.done_at[0] for at in seen.done_at]
    assert all(later >= timedelta(seconds=3 * number) for number, later in enumerate(gone))


def test_the_days_after_say_which_tier_they_need_and_who_waits() -> None:
    """A thousand customers fit on the standard tier, more need a larger one, and a hundred thousand have a turn every second day."""
    few, many, all_ = (steady(count, TIERS[tier]) for count, tier in ((1_000, "standard"), (5_000, "standard"), (100_000, "partner")))

    assert (few.fit, few.needs, few.every_days) == (1_000, "standard", 1)
    assert (many.fit, many.by, many.needs) == (10_000 // DAILY.writes, "write-light", "pilot")
    assert (all_.needs, all_.every_days) == (None, 2)


@pytest.mark.parametrize(
    ("batches", "limits", "comes_to"),
    [
        ([600] * 300, {"most": 600, "left": 30_000}, (180_000, 250)),
        ([600] * 300, {"most": 120, "left": 30_000}, (180_000, 300)),
        ([600, 0, 120, 120], {"most": None, "left": 200}, (840, 2)),
        ([600, 0, 120], {"most": 0, "left": None}, (720, 2)),
        ([600, 0, 120], {"most": None, "left": None}, (720, 0)),
    ],
)
def test_what_first_batches_cost_and_who_waits_for_a_yes_is_known_before(batches, limits, comes_to) -> None:
    """Issue 8: a total of 30,000 credits is enough for 50 customers of five posts each, and the others ask."""
    assert cost(batches, **limits) == comes_to
