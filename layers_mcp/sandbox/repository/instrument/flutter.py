"""The SDK in a Flutter app."""

from __future__ import annotations

import re

from layers_mcp.sandbox.repository.instrument.sdk import EVENTS_ARE, Sdk, free_path, newline_of, quoted
from layers_mcp.sandbox.repository.packages import ENDPOINT, FLUTTER
from layers_mcp.sandbox.repository.parse import text_at, yaml_value
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, join, name_of

__all__ = ["instrument"]

_BINDING = "WidgetsFlutterBinding.ensureInitialized();"
_BLOCK = re.compile(r"^(?:Future<void>|void|FutureOr<void>|Future)?[ \t]*main\s*\([^)]*\)\s*(?:async\s*)?\{", re.MULTILINE)
_ARROW = re.compile(r"^(?P<head>(?:Future<void>|void)?[ \t]*main\s*\([^)]*\)\s*(?:async\s*)?)=>\s*(?P<body>[^;]+);", re.MULTILINE)
_IMPORT = re.compile(r"^import\s+'[^']+'[^;]*;|^import\s+\"[^\"]+\"[^;]*;", re.MULTILINE)


def _with_package(pubspec: str) -> str | None:
    """The pubspec with the package at the end of its dependencies, comments and order kept."""
    newline = newline_of(pubspec)
    lines = pubspec.split(newline)
    start = next((index for index, line in enumerate(lines) if re.match(r"dependencies:\s*(?:#.*)?$", line)), None)
    if start is None:
        return None
    end = start + 1
    last, indent = start, "  "
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith((" ", "#"))):
        if lines[end].startswith(" ") and not lines[end].lstrip().startswith("#"):
            indent = lines[end][: len(lines[end]) - len(lines[end].lstrip())] if last == start else indent
            last = end
        end += 1
    return newline.join([*lines[: last + 1], f"{indent}{FLUTTER.name}: ^{FLUTTER.version}", *lines[last + 1 :]])


def _with_call(source: str, module: str) -> str | None:
    """The entry that starts Layers before its first frame, or None when its `main` is not found."""
    newline = newline_of(source)
    if (arrow := _ARROW.search(source)) is not None:
        body = f"{arrow['head'].rstrip()} {{{newline}  {arrow['body'].strip()};{newline}}}"
        source = f"{source[: arrow.start()]}{body}{source[arrow.end() :]}"
    opening = _BLOCK.search(source)
    if opening is None or not re.search(r"package:flutter/(?:material|cupertino|widgets)\.dart", source):
        return None
    bound = source.find(_BINDING, opening.end())
    near = bound != -1 and source.count("\n}", opening.end(), bound) == 0
    place = bound + len(_BINDING) if near else opening.end()
    line = source[source.rfind("\n", 0, bound) + 1 : bound] if near else "  "
    indent = line if not line.strip() else "  "
    call = f"{newline}{indent}startLayers();" if near else f"{newline}{indent}{_BINDING}{newline}{indent}startLayers();"
    called = f"{source[:place]}{call}{source[place:]}"
    imports = list(_IMPORT.finditer(called))
    after = imports[-1].end()
    return f"{called[:after]}{newline}import '{module}';{called[after:]}"


def _module(sdk: Sdk) -> str:
    names = "".join(f"  {quoted(name, chr(39), dollar=True)},\n" for name in sdk.events)
    events = f"\n/// {EVENTS_ARE}\nconst layersEvents = <String>[\n{names}];\n" if sdk.events else ""
    return (
        "import 'dart:async';\n\n"
        "import 'package:flutter/foundation.dart';\n"
        f"import 'package:{FLUTTER.name}/{FLUTTER.name}.dart';\n{events}\n"
        "/// Starts sending this app's events to Layers; called once, before the first frame.\n"
        "void startLayers() {\n"
        "  unawaited(\n"
        "    Layers.init(\n"
        f"      appId: {quoted(sdk.app_id, chr(39), dollar=True)},\n"
        f"      endpoint: Uri.parse('{ENDPOINT}'),\n"
        "      environment: kReleaseMode ? 'production' : 'development',\n"
        "    ),\n"
        "  );\n"
        "}\n"
    )


def instrument(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The tree with the SDK in this app; the same tree when it is in; None when no entry is found."""
    pubspec = tree.source(app.manifest)
    if pubspec is None:
        return None
    if re.search(rf"^\s+{FLUTTER.name}\s*:", pubspec, re.MULTILINE):
        return tree
    added = _with_package(pubspec)
    library = join(app.folder, "lib")
    plain = join(library, "main.dart")
    mains = [plain] if tree.has(plain) else [path for path in tree.below(library) if re.fullmatch(r"main[\w.]*\.dart", name_of(path))]
    module = free_path(tree, join(library, "layers.dart"), "layers_sdk.dart")
    package = text_at(yaml_value(pubspec), "name")
    edited = tree if added is None else tree.put(app.manifest, added)
    for main in mains:
        source = tree.source(main) or ""
        target = f"package:{package}/{name_of(module)}" if package and f"package:{package}/" in source else name_of(module)
        called = _with_call(source, target)
        edited = edited if called is None else edited.put(main, called)
    if added is None or not any(main in edited.changes for main in mains):
        return None
    return edited.put(module, _module(sdk).replace("\n", newline_of(pubspec)))
