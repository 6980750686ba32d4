"""The table of endpoints agrees with itself."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from layers_mcp.contract import drift, errors
from layers_mcp.contract.table import TABLE
from layers_mcp.loops.run import Came, Given


def _wire_names(model):
    return {field.serialization_alias or field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_of_the_table_is_whole(row):
    """Design §3: path fields are fields of the request, only mutations are keyed, codes are in the tree, the source is named."""
    assert set(row.path_fields) <= _wire_names(row.request)
    assert not (row.keyed and row.method == "GET")
    assert set(row.codes) <= set(errors.BY_CODE)
    assert row.source
    assert row.request.model_config["extra"] == "forbid"
    assert row.reply.model_config["extra"] == "ignore"


MODELS = (*dict.fromkeys(one for row in TABLE for one in (row.request, row.reply)), Given, Came)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_does_not_fit_is_not_quoted(model):
    """House style 41: a misfit is logged with its traceback, and no log holds what a customer wrote."""
    with pytest.raises(ValidationError) as misfit:
        model.model_validate("quinn writes")

    assert "quinn" not in str(misfit.value)


def test_no_route_stands_twice():
    """One table serves the client and the sandbox."""
    names = [row.name for row in TABLE]

    assert len(names) == len(set(names))


def test_each_disagreement_quotes_both_sides_and_says_what_we_do():
    """Design §2: drift is data."""
    assert len(drift.DRIFT) > 0
    for row in drift.DRIFT:
        assert all(value.strip() for value in row)
    topics = [row.topic for row in drift.DRIFT]
    assert len(topics) == len(set(topics))
