"""Edits of single files, at the edges of what people write."""

from __future__ import annotations

import json

import pytest

from layers_mcp.sandbox.repository.instrument.javascript import manner_of, with_import
from layers_mcp.sandbox.repository.instrument.package_json import with_dependency
from layers_mcp.sandbox.repository.instrument.sdk import quoted
from layers_mcp.sandbox.repository.packages import Package

BEAN = Package("bean", "1.0.0")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"dependencies": {"a": "1"}}', '{"dependencies": {"a": "1","bean": "1.0.0"}}'),
        (
            ('{\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"c": "1"\n\t}\n}'),
            ('{\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"bean": "1.0.0",\n\t\t"c": "1"\n\t}\n}'),
        ),
        ('{\n    "name": "x"\n}\n', '{\n    "name": "x",\n    "dependencies": {\n        "bean": "1.0.0"\n    }\n}\n'),
        ('{\n  "dependencies": {}\n}\n', '{\n  "dependencies": {\n    "bean": "1.0.0"\n  }\n}\n'),
        ('{"name": "x"}', '{"name": "x", "dependencies": {"bean": "1.0.0"}}'),
        ('{"dependencies": {}}', '{"dependencies": {"bean": "1.0.0"}}'),
        ('\ufeff{"dependencies": {"bean": "0.1"}}', '\ufeff{"dependencies": {"bean": "0.1"}}'),
    ],
)
def test_a_dependency_is_added_and_no_other_byte_moves(before, after) -> None:
    """Indentation, order and the end of the file are the owner's."""
    assert with_dependency(before, BEAN) == after
    json.loads(after.removeprefix("\ufeff"))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"a": 1,}', '{"dependencies": ["a"]}', "nonsense"])
def test_what_is_no_manifest_gets_no_dependency(text) -> None:
    """None rather than a broken file."""
    assert with_dependency(text, BEAN) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'use strict';\n\nstart();\n", "'use strict';\n\nimport './x';\n\nstart();\n"),
        ("import {\n  a,\n  b,\n} from 'c'\nrun()\n", "import {\n  a,\n  b,\n} from 'c'\nimport './x'\nrun()\n"),
        (
            ("const a = require('a');\nconst b = require('b');\n\nb(a);\n"),
            ("const a = require('a');\nconst b = require('b');\nrequire('./x');\n\nb(a);\n"),
        ),
        ("/* a licence\n   of two lines */\nstart()\n", '/* a licence\n   of two lines */\n\nimport "./x"\n\nstart()\n'),
        ("#!/usr/bin/env node\n// hello\nstart();\n", '#!/usr/bin/env node\n\nimport "./x";\n\n// hello\nstart();\n'),
        ("import './x';\n", "import './x';\n"),
        ("", 'import "./x";\n'),
    ],
)
def test_an_import_joins_the_others_in_the_files_own_manner(before, after) -> None:
    """After the last one, quoted and ended alike."""
    assert with_import(before, "./x") == after


def test_the_manner_of_a_file_is_read_from_its_imports() -> None:
    """An apostrophe in prose does not decide."""
    assert manner_of("import a from \"a\";\n// it's, that's, who's\n").quote == '"'
    assert manner_of("import a from 'a'\nrun();\n").end == ""


def test_a_literal_cannot_end_early() -> None:
    """Event names are the partner's words."""
    assert quoted('a"b\\') == '"a\\"b\\\\"'
    assert quoted("it's $5", "'", dollar=True) == "'it\\'s \\$5'"
    assert quoted("a\nb\u2028c") == '"a b c"'
