"""An install spec: what an ingest would write into the smallest app of a stack, so that the two never disagree."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import ndiff
from typing import Literal

from layers_mcp.contract.sdk_apps import Dependency, EnvVar, PlatformSpec, SdkPlatform, SpecFile
from layers_mcp.sandbox.repository.instrument.apply import WRITERS
from layers_mcp.sandbox.repository.instrument.sdk import Sdk, settings_of
from layers_mcp.sandbox.repository.instrument.skeletons import PACKAGE, SKELETONS
from layers_mcp.sandbox.repository.packages import Package, needed
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, folder_of

__all__ = ["spec"]

_MANAGERS: dict[str, Literal["spm", "gradle", "pub"]] = {"ios": "spm", "android": "gradle", "flutter": "pub"}
"""Who fetches the package; npm for the rest."""


def _dependency(platform: SdkPlatform, package: Package) -> Dependency:
    manager = _MANAGERS.get(platform, "npm")
    return Dependency.model_validate({"manager": manager, "name": package.name, "url": package.url or None, "from": package.version})


def _added(before: str, after: str) -> str:
    """The lines that `after` has and `before` has not, without the indent they share with the app's own."""
    lines = [line[2:] for line in ndiff(before.splitlines(), after.splitlines()) if line.startswith("+ ")]
    return "\n".join(lines).strip("\n") + "\n"


def _files(before: Tree, after: Tree, manifest: str) -> Iterable[SpecFile]:
    for path in after.paths:
        text = after.source(path) or ""
        if not before.has(path) and not _calls(path):
            yield SpecFile(path=path, action="create", contents=text)
        elif path != manifest and (was := before.source(path) or "") != text:
            yield SpecFile(path=path, action="add_lines", contents=_added(was, text))


def _calls(path: str) -> bool:
    """Whether the file is an entry of a framework that only calls ours, and may be there already."""
    return "instrumentation-client" in path


def _bare(files: dict[str, str], package: str | None) -> Tree:
    """The skeleton as a tree, in the app's own package when it has one."""
    tree = Tree({}, lambda _: None)
    for path, text in files.items():
        mine = (package or PACKAGE).replace(".", "/")
        tree = tree.put(path.replace(PACKAGE.replace(".", "/"), mine), text.replace(PACKAGE, package or PACKAGE))
    return tree


def spec(platform: SdkPlatform, app_id: str, *, android_package: str | None = None) -> PlatformSpec:
    """How the SDK gets into an app of this stack: the same for the same app."""
    skeleton, sdk = SKELETONS[platform], Sdk(app_id)
    bare = _bare(skeleton.files, android_package)
    written = WRITERS[skeleton.writer](bare, App(skeleton.writer, folder_of(skeleton.manifest), skeleton.manifest), sdk)
    assert written is not None, "a writer that can't write into its own skeleton"
    files = tuple(_files(bare, written, skeleton.manifest))
    first, *others = (_dependency(platform, package) for package in needed(platform))
    return PlatformSpec(
        platform=platform,
        dependency=first,
        also_needs=tuple(others),
        env_vars=tuple(EnvVar(name=name, value=value) for name, value in settings_of(sdk).items()),
        init_snippet=next(file.contents for file in files if file.action == "create"),
        files=files,
    )
