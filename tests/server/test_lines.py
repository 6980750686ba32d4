"""Records as text: every value in it, names said once where rows are alike."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from layers_mcp.server.lines import as_lines

ROWS = [{"id": f"cnt_{number}", "status": "completed", "hook": f"Hook {number}."} for number in range(3)]


def test_rows_become_a_table_that_says_once_what_is_alike():
    """Issue 8: a list of 50 posts in at most 0.40 of its JSON."""
    assert as_lines({"items": ROWS}, 0) == [
        "items:",
        "  each: status completed",
        "  id | hook",
        '  cnt_0 | "Hook 0."',
        '  cnt_1 | "Hook 1."',
        '  cnt_2 | "Hook 2."',
    ]


def test_what_only_few_rows_have_stands_at_the_end_by_its_name():
    """A column that is mostly empty is read wrong."""
    rows = [*ROWS, {"id": "cnt_3", "status": "failed", "hook": "Hook 3.", "lastError": {"code": "INTERNAL", "message": "Try again."}}]

    assert as_lines(rows, 0)[-2:] == [
        'cnt_2 | completed | "Hook 2."',
        'cnt_3 | failed | "Hook 3." | lastError: {"code":"INTERNAL","message":"Try again."}',
    ]


def test_a_text_with_the_sign_between_columns_stays_in_its_column():
    """A stranger's caption can't pretend to be two cells, or two rows."""
    rows = [{"id": f"cnt_{number}", "hook": "a | b\nc", "place": number} for number in range(2)]

    assert as_lines(rows, 0)[-1] == "cnt_1 | 1"
    assert as_lines(rows, 0)[0] == r'each: hook "a | b\nc"'


def test_records_within_rows_are_read_one_by_one():
    """What a person is asked about reads as a page, not as JSON."""
    rows = [{"id": f"cnt_{number}", "facts": {"hook": "Hook.", "words": number}} for number in range(2)]

    assert as_lines(rows, 0) == [
        "- id: cnt_0", "  facts:", "    hook: Hook.", "    words: 0",
        "- id: cnt_1", "  facts:", "    hook: Hook.", "    words: 1",
    ]  # fmt: skip


def test_one_row_needs_no_table():
    """Names and values side by side are easier to read."""
    assert as_lines(ROWS[:1], 0) == ["- id: cnt_0", "  status: completed", '  hook: "Hook 0."']


_SCALARS = st.one_of(st.booleans(), st.integers(), st.text(max_size=12))
_RECORDS = st.lists(st.dictionaries(st.sampled_from("abcde"), st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2)), max_size=5), max_size=5)


@given(_RECORDS)
@example([{"a": False}, {"a": 0}])
def test_no_value_is_lost_and_no_line_is_begun_by_a_value(rows):
    """Every text stands in the lines, in quotes with its line ends escaped, or as a bare word; each row takes at most its own lines."""
    made = as_lines(rows, 0)

    whole = "\n".join(made)
    for row in rows:
        for value in row.values():
            for one in value if isinstance(value, list) else [value]:
                assert (one if isinstance(one, str) and one in whole else json.dumps(one, ensure_ascii=False)) in whole
    assert all("\n" not in line for line in made)
