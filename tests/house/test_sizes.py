"""The house stays small: modules, functions, parameters, and a word on everything public."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers_mcp"
MODULES = sorted(PACKAGE.rglob("*.py"))
AT_MOST_LINES = 300
AT_MOST_FUNCTION_LINES = 40
AT_MOST_POSITIONAL = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def _public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (one for one in node.body if isinstance(one, Function) and not one.name.startswith("_"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_module_fits_on_a_few_screens(module: Path):
    """house-style 7: at most 300 lines a module, 40 a function, four positional parameters."""
    functions = [node for node in ast.walk(_tree(module)) if isinstance(node, Function)]
    long = [one.name for one in functions if one.end_lineno - one.body[0].lineno + 1 > AT_MOST_FUNCTION_LINES]
    wide = [
        one.name
        for one in functions
        if len([a for a in one.args.posonlyargs + one.args.args if a.arg not in ("self", "cls")]) > AT_MOST_POSITIONAL
    ]

    assert len(module.read_text(encoding="utf-8").splitlines()) <= AT_MOST_LINES
    assert long == []
    assert [name for name in wide if name != "settings_customise_sources"] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_everything_public_says_what_it_is(module: Path):
    """house-style 18: every module, public class and public function has a docstring."""
    tree = _tree(module)

    mute = [node.name for node in _public(tree) if not ast.get_docstring(node)]

    assert ast.get_docstring(tree)
    assert mute == []
