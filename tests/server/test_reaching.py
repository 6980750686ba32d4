"""Everything that can be called without being shown: by a few words, one at a time, and whatever is narrowed."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from layers_mcp.client.owners import CLOSED, ORGANIZATION_WRITES
from layers_mcp.contract.errors import Invalid
from layers_mcp.server.access import Access, BadAccess, digest_of
from layers_mcp.server.caller import Caller
from layers_mcp.server.catalog import SEARCH, read_catalog
from layers_mcp.server.reaching import Reaching, known, real_name
from layers_mcp.server.schema import input_schema, output_schema
from layers_mcp.tool.declaration import Effect, parse
from layers_mcp.tool.sending import short_name
from layers_mcp.tools.catalog import ENDPOINTS, TOOLS
from layers_mcp.tools.examples import EXAMPLES

CATALOG = read_catalog((SEARCH,))
ALL = Reaching(CATALOG.reach)
OWN = "prj_11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("approve a post", "approve_content"),
        ("connecting an Instagram account", "connect_account"),
        ("halt all writes", "halt"),
        ("webhook deliveries", "GET /v1/webhook-endpoints/{endpointId}/deliveries"),
        ("reschedule a post", "reschedule_post"),
        ("cancel a queued post", "cancel_post"),
        ("music", "GET /v1/tiktok-music"),
        ("leasedAccounts request", "POST /v1/projects/{projectId}/leased-accounts/request"),
    ],
)
def test_a_few_words_find_what_does_it_among_the_first_three(words, wanted):
    """Issue 8, `find`: full text, stemmed, a word in the name before one elsewhere."""
    assert wanted in [one.name for one in ALL.find(words)[:3]]


def test_little_words_find_nothing_where_others_are_given():
    """A reviewer: "the ads of a customer" found nearly everything, as nearly everything has an "of" or an "a"."""
    assert ALL.find("the webhook of a deliveries") == ALL.find("webhook deliveries")
    assert len(ALL.find("what of it")) > 0


@pytest.mark.parametrize("words", ['"', "NEAR(", "a OR b) --", "name:x", "-", "*", "'; DROP TABLE known", "½", "x" * 400])
def test_no_words_are_a_query_of_their_own(words):
    """What a caller writes is searched for, and never read as SQL or as the search's own language."""
    assert isinstance(ALL.find(words), tuple)
    assert ALL.find("approve")[0].name == "approve_content"


def test_no_words_find_everything_in_order():
    """A client that wants to see it all pages through it."""
    assert [one.name for one in ALL.find("")][: len(TOOLS) - 3] == [one.name for one in TOOLS][:-3]
    assert len(ALL.find("")) == len(CATALOG.reach)


@pytest.mark.parametrize("name", sorted(CATALOG.reach))
def test_everything_that_can_be_found_can_be_described_and_called_as_described(name):
    """Issue 8, `describe`: the schema is the one that a call is read by, and the example fits it."""
    said = ALL.describe(name)
    declared = known(name)
    example = said.example["arguments"]

    assert said.name in {one.name for one in ALL.find("")}
    assert said.arguments == input_schema(declared.arguments)
    assert output_schema(declared)["type"] == "object"
    assert set(example) >= set(said.arguments.get("required", []))
    assert set(example) <= set(said.arguments["properties"])
    if declared.name in EXAMPLES:
        Draft202012Validator(said.arguments).validate(example)
    assert (said.needs_yes is None) == (declared.ask is None)
    assert len(declared.name) <= 80, "the trail and the handles keep it in so many letters"


def test_no_endpoint_asks_for_what_is_ours():
    """A field that `_NOT_BOUND` leaves out of what a yes is bound to would change what is sent under it."""
    ours = {"confirm", "wait_seconds", "idempotency_key", "quote_only"}

    assert [row.name for row in ENDPOINTS if ours & set(row.request.model_fields)] == []
    assert len({short_name(row.name) for row in ENDPOINTS}) == len(ENDPOINTS)


def test_an_endpoint_that_a_tool_covers_goes_by_that_tool_only():
    """Issue 8: what a tool checks and shows can't be gone around by the raw request."""
    for name, by in {
        "POST /v1/content/{containerId}/approve": "approve_content",
        "POST /v1/content/{containerId}/schedule": "schedule_content",
        "GET /v1/jobs/{jobId}": "wait_for_job",
        "GET /v1/projects/{projectId}/content": "list_content, top_performers",
    }.items():
        with pytest.raises(Invalid) as refused:
            ALL.describe(name)
        assert refused.value.message == f"name {name} is reached by {by} only"
    with pytest.raises(Invalid, match="approve_content only, which can not be called here"):
        Reaching({"get_project"}).tool("POST /v1/content/{containerId}/approve")


