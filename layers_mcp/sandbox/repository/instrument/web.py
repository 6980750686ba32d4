"""The SDK in a web app: Next.js, other frameworks with an entry of their own, bundled pages, plain pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import normpath, relpath

from layers_mcp.sandbox.repository.instrument.javascript import Manner, events_of, manner_of, with_import
from layers_mcp.sandbox.repository.instrument.package_json import with_dependency
from layers_mcp.sandbox.repository.instrument.sdk import Sdk, free_path, newline_of
from layers_mcp.sandbox.repository.packages import WEB
from layers_mcp.sandbox.repository.parse import Json, at, html_page, json_value, text_at
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join, name_of

__all__ = ["instrument"]

_KINDS = ("tsx", "ts", "jsx", "js", "mjs", "cjs")
_NODE = "process.env.NODE_ENV === {production}"
_VITE = "import.meta.env.PROD"
_CLIENT_HOOK = (15, 3)
"""The Next.js that first runs `instrumentation-client` (nextjs.org/docs, file conventions)."""
_PAGES_AT_MOST = 20

_Writer = Callable[[Tree, App, Sdk], "Tree | None"]


def _module(sdk: Sdk, manner: Manner, release: str, *, typed: bool) -> str:
    quote, end = manner.text, manner.end
    condition = release.format(production=quote("production"))
    environment = quote("production") if condition == "true" else f"{condition} ? {quote('production')} : {quote('development')}"
    return (
        f"import {{ LayersClient }} from {quote(WEB.name)}{end}\n{events_of(sdk, manner, typed=typed)}\n"
        "/** Sends this app's events to Layers; imported once, by the entry. */\n"
        "export const layers = new LayersClient({\n"
        f"  appId: {quote(sdk.app_id)},\n"
        f"  environment: {environment},\n"
        f"}}){end}\n\n"
        f"if (typeof window !== {quote('undefined')}) {{\n  void layers.init(){end}\n}}\n"
    )


def _typed(tree: Tree, app: App, entry: str | None = None) -> bool:
    return tree.has(join(app.folder, "tsconfig.json")) or (entry or "").endswith((".ts", ".tsx"))


def _any(tree: Tree, folder: str, *stems: str) -> str | None:
    return tree.first(join(folder, f"{stem}.{kind}") for stem in stems for kind in _KINDS)


def _imported(tree: Tree, app: App, sdk: Sdk, entry: str, *, release: str = _NODE) -> Tree | None:
    """The SDK in a module beside `entry` that it imports; beside the folder of pages when the entry is the pages' frame."""
    source = tree.source(entry)
    if source is None:
        return None
    typed, manner = _typed(tree, app, entry), manner_of(source)
    kind = "ts" if typed else "js"
    beside = folder_of(folder_of(entry)) if name_of(entry).startswith("_app.") else folder_of(entry)
    module = free_path(tree, join(beside, f"layers.{kind}"), f"layers-sdk.{kind}")
    target = relpath(module.rpartition(".")[0], folder_of(entry) or ".")
    named = target if target.startswith(".") else f"./{target}"
    script = named if release == _NODE or typed else f"{named}.js"
    text = _module(sdk, manner, release, typed=typed).replace("\n", newline_of(source))
    return tree.put(module, text).put(entry, with_import(source, script))


def _new_entry(tree: Tree, app: App, sdk: Sdk, stem: str, *, release: str = _NODE) -> Tree | None:
    """The SDK behind a client entry that the framework runs by its name; made when the app has none."""
    entry = _any(tree, app.folder, stem) or join(app.folder, f"{stem}.{'ts' if _typed(tree, app) else 'js'}")
    return _imported(tree if tree.has(entry) else tree.put(entry, ""), app, sdk, entry, release=release)


