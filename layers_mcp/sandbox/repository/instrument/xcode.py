"""Adds a Swift package and a source file to an app target of an Xcode project, as Xcode itself would write it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath

from layers_mcp.sandbox.repository.instrument.pbxproj import Listed, Scalar, Table, parse, skip
from layers_mcp.sandbox.repository.instrument.sdk import newline_of
from layers_mcp.sandbox.repository.packages import Package
from layers_mcp.sandbox.repository.tree import folder_of, join

__all__ = ["Project", "Target", "open_project"]

_APPLICATION = "com.apple.product-type.application"
_OTHERS = frozenset({"appletvos", "driverkit", "macosx", "watchos", "xros"})
"""What `SDKROOT` says of an app that is not for a phone; watch apps are plain applications since Xcode 14."""
_SECTION = re.compile(r"/\* Begin (\w+) section \*/")


@dataclass(frozen=True, slots=True)
class Target:
    """An application target; `sources` are files it names one by one, `folders` those Xcode 16 keeps in step by itself."""

    id: str
    name: str
    sources: frozenset[str]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """An Xcode project file, its text and its objects; `folder` is where its relative paths start."""

    text: str
    folder: str
    root: str
    objects: Table

    def _of(self, isa: str) -> Iterator[tuple[str, Table]]:
        for key in self.objects.items:
            table = self.objects.table(key)
            if table is not None and table.text("isa") == isa:
                yield key, table

    def _paths(self) -> dict[str, str]:
        """Id of a group or file to its path in the repository, as far as paths are relative to groups."""
        found: dict[str, str] = {}
        main = self.objects.table(self.root)
        waiting = [(main.text("mainGroup") or "", self.folder)] if main else []
        while waiting:
            key, base = waiting.pop()
            table = self.objects.table(key)
            if table is None or key in found:
                continue
            origin = {"<group>": base, "SOURCE_ROOT": self.folder}.get(table.text("sourceTree") or "<group>")
            path = table.text("path")
            if origin is None:
                continue
            found[key] = normpath(join(origin, path)) if path else origin
            waiting += [(child, found[key]) for child in table.texts("children")]
        return found

    def _phase(self, target: Table, isa: str) -> Table | None:
        tables = (self.objects.table(key) for key in target.texts("buildPhases"))
        return next((table for table in tables if table is not None and table.text("isa") == isa), None)

    def settings(self, target: str, key: str) -> tuple[str, ...]:
        """What a build setting is in the configurations of a target, named by its id, else in those of the project."""
        for owner in (self.objects.table(target), self.objects.table(self.root)):
            listed = self.objects.table(owner.text("buildConfigurationList")) if owner else None
            tables = [self.objects.table(item) for item in listed.texts("buildConfigurations")] if listed else []
            settings = [table.table("buildSettings") for table in tables if table]
            said = dict.fromkeys(text for setting in settings if setting and (text := setting.text(key)))
            if said:
                return tuple(said)
        return ()

    def _for_phone(self, target: str) -> bool:
        """Whether a target is built for iOS; one that says nothing is."""
        roots = self.settings(target, "SDKROOT")
        if "auto" in roots:
            platforms = self.settings(target, "SUPPORTED_PLATFORMS")
            return not platforms or any("iphoneos" in platform for platform in platforms)
        return not roots or not _OTHERS.issuperset(roots)

    def targets(self) -> tuple[Target, ...]:
        """The application targets for iOS, in the project's order."""
        paths = self._paths()
        found: list[Target] = []
        root = self.objects.table(self.root)
        order = {key: place for place, key in enumerate(root.texts("targets") if root else ())}
        for key, table in sorted(self._of("PBXNativeTarget"), key=lambda item: order.get(item[0], len(order))):
            if table.text("productType") != _APPLICATION or not self._for_phone(key):
                continue
            phase = self._phase(table, "PBXSourcesBuildPhase")
            builds = [self.objects.table(item) for item in phase.texts("files")] if phase else []
            references = [build.text("fileRef") or "" for build in builds if build]
            folders = tuple(paths[item] for item in table.texts("fileSystemSynchronizedGroups") if item in paths)
            found.append(Target(key, table.text("name") or "", frozenset(paths[item] for item in references if item in paths), folders))
        return tuple(found)

    def with_file(self, target: Target, path: str, beside: str) -> Project | None:
        """The project with a source file in the target, in the group of `beside`; unchanged when Xcode keeps its folder in step."""
        if any(path.startswith(f"{folder}/") for folder in target.folders):
            return self
        paths = self._paths()
        reference = next((key for key, found in paths.items() if found == beside and self._is(key, "PBXFileReference")), None)
        group = next((table for _, table in self._of("PBXGroup") if reference in table.texts("children")), None)
        phase = self._phase(self.objects.table(target.id) or self.objects, "PBXSourcesBuildPhase")
        children, files = group.listed("children") if group else None, phase.listed("files") if phase else None
        old = self.objects.table(reference)
        if reference is None or old is None or children is None or files is None:
            return None
        name, new, build = path.rpartition("/")[2], self._id(f"file:{path}"), self._id(f"build:{path}")
        shown = join(folder_of(old.text("path") or ""), name)
        label = f"name = {name}; " if shown != name else ""
        origin = f"sourceTree = {_word(old.text('sourceTree') or '<group>')}"
        about = f"isa = PBXFileReference; lastKnownFileType = sourcecode.swift; {label}path = {_word(shown)}; {origin};"
        edits = [
            self._row("PBXBuildFile", f"{build} /* {name} in Sources */ = {{isa = PBXBuildFile; fileRef = {new} /* {name} */; }};"),
            self._row("PBXFileReference", f"{new} /* {name} */ = {{{about} }};"),
            self._item(children, f"{new} /* {name} */", after=reference),
            self._item(files, f"{build} /* {name} in Sources */"),
        ]
        return self._edited(edits)

    def with_package(self, target: Target, package: Package) -> Project | None:
        """The project with a Swift package whose product the target links."""
        table, project = self.objects.table(target.id), self.objects.table(self.root)
        if table is None or project is None:
            return None
        kinds = ("XCRemoteSwiftPackageReference", "XCSwiftPackageProductDependency")
        repository = package.url.rpartition("/")[2]
        remote, product, build = (self._id(f"{kind}:{package.url}") for kind in ("package", "product", "link"))
        remote_label = f'{remote} /* {kinds[0]} "{repository}" */'
        version = f"requirement = {{\n\t\t\t\tkind = upToNextMajorVersion;\n\t\t\t\tminimumVersion = {package.version};\n\t\t\t}};"
        edits = [
            self._row(
                "PBXBuildFile",
                f"{build} /* {package.name} in Frameworks */ = {{isa = PBXBuildFile; productRef = {product} /* {package.name} */; }};",
            ),
            *self._linked(table, f"{build} /* {package.name} in Frameworks */"),
            self._member(table, "packageProductDependencies", f"{product} /* {package.name} */"),
            self._member(project, "packageReferences", remote_label),
            self._row(
                kinds[0], f'{remote_label} = {{\n\t\t\tisa = {kinds[0]};\n\t\t\trepositoryURL = "{package.url}";\n\t\t\t{version}\n\t\t}};'
            ),
            self._row(
                kinds[1],
                f"{product} /* {package.name} */ = {{\n\t\t\tisa = {kinds[1]};\n\t\t\tpackage = {remote_label};\n"
                f"\t\t\tproductName = {package.name};\n\t\t}};",
            ),
        ]
        return self._edited(edits)

    def _is(self, key: str, isa: str) -> bool:
        table = self.objects.table(key)
        return table is not None and table.text("isa") == isa

    def _id(self, what: str) -> str:
        """An object id that is the same every time and nobody else's."""
        salt = 0
        while (made := hashlib.sha256(f"layers:{salt}:{what}".encode()).hexdigest()[:24].upper()) in self.text:
            salt += 1
        return made

    def _item(self, listed: Listed, item: str, *, after: str | None = None) -> tuple[int, str]:
        """One more item in a list: after the one named, else at the end."""
        named = (found for found in listed.items if isinstance(found, Scalar) and found.text == after)
        last = next(named, listed.items[-1] if listed.items else None)
        start = listed.end - 1 if last is None else last.start
        line = self.text.rfind("\n", 0, start) + 1
        indent = self.text[line:start]
        own_line = not indent.strip()
        if last is None:
            return (line, f"{indent}\t{item},\n") if own_line else (start, f"{item}, ")
        gap, place = f"\n{indent}" if own_line else " ", skip(self.text, last.end)
        if self.text[place] == ",":
            return place + 1, f"{gap}{item},"
        return len(self.text[:place].rstrip()), f",{gap}{item}"

    def _linked(self, target: Table, item: str) -> list[tuple[int, str]]:
        """One more product that a target links; a target that links nothing yet, as XcodeGen leaves it, gets the phase for it."""
        phase = self._phase(target, "PBXFrameworksBuildPhase")
        files, phases = phase.listed("files") if phase else None, target.listed("buildPhases")
        if files is not None:
            return [self._item(files, item)]
        made, isa = self._id(f"frameworks:{target.text('name')}"), "PBXFrameworksBuildPhase"
        row = (
            f"{made} /* Frameworks */ = {{\n\t\t\tisa = {isa};\n\t\t\tbuildActionMask = 2147483647;\n"
            f"\t\t\tfiles = (\n\t\t\t\t{item},\n\t\t\t);\n\t\t\trunOnlyForDeploymentPostprocessing = 0;\n\t\t}};"
        )
        return [self._row(isa, row), *([self._item(phases, f"{made} /* Frameworks */")] if phases else [])]

    def _member(self, table: Table, key: str, item: str) -> tuple[int, str]:
        """One more item in the list under a key, which is made in its place in the alphabet when it is not there."""
        listed = table.listed(key)
        if listed is not None:
            return self._item(listed, item)
        before = max((name for name in table.items if name != "isa" and name < key), default="isa")
        place = skip(self.text, table.items[before].end)
        return place + (self.text[place] == ";"), f"\n\t\t\t{key} = (\n\t\t\t\t{item},\n\t\t\t);"

    def _row(self, section: str, row: str) -> tuple[int, str]:
        """One more object in its section, which is made in its place in the alphabet when it is not there."""
        mark = self.text.find(f"/* End {section} section */")
        if mark != -1:
            return mark, f"\t\t{row}\n"
        made = f"/* Begin {section} section */\n\t\t{row}\n/* End {section} section */\n"
        later = next((found.start() for found in _SECTION.finditer(self.text) if found[1] > section), None)
        if later is not None:
            return later, f"{made}\n"
        return self.text.rfind("\n", 0, self.objects.end - 1) + 1, f"\n{made}"

    def _edited(self, edits: list[tuple[int, str]]) -> Project | None:
        text = self.text
        newline = newline_of(text)
        for _, (place, insertion) in sorted(enumerate(edits), key=lambda edit: (edit[1][0], edit[0]), reverse=True):
            text = text[:place] + insertion.replace("\n", newline) + text[place:]
        return open_project(text, self.folder)


def _word(text: str) -> str:
    return text if text.replace("/", "").replace(".", "").replace("_", "").isalnum() and text.isascii() else f'"{text}"'


def open_project(text: str, folder: str) -> Project | None:
    """A project file, or None when the text is none; `folder` holds the `.xcodeproj`."""
    whole = parse(text)
    objects = whole.table("objects") if whole else None
    root = whole.text("rootObject") if whole else None
    if objects is None or root is None:
        return None
    return Project(text, folder, root, objects)
