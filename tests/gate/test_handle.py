"""Digests and handles."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, SecretStr

from layers_mcp.gate.handle import canonical, digest, fingerprint, new_handle, principal_of, principal_of_file

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: JsonValue) -> JsonValue:
    """The same value, its keys the other way round and its strings decomposed."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    if isinstance(value, list):
        return [shuffled(item) for item in value]
    return unicodedata.normalize("NFD", value) if isinstance(value, str) else value


@given(JSON)
def test_what_means_the_same_has_one_form_and_that_form_is_stable(value: JsonValue) -> None:
    """design.md §5: a handle is bound to the canonical arguments."""
    form = canonical(value)

    assert canonical(shuffled(value)) == form
    assert canonical(json.loads(form)) == form
    assert form.isascii()


@given(JSON, JSON)
def test_what_reads_back_differently_has_different_forms(one: JsonValue, other: JsonValue) -> None:
    """A yes to one thing is no yes to another; 1, true and "1" are three things."""
    same = canonical(one) == canonical(other)

    assert same == (digest(one) == digest(other))
    assert not same or json.loads(canonical(one)) == json.loads(canonical(other))


def test_numbers_words_and_truths_are_kept_apart_and_whole_floats_are_integers() -> None:
    """JSON does not tell 1 from 1.0; a client may send either."""
    forms = [canonical(value) for value in (1, "1", True, None, "null", [1], 1.5)]

    assert len(set(forms)) == len(forms)
    assert canonical(1.0) == canonical(1) == b"1"
    assert canonical(-0.0) == canonical(0)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_a_number_that_equals_nothing_has_no_form(odd: float) -> None:
    """JSON knows neither."""
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": odd})


def test_the_form_is_written_down() -> None:
    """Digests that are kept in a store outlive this version."""
    assert canonical({"b": [1.0, "é"], "a": None}) == b'{"a":null,"b":[1,"\\u00e9"]}'


def test_a_lone_surrogate_has_a_form() -> None:
    """Python reads them from JSON; they must not break the gate."""
    assert canonical("\ud800") == b'"\\ud800"'


def test_handles_are_unguessable_and_kept_only_as_digests() -> None:
    """mcp-notes §7: at least 128 bits; a leaked database gives no live handle."""
    handles = {new_handle() for _ in range(100)}

    assert len(handles) == 100
    assert all(one.startswith("cf_") and len(one) == 35 for one in handles)
    assert all((kept := fingerprint(one)) is not None and one not in kept and len(kept) == 64 for one in handles)


def test_the_principal_tells_keys_apart_and_does_not_give_them_away() -> None:
    """Brief of `principal`."""
    one, other = principal_of(SecretStr("lp_live_1")), principal_of(SecretStr("lp_live_2"))

    assert one != other
    assert one == principal_of(SecretStr("lp_live_1"))
    assert len(one) == 20
    assert one.startswith("key_")


@pytest.mark.parametrize(
    "given",
    ["yes", "", "cf_", f"cf_{'a' * 31}", f"cf_{'a' * 33}", f"cf_{'a' * 32}\n", f"CF_{'a' * 32}", f"cf_{'é' * 32}", True, None, ["x"]],
)
def test_what_is_no_handle_has_no_fingerprint(given: object) -> None:
    """Nothing is looked for in the store that nobody was given."""
    assert fingerprint(given) is None


def test_who_rotates_the_keys_of_a_file_stays_the_same(tmp_path) -> None:
    """Issue 5: the key can be rotated without a restart; the place of the file is who acts."""
    file, other, link = (tmp_path / name for name in ("keys", "others", "link"))
    link.symlink_to(file)

    assert principal_of_file(file) == principal_of_file(link) != principal_of_file(other)
    assert principal_of_file(file).startswith("keys_")
    assert len(principal_of_file(file)) == 21
