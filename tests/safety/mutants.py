"""Breaks the gate, and the signature of webhooks, in small ways and sees if tests notice: `python tests/safety/mutants.py [MODULE …]`.

Ours, because what a gate is made of is checks: cosmic-ray leaves whole statements alone and breaks every `|` of an annotation, which
nobody can notice; mutmut changes no constant of a module and nothing decorated. Sentences for readers (strings with a blank), asserts,
types and decorators are not broken here. Every mutant that lives on stands in `survivors.toml`, with the reason why that is right.
"""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.abc
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
_CONFIRMING, _ONCE, _HOLDING = "tests/gate/test_confirming.py", "tests/gate/test_once.py", "tests/gate/test_holding.py"
TESTS = {
    "layers_mcp.gate.handle": ("tests/gate/test_handle.py", _CONFIRMING),
    "layers_mcp.gate.policy": ("tests/gate/test_policy.py",),
    "layers_mcp.gate.budget": ("tests/gate/test_budget.py",),
    "layers_mcp.gate.purse": ("tests/gate/test_budget.py",),
    "layers_mcp.gate.person": ("tests/tools/test_page.py", "tests/commands/test_confirm.py"),
    "layers_mcp.gate.verdict": (_CONFIRMING, _ONCE),
    "layers_mcp.gate.gate": (_CONFIRMING, _ONCE, _HOLDING),
    "layers_mcp.receiver.signature": ("tests/receiver/test_signature.py",),
    "layers_mcp.contract.signing": ("tests/receiver/test_signature.py", "tests/contract/test_events.py"),
}
"""What is broken, and the tests that should notice: those of the gate's own room, which are quick; the attempts notice more."""
_ELSEWHERE = "not stops_the_start and not opens_no_database"
"""Tests of another process, which meets the code as it is."""
_WORDS = (
    "-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-o", "addopts=--import-mode=importlib", "-m", "not long",
    "-p", "no:xdist", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", "-k", _ELSEWHERE,
)  # fmt: skip
_PATIENCE_S = 600
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


class Mutant(NamedTuple):
    """A module with one thing broken; `name` says what, and is the same however its lines move."""

    module: str
    name: str
    source: str


def _swapped(node: ast.AST) -> Iterator[ast.AST]:
    """Another operator."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            if type(op) in _SWAPS:
                yield ast.Compare(node.left, [*node.ops[:place], _SWAPS[type(op)](), *node.ops[place + 1 :]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(_SWAPS[type(node.op)](), node.values)
        yield from node.values
    elif isinstance(node, ast.BinOp) and type(node.op) in _SWAPS:
        yield ast.BinOp(node.left, _SWAPS[type(node.op)](), node.right)


def _turned(node: ast.AST) -> Iterator[ast.AST]:
    """The other way at a fork."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    """Something not said or not done."""
    if isinstance(node, ast.Return) and node.value is not None and not _is(node.value, None):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Call):
        for place in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, node.keywords[:place] + node.keywords[place + 1 :])
    else:
        done = isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        if done or (isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)):
            yield ast.Pass()


def _changed(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may be replaced with."""
    yield from _swapped(node)
    yield from _turned(node)
    yield from _left_out(node)
    if isinstance(node, ast.Constant):
        yield from _constants(node.value)