def test_who_wants_to_read_is_led_to_no_write():
    """A spelling that is a little off asks for nothing to be changed."""
    with pytest.raises(Invalid, match="the nearest: ") as refused:
        ALL.tool("GET /v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}/budgets")
    near = refused.value.message.partition("nearest: ")[2].split(", ")

    assert [name for name in near if known(real_name(name)).effect is not Effect.READS] == []


@pytest.mark.parametrize(
    "name",
    [
        "GET /v1/projects/{projectId}/ads/ad-accounts",
        "GET /v1/projects/{projectId}/ads/adsets",
        "GET /v1/projects/{projectId}/ads/ads",
        "GET /v1/projects/{projectId}/ads/campaigns",
        "GET /v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}",
        "GET /v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}/authority",
        "GET /v1/projects/{projectId}/ads/{platform}/defaults",
        "GET /v1/projects/{projectId}/ads/{platform}/pending",
        "GET /v1/projects/{projectId}/content-review-policy",
    ],
)
def test_what_can_be_changed_can_be_read(name):
    """Issue 8, the whole table: a record that no tool shows as it is can be asked for."""
    assert ALL.tool(name).effect is Effect.READS


def test_a_name_that_is_not_there_is_answered_with_the_nearest():
    """Principle: a refusal names the way out."""
    with pytest.raises(Invalid, match=r"nearest: get_project"):
        ALL.tool("get_projct")
    assert ALL.tool("approve").name == "approve_content"
    assert ALL.tool("GET /v1/projects/{}/engagement").name == ALL.tool("GET /v1/projects/{projectId}/engagement").name


def test_where_only_some_projects_may_be_touched_nothing_is_offered_that_never_passes():
    """Issue 8: what the fence closes stays closed, and one project is asked for by nobody."""
    fenced = Reaching(CATALOG.reach, projects={OWN})
    names = {one.name for one in fenced.find("")}

    assert names.isdisjoint(row.name for row in (*CLOSED, *ORGANIZATION_WRITES))
    assert "projectId" not in fenced.describe("GET /v1/projects/{projectId}/engagement").arguments["properties"]


def test_a_token_reaches_what_it_names_and_everything_by_the_preset():
    """Issue 8: the set reachable is narrowed by the token; the preset's name stands for everything, its tools' names do not."""
    some = Caller(tools=frozenset({"call", "get_project"}), reach=frozenset({"call", "get_project"}))
    every = Caller(tools=frozenset({"call"}), reach=None)

    assert CATALOG.offered(some) == (["call"], {"get_project"})
    assert CATALOG.offered(every) == (["call"], CATALOG.reach)
    assert CATALOG.offered(Caller(tools=frozenset({"find"}), reach=None)) == (["find"], frozenset())


def test_a_request_narrows_what_its_token_reaches():
    """X-Layers-Tools takes away and never adds."""
    from starlette.datastructures import Headers  # noqa: PLC0415  only this story has headers

    some = Caller(tools=frozenset({"find", "call", "get_project"}), reach=frozenset({"find", "call", "get_project"}))

    assert some.narrowed(Headers({"X-Layers-Tools": "search"})).reach == some.reach
    assert Caller().narrowed(Headers({"X-Layers-Tools": "search"})).reach is None
    assert Caller().narrowed(Headers({"X-Layers-Tools": "call,start"})).reach >= {"get_project", "halt"}
    assert "run_loop" not in Caller().narrowed(Headers({"X-Layers-Tools": "call,start"})).reach


def test_a_file_of_clients_may_name_what_is_called_without_being_shown(tmp_path):
    """A token for the search preset, one for a single tool by `call`, and one that could reach nothing."""
    shown = [tool["name"] for tool in CATALOG.tools]

    def client(tools):
        file = tmp_path / "clients.toml"
        file.write_text(f'[[client]]\nname = "a"\ntoken_sha256 = "{digest_of("t")}"\ntools = {tools}\n')
        file.chmod(0o600)
        return Access(SecretStr("x" * 43), file, shown=shown)

    client(["search"])
    client(["call", "get_project"])
    with pytest.raises(BadAccess, match="get_project is not among"):
        client(["find", "get_project"])


def test_what_does_not_fit_together_is_refused_with_the_endpoints_own_words():
    """What a request checks as a whole is checked before anybody is asked for a yes."""
    declared = known("PATCH /v1/projects/{}/engagement")

    with pytest.raises(Invalid, match="nothing to change"):
        parse(declared, {"projectId": OWN})