def _next_version(package: Json) -> tuple[int, int]:
    wanted = text_at(package, "dependencies", "next") or text_at(package, "devDependencies", "next") or ""
    found = re.search(r"(\d+)(?:\.(\d+))?", wanted)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _layout_with_component(source: str, module: str) -> str | None:
    """A Next.js layout that renders the client component inside its body."""
    body = re.search(r"<body\b", source)
    if body is None:
        return None
    depth, index = 0, body.end()
    while index < len(source) and (depth or source[index] != ">"):
        depth += {"{": 1, "}": -1}.get(source[index], 0)
        index += 1
    if index >= len(source):
        return None
    line = source[source.rfind("\n", 0, body.start()) + 1 : body.start()]
    alone = not line.strip() and not source[index + 1 :].split("\n", 1)[0].strip()
    component = f"{newline_of(source)}{line}  <LayersAnalytics />" if alone else "<LayersAnalytics />"
    opened = f"{source[: index + 1]}{component}{source[index + 1 :]}"
    imported = with_import(opened, module)
    return re.sub(rf"import (['\"]){re.escape(module)}\1", rf"import {{ LayersAnalytics }} from \1{module}\1", imported, count=1)


def _next_component(tree: Tree, app: App, sdk: Sdk, layout: str) -> Tree | None:
    """For a Next.js without a client hook: a client component in the root layout."""
    source = tree.source(layout)
    edited = _layout_with_component(source, "./layers") if source else None
    if source is None or edited is None:
        return None
    typed, manner = _typed(tree, app, layout), manner_of(source)
    end = manner.end
    head = f"{manner.text('use client')}{end}\n\n"
    component = (
        f"\n/** Loads this module in the browser; renders nothing. */\nexport function LayersAnalytics() {{\n  return null{end}\n}}\n"
    )
    module = join(folder_of(layout), f"layers.{'ts' if typed else 'js'}")
    if tree.has(module):
        return None
    text = (head + _module(sdk, manner, _NODE, typed=typed) + component).replace("\n", newline_of(source))
    return tree.put(module, text).put(layout, edited)