def _is(node: ast.AST, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _with(node: Any, **changes: ast.AST) -> ast.AST:
    made = copy.copy(node)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and " " not in value:
        yield ast.Constant(f"{value}x")


def _skipped(parent: ast.AST, field: str) -> bool:
    return field in ("annotation", "returns", "decorator_list", "type_params", "bases") or isinstance(
        parent, ast.Import | ast.ImportFrom | ast.Assert
    )


def _sites(node: ast.AST, place: str = "") -> Iterator[tuple[ast.AST, str, int | None, str]]:
    """Every place that may be broken: what holds it, by which field and number, and in which function."""
    for field, value in ast.iter_fields(node):
        if _skipped(node, field):
            continue
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _docs(child) or _exports(child) or _is_type(child):
                continue
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            yield node, field, number, place
            yield from _sites(child, f"{place}.{child.name}".lstrip(".") if named else place)


def _docs(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_type(node: ast.AST) -> bool:
    """Words of a closed list, which only the type checker knows."""
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"


def _exports(node: ast.AST) -> bool:
    words = ast.unparse(node) if isinstance(node, ast.Assign | ast.If) else ""
    return words.startswith(("__all__", "if TYPE_CHECKING"))


def _source(module: str) -> str:
    return (ROOT / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree, seen = ast.parse(_source(module)), dict[str, int]()
    for holder, field, number, place in list(_sites(tree)):
        kept = getattr(holder, field)
        was = kept if number is None else kept[number]
        for new in list(_changed(was)):
            _put(holder, field, number, new)
            words = f"{place or 'module'}: {_short(was)} -> {_short(new)}"
            seen[words] = seen.get(words, 0) + 1
            name = words if seen[words] == 1 else f"{words} ({seen[words]})"
            yield Mutant(module, name, ast.unparse(ast.fix_missing_locations(tree)))
            _put(holder, field, number, was)


def _put(holder: ast.AST, field: str, number: int | None, node: ast.AST) -> None:
    if number is None:
        setattr(holder, field, node)
    else:
        getattr(holder, field)[number] = node


def _short(node: ast.AST) -> str:
    """The first line of a node's code."""
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).splitlines()[0][:100]


class _Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutant where its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Only for that one."""
        return importlib.util.spec_from_loader(name, self) if name == self.mutant.module else None

    def exec_module(self, module: Any) -> None:
        """Run its broken source."""
        exec(compile(self.mutant.source, f"<{self.mutant.name}>", "exec"), module.__dict__)


def _noticed(mutant: Mutant) -> int:
    """Begin the tests against a mutant in a process of their own; its number. It ends with 0 when nothing was noticed."""
    child = os.fork()
    if child:
        return child
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.meta_path.insert(0, _Broken(mutant))
    signal.alarm(_PATIENCE_S)  # whatever goes on for ever is noticed, too
    import pytest  # noqa: PLC0415  the parent knows neither it nor what is broken
    from hypothesis import settings  # noqa: PLC0415

    settings.register_profile("mutants", max_examples=10, deadline=None, derandomize=True, database=None)
    code = pytest.main([*_WORDS, *(str(ROOT / file) for file in TESTS[mutant.module])])
    os._exit(0 if code == 0 else 1)


def survivors(wanted: list[Mutant], at_once: int) -> Iterator[Mutant]:
    """The mutants that no test notices."""
    waiting, running = list(reversed(wanted)), dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < at_once:
            mutant = waiting.pop()
            running[_noticed(mutant)] = mutant
        child, status = os.wait()
        ended = running.pop(child, None)
        if ended is not None and status == 0:
            yield ended


def explained() -> dict[str, dict[str, str]]:
    """Why mutants live on, by module and name; a list that is not there explains nothing, and fails."""
    return tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))


def main(modules: list[str]) -> int:
    """Print how many were noticed, and every survivor; 1 when one of them is not explained, or an explained one is gone."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for heavy in ("pytest", "hypothesis", "sqlalchemy", "pydantic", "httpx2", "mcp", "fastapi", "PIL.Image", "anyio", "alembic.command"):
        importlib.import_module(heavy)
    folder = tempfile.mkdtemp()
    make = [sys.executable, str(Path(__file__).with_name("scenes.py")), folder]
    subprocess.run(make, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    os.environ["LAYERS_TESTS_TEMPLATE"] = folder
    wrong = 0
    for module in modules or list(TESTS):
        began, known = time.monotonic(), explained().get(module, {})
        if not list(survivors([Mutant(module, "as it is", _source(module))], 1)):
            print(f"{module}: its tests fail without any mutant")
            return 1
        wanted = list(mutants(module))
        left = [one.name for one in survivors(wanted, os.cpu_count() or 1)]
        print(f"{module}: {len(wanted)} mutants, {len(wanted) - len(left)} noticed, {len(left)} live, {time.monotonic() - began:.0f} s")
        for name in sorted(left):
            print(f"  {'explained' if name in known else 'UNEXPLAINED'}: {name}")
        gone = sorted(set(known) - set(left))
        for name in gone:
            print(f"  STALE: {name}")
        wrong += len(gone) + sum(name not in known for name in left)
        sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
