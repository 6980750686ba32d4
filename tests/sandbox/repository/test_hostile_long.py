"""Repositories of a size that harms whoever reads them, through the real child: issue 3, "Hostile repositories"."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone, pytest.mark.timeout(400)]

PAGE = b"<html><head><title>Bean</title></head><body></body></html>"
MIB = 2**20
BOUND_S = 120.0
"""What the sandbox gives a reading."""


def _import(shelf, pieces: Iterable[bytes]) -> Path:
    """A bare repository out of a stream for `git fast-import`, which ends with the files of the commit."""
    source = shelf.folder / "imported.git"
    shelf.git(shelf.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(source))
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=source, stdin=subprocess.PIPE) as process:
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
    assert process.returncode == 0
    return source


def _blob(mark: int, content: bytes) -> bytes:
    return b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(content), content)


COMMIT = b"commit refs/heads/main\ncommitter O <o@example.com> 1700000000 +0000\ndata 1\nx\n"


def _with_page(*files: bytes) -> bytes:
    return COMMIT + b"M 100644 inline index.html\ndata %d\n%s\n" % (len(PAGE), PAGE) + b"".join(files)


class Loose:
    """A bare repository whose objects are written one by one, as git itself would not."""

    def __init__(self, shelf) -> None:
        self.shelf = shelf
        self.source = shelf.folder / "loose.git"
        shelf.git(shelf.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.source))

    def put(self, kind: str, content: bytes) -> bytes:
        """Write an object and hand back its id."""
        whole = f"{kind} {len(content)}\0".encode() + content
        sha = hashlib.sha1(whole).hexdigest()
        place = self.source / "objects" / sha[:2] / sha[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(zlib.compress(whole, 1))
        return bytes.fromhex(sha)

    def commit(self, tree: bytes) -> Path:
        """Make this tree the newest commit."""
        who = "O <o@example.com> 1700000000 +0000"
        sha = self.put("commit", f"tree {tree.hex()}\nauthor {who}\ncommitter {who}\n\nx\n".encode())
        (self.source / "refs/heads/main").write_text(f"{sha.hex()}\n")
        return self.source


def _row(mode: bytes, name: bytes, sha: bytes) -> bytes:
    return mode + b" " + name + b"\0" + sha


async def test_a_million_files_of_their_own(shelf, watch) -> None:
    """A million blobs in ten thousand folders."""

    def pieces():
        for number in range(1_000_000):
            yield _blob(number + 1, b"%d" % number)
        yield _with_page()
        for number in range(1_000_000):
            yield b"M 100644 :%d d%04d/f%02d.txt\n" % (number + 1, number // 100, number % 100)

    seen = await watch.run(shelf.errand(_import(shelf, pieces())), at_most_s=BOUND_S)

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_million_paths_of_one_file(shelf, watch) -> None:
    """A thousand times the same folder of a thousand times the same file."""
    loose = Loose(shelf)
    page = loose.put("blob", PAGE)
    inner = loose.put("tree", b"".join(_row(b"100644", b"f%03d.txt" % number, page) for number in range(1000)))
    folders = b"".join(_row(b"40000", b"d%03d" % number, inner) for number in range(1000))

    seen = await watch.run(shelf.errand(loose.commit(loose.put("tree", folders + _row(b"100644", b"index.html", page)))))

    assert isinstance(seen.result, Outcome)
    assert (seen.result.files_changed, seen.result.cut) == (3, True)


async def test_a_million_files_in_one_folder(shelf, watch) -> None:
    """One tree object of forty megabytes, and the page at its end."""
    loose = Loose(shelf)
    page = loose.put("blob", PAGE)
    rows = b"".join(_row(b"100644", b"f%06d.txt" % number, page) for number in range(1_000_000))

    seen = await watch.run(shelf.errand(loose.commit(loose.put("tree", rows + _row(b"100644", b"index.html", page)))), at_most_s=BOUND_S)

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_hundred_thousand_folders_in_each_other(shelf, watch) -> None:
    """Git itself walks trees by calling itself."""
    loose = Loose(shelf)
    page = loose.put("blob", PAGE)
    tree = loose.put("tree", _row(b"100644", b"f", page))
    for _ in range(100_000):
        tree = loose.put("tree", _row(b"40000", b"d", tree))

    seen = await watch.run(shelf.errand(loose.commit(loose.put("tree", _row(b"40000", b"d", tree) + _row(b"100644", b"index.html", page)))))

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_file_of_two_gigabytes(shelf, watch) -> None:
    """Zeros, which are nothing in a pack; it is never fetched."""

    def pieces():
        yield b"blob\nmark :1\ndata %d\n" % (2048 * MIB)
        for _ in range(2048):
            yield bytes(MIB)
        yield b"\n" + _with_page(b"M 100644 :1 README.md\n")

    seen = await watch.run(shelf.errand(_import(shelf, pieces())))

    assert isinstance(seen.result, Outcome)
    assert seen.result.files_changed == 3


async def test_a_hundred_files_of_ten_megabytes_and_less(shelf, watch) -> None:
    """A gigabyte out of a pack of one megabyte, each file small enough to be fetched, under names that are read."""

    def pieces():
        for number in range(128):
            yield _blob(number + 1, b"%03d" % number + b" " * (8 * MIB - 3))
        yield _with_page(*(b"M 100644 :%d a%d/x.xcodeproj/project.pbxproj\n" % (number + 1, number) for number in range(128)))

    seen = await watch.run(shelf.errand(_import(shelf, pieces())), at_most_s=BOUND_S)

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_commit_message_of_half_a_gigabyte(shelf, watch) -> None:
    """Commits cannot be left out of a fetch."""

    def pieces():
        yield COMMIT.replace(b"data 1\nx\n", b"data %d\n" % (512 * MIB))
        for _ in range(512):
            yield b"x" * MIB
        yield b"\nM 100644 inline index.html\ndata %d\n%s\n" % (len(PAGE), PAGE)

    seen = await watch.run(shelf.errand(_import(shelf, pieces())))

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_hundred_thousand_branches(shelf, watch) -> None:
    """And as many tags."""
    source = shelf.make({"index.html": PAGE})
    sha = shelf.git(source, "rev-parse", "HEAD")
    names = [*(f"refs/heads/b{n:06}" for n in range(100_000)), "refs/heads/main", *(f"refs/tags/t{n:06}" for n in range(100_000))]
    (source / ".git/packed-refs").write_text("# pack-refs with: sorted \n" + "".join(f"{sha} {name}\n" for name in names))

    seen = await watch.run(shelf.errand(source, branch="main"))

    assert isinstance(seen.result, Outcome)


@pytest.mark.parametrize("letters", [b"x", b"x ", b"<!--", b"[", b"*a ", b"<a ", b"# ", b"\xf0\x9f\x92\xa3", b"\x1b["])
@pytest.mark.parametrize("size", [50 * MIB, MIB])
async def test_a_readme_of_one_line(shelf, watch, letters, size) -> None:
    """Fifty megabytes, which are not read, and one, which is, of what makes patterns try again and again."""
    text = letters * (size // len(letters))

    seen = await watch.run(shelf.errand(shelf.make({"index.html": PAGE, "README.md": text, "BRAND.md": text, "docs/voice.txt": text})))

    assert isinstance(seen.result, Outcome)


@pytest.mark.parametrize(
    "name", ["index.html", "app/layout.tsx", "lib/main.dart", "app.config.ts", "fastlane/metadata/en-US/description.txt"]
)
@pytest.mark.parametrize("letters", [b" ", b"<p>", b"a: '\\a", b"@main ", b"{ metadata ", b"import '", b"\n", b"<title>", b"main() "])
async def test_a_source_that_makes_patterns_try_again(shelf, watch, name, letters) -> None:
    """A megabyte of every beginning that our patterns look for, and no end."""
    rest = {"package.json": b'{"dependencies": {"next": "14.0.0"}}', "pubspec.yaml": b"dependencies:\n  flutter:\n    sdk: flutter\n"}
    text = letters * (MIB // len(letters) - 1)

    seen = await watch.run(shelf.errand(shelf.make({"about.html": PAGE} | rest | {name: text})), at_most_s=BOUND_S)

    assert isinstance(seen.result, Outcome | Trouble)


async def test_fifteen_thousand_manifests_of_a_megabyte(shelf, watch) -> None:
    """Readers that take every manifest take a great many, but not without end."""
    loose = Loose(shelf)
    page = loose.put("blob", PAGE)
    manifests = []
    for number in range(50):
        name = b'{"name": "bean %d", "dependencies": {"vite": "1"}, "x": "%s"}' % (number, b"y" * 900_000)
        manifests.append(loose.put("tree", _row(b"100644", b"package.json", loose.put("blob", name))))
    many = loose.put("tree", b"".join(_row(b"40000", b"d%03d" % number, manifests[number % 50]) for number in range(1000)))
    rows = b"".join(_row(b"40000", b"a%02d" % number, many) for number in range(15)) + _row(b"100644", b"index.html", page)

    seen = await watch.run(shelf.errand(loose.commit(loose.put("tree", rows))), at_most_s=BOUND_S)

    assert isinstance(seen.result, Outcome | Trouble)


async def test_a_pack_of_random_bytes(shelf, watch) -> None:
    """A repository that is damaged."""
    source = shelf.make({"index.html": PAGE, "noise": os.urandom(5 * MIB)})
    shelf.git(source, "gc", "--quiet")
    pack = next((source / ".git/objects/pack").glob("*.pack"))
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:1000] + os.urandom(5 * MIB))

    seen = await watch.run(shelf.errand(source))

    assert isinstance(seen.result, Trouble)
    assert seen.result.field == "repoFullName"