def _next(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    package = json_value(tree.read(app.manifest))
    layout = _any(tree, app.folder, "app/layout", "src/app/layout", "app/[locale]/layout", "src/app/[locale]/layout", "app/[lang]/layout")
    custom = _any(tree, app.folder, "pages/_app", "src/pages/_app")
    base = "src/" if any(path.startswith(join(app.folder, "src/")) for path in (layout, custom) if path) else ""
    if _next_version(package) >= _CLIENT_HOOK:
        return _new_entry(tree, app, sdk, f"{base}instrumentation-client")
    if custom is not None:
        return _imported(tree, app, sdk, custom)
    return _next_component(tree, app, sdk, layout) if layout is not None else None


def _nuxt(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    base = "app/" if any(path.startswith(join(app.folder, "app/")) for path in tree.below(app.folder)) else ""
    plugin = join(app.folder, f"{base}plugins/layers.client.{'ts' if _typed(tree, app) else 'js'}")
    nothing = "\nexport default defineNuxtPlugin(() => ({ provide: { layers } }));\n"
    text = _module(sdk, Manner(), "!import.meta.dev", typed=_typed(tree, app)).replace("export const layers =", "const layers =")
    return None if tree.has(plugin) else tree.put(plugin, text + nothing)


def _svelte_kit(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    return _new_entry(tree, app, sdk, "src/hooks.client", release=_VITE)


def _gatsby(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    return _new_entry(tree, app, sdk, "gatsby-browser")


def _react_router(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    entry = _any(tree, app.folder, "app/entry.client", "src/entry.client", "app/root", "src/root")
    return _imported(tree, app, sdk, entry) if entry else None


def _astro(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """A module that the layouts' pages load by a script of their own."""
    pages = [path for path in tree.below(join(app.folder, "src")) if path.endswith(".astro") and "</head>" in (tree.source(path) or "")]
    kind = "ts" if _typed(tree, app) else "js"
    module = free_path(tree, join(app.folder, f"src/layers.{kind}"), f"layers-sdk.{kind}")
    edited = tree.put(module, _module(sdk, Manner(), _VITE, typed=kind == "ts"))
    for page in pages[:_PAGES_AT_MOST]:
        target = relpath(module, folder_of(page)).removesuffix(f".{kind}")
        script = f'<script>import "{target if target.startswith(".") else f"./{target}"}";</script>'
        edited = edited.put(page, _in_head(edited.source(page) or "", script))
    return edited if pages else None


def _angular(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    entry = _any(tree, app.folder, "src/main")
    edited = _imported(tree, app, sdk, entry, release="!isDevMode()") if entry else None
    module = next((path for path in (edited.changes if edited else ()) if "layers" in name_of(path)), None)
    if edited is None or module is None:
        return None
    text = edited.source(module) or ""
    quote = manner_of(text).quote
    return edited.put(module, f"import {{ isDevMode }} from {quote}@angular/core{quote};\n{text}")


def _bundled(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The module a bundler's page names, else the usual entry."""
    package = json_value(tree.read(app.manifest))
    bundled = {**_group(package, "dependencies"), **_group(package, "devDependencies")}
    for name in ("index.html", "src/index.html", "public/index.html"):
        page = html_page(tree.read(join(app.folder, name)))
        for script in page.modules if page else ():
            entry = normpath(join(app.folder if script.startswith("/") else folder_of(join(app.folder, name)), script.lstrip("/")))
            if tree.has(entry):
                return _imported(tree, app, sdk, entry, release=_VITE if "vite" in bundled else "true")
    entry = _any(tree, app.folder, "src/main", "src/index", "src/app", "src/App", "main", "index")
    return _imported(tree, app, sdk, entry, release=_VITE if "vite" in bundled else _NODE) if entry else None


def _group(package: Json, kind: str) -> dict[str, Json]:
    found = at(package, kind)
    return found if isinstance(found, dict) else {}


def _in_head(source: str, line: str) -> str:
    """The page with one more line at the end of its head."""
    close = re.search(r"^([ \t]*)</head>|</head>", source, re.MULTILINE | re.IGNORECASE)
    if close is None or line in source:
        return source
    indent = f"{close[1]}  " if close[1] is not None else ""
    return f"{source[: close.start()]}{indent}{line}{newline_of(source)}{source[close.start() :]}"


def _plain(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """Pages without a bundler: a module beside them, the client from a CDN by an import map's worth of one address."""
    folder = folder_of(app.manifest)
    pages = [
        path
        for path in tree.paths
        if folder_of(path) == folder and path.endswith(".html") and re.search("</head>", tree.source(path) or "", re.IGNORECASE)
    ]
    if not pages:
        return None
    if any(WEB.name in (tree.source(path) or "") for path in [*pages, *tree.named("layers.js")]):
        return tree
    module = free_path(tree, join(folder, "layers.js"), "layers-sdk.js")
    address = f"https://cdn.jsdelivr.net/npm/{WEB.name}@{WEB.version}/+esm"
    text = _module(sdk, Manner(), "true", typed=False).replace(f'"{WEB.name}"', f'"{address}"')
    edited = tree.put(module, text)
    for page in pages[:_PAGES_AT_MOST]:
        edited = edited.put(page, _in_head(edited.source(page) or "", f'<script type="module" src="{name_of(module)}"></script>'))
    return edited


_FRAMEWORKS: tuple[tuple[str, _Writer], ...] = (
    ("next", _next),
    ("nuxt", _nuxt),
    ("@sveltejs/kit", _svelte_kit),
    ("gatsby", _gatsby),
    ("@react-router/dev", _react_router),
    ("@remix-run/react", _react_router),
    ("astro", _astro),
    ("@angular/core", _angular),
)
"""Who runs the entry, by the dependency that gives it away; the first that fits."""


def instrument(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The tree with the SDK in this app; the same tree when it is in; None when no entry is found."""
    if name_of(app.manifest) != "package.json":
        return _plain(tree, app, sdk)
    manifest = tree.source(app.manifest)
    if manifest is None:
        return None
    if f'"{WEB.name}"' in manifest:
        return tree
    package = json_value(manifest)
    known = {**_group(package, "dependencies"), **_group(package, "devDependencies")}
    write = next((writer for name, writer in _FRAMEWORKS if name in known), _bundled)
    edited, added = write(tree, app, sdk), with_dependency(manifest, WEB)
    return None if edited is None or added is None else edited.put(app.manifest, added)
