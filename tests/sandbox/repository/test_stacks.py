"""Each stack, found for what it is and written into as its developers would."""

from __future__ import annotations

import json

import pytest

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import Outcome
from layers_mcp.sandbox.repository.platforms import find_apps
from layers_mcp.sandbox.repository.tree import Entry, Tree

ID = "app_0123456789abcdef01234567"


def a_tree(files: dict[str, str]) -> Tree:
    """A tree of texts, without git."""
    entries = {path: Entry(path, "100644", len(text)) for path, text in files.items()}
    return Tree(entries, lambda sha: files[sha].encode())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("react-native", ["react-native"]),
        ("expo", ["expo"]),
        ("flutter", ["flutter"]),
        ("android", ["android"]),
        ("next", ["web"]),
        ("vite", ["web"]),
        ("html", ["web"]),
    ],
)
def test_an_app_is_found_as_its_stack_and_not_as_the_shells_inside_it(shelf, stacks, name, found) -> None:
    """Seed 004, "Trigger the repo ingest": the platforms of the repository."""
    outcome = shelf.read(stacks[name])

    assert list(outcome.found) == found
    assert list(outcome.instrumented) == found
    assert outcome.files_changed >= 2
    assert "files changed" in outcome.diffstat


@pytest.mark.parametrize("name", ["react-native", "expo", "flutter", "android", "next", "vite", "html"])
def test_a_repository_that_carries_the_sdk_is_left_alone(shelf, stacks, name) -> None:
    """Our promise: no double insertion; an outcome with nothing in it."""
    files = shelf.applied(stacks[name])

    again = shelf.read(files)

    assert again.files_changed == 0
    assert again.diffstat == ""
    assert again.patch_path is None
    assert again.instrumented == again.found


def test_a_react_native_app_imports_the_sdk_beside_its_other_imports(shelf, stacks) -> None:
    """developers.layers.com/docs/sdk/initialization."""
    files = shelf.applied(stacks["react-native"], events=("purchase",))

    assert "import App from './App';\nimport './layers';\n\nAppRegistry" in files["index.js"]
    assert json.loads(files["package.json"])["dependencies"]["@layers/react-native"]
    assert f"appId: '{ID}'" in files["layers.ts"]
    assert "'purchase'" in files["layers.ts"]
    assert files[".env.example"] == f"# Layers SDK\nLAYERS_APP_ID={ID}\nLAYERS_INGEST_ENDPOINT=https://in.layers.com/l/events\n"


def test_an_expo_router_app_keeps_the_module_out_of_its_routes(shelf, stacks) -> None:
    """A file in `app/` would be a page."""
    files = shelf.applied(stacks["expo"])

    assert "import '../layers';" in files["app/_layout.tsx"]
    assert "layers.ts" in files


def test_a_flutter_app_starts_layers_before_its_first_frame(shelf, stacks) -> None:
    """The pubspec keeps its comments, an arrow main becomes a block."""
    files = shelf.applied(stacks["flutter"], events=("price $5",))

    assert "  # talks to the roaster\n  dio: ^5.0.0\n  layers_flutter: ^1.0.0\n\ndev_dependencies" in files["pubspec.yaml"]
    assert (
        "void main() {\n  WidgetsFlutterBinding.ensureInitialized();\n  startLayers();\n  runApp(const Bean());\n}"
        in files["lib/main.dart"]
    )
    assert "import 'package:flutter/material.dart';\nimport 'layers.dart';\n" in files["lib/main.dart"]
    assert r"'price \$5'" in files["lib/layers.dart"]


def test_a_flutter_main_that_binds_already_starts_layers_after_it(shelf, stacks) -> None:
    """No second binding."""
    main = (
        "import 'package:flutter/material.dart';\nimport 'package:bean/a.dart';\n\nFuture<void> main() async {\n"
        "  WidgetsFlutterBinding.ensureInitialized();\n  runApp(const Bean());\n}\n"
    )

    files = shelf.applied(stacks["flutter"] | {"lib/main.dart": main})

    assert files["lib/main.dart"].count("ensureInitialized") == 1
    assert "ensureInitialized();\n  startLayers();\n  runApp" in files["lib/main.dart"]
    assert "import 'package:bean/layers.dart';" in files["lib/main.dart"]


def test_an_android_app_starts_layers_from_its_application_class(shelf, stacks) -> None:
    """Kotlin, build script in Kotlin."""
    files = shelf.applied(stacks["android"], events=("purchase",))

    assert 'testImplementation("junit:junit:4.13.2")\n    implementation("com.layers:sdk:1.0.0")\n}' in files["app/build.gradle.kts"]
    assert "super.onCreate()\n        LayersSdk.start(this)\n        warmUp()" in files["app/src/main/java/coffee/bean/BeanApp.kt"]
    assert files["app/src/main/java/coffee/bean/LayersSdk.kt"].startswith("package coffee.bean\n")
    assert "com.layers" not in files["build.gradle.kts"]


def test_a_java_activity_starts_layers_when_there_is_no_application_class(shelf, stacks) -> None:
    """Java, build script in Groovy."""
    files = dict(stacks["android"])
    del files["app/build.gradle.kts"], files["app/src/main/java/coffee/bean/BeanApp.kt"]
    files["app/build.gradle"] = "plugins {\n    id 'com.android.application'\n}\n\ndependencies {\n    implementation 'a:b:1'\n}\n"
    files["app/src/main/java/coffee/bean/MainActivity.java"] = (
        "package coffee.bean;\n\npublic class MainActivity extends Activity {\n    // onCreate {\n    @Override\n"
        "    protected void onCreate(Bundle state) {\n        super.onCreate(state);\n        show();\n    }\n}\n"
    )

    files = shelf.applied(files, events=("purchase",))

    assert "    implementation 'com.layers:sdk:1.0.0'\n}" in files["app/build.gradle"]
    assert "super.onCreate(state);\n        LayersSdk.start(this);\n" in files["app/src/main/java/coffee/bean/MainActivity.java"]
    assert 'EVENTS = {"purchase"};' in files["app/src/main/java/coffee/bean/LayersSdk.java"]


def test_an_android_app_without_a_place_to_start_from_is_not_written_into(shelf, stacks) -> None:
    """Nothing is claimed that would not run."""
    files = {path: text for path, text in stacks["android"].items() if not path.endswith(".kt")}

    trouble = shelf.carry_out(shelf.make(files))

    assert isinstance(trouble, Trouble)
    assert trouble.code == "SDK_PATCH_GENERATION_FAILED"


def test_an_older_next_app_renders_a_client_component_in_its_layout(shelf, stacks) -> None:
    """The root layout is a server component; the SDK is not."""
    files = shelf.applied(stacks["next"])

    assert 'import { LayersAnalytics } from "./layers";' in files["src/app/layout.tsx"]
    assert '<body className={`a ${"b"}`}>\n        <LayersAnalytics />\n        {children}' in files["src/app/layout.tsx"]
    assert files["src/app/layers.ts"].startswith('"use client";\n')


def test_a_newer_next_app_gets_a_client_hook(shelf, stacks) -> None:
    """nextjs.org: `instrumentation-client` runs before the app does, from 15.3 on."""
    package = stacks["next"]["package.json"].replace("14.2.3", "^15.3.0")

    files = shelf.applied(stacks["next"] | {"package.json": package})

    assert files["src/instrumentation-client.ts"] == 'import "./layers";\n'
    assert files["src/app/layout.tsx"] == stacks["next"]["src/app/layout.tsx"]


def test_a_next_app_with_pages_imports_the_sdk_in_its_custom_app(shelf, stacks) -> None:
    """The pages router runs `_app` in the browser."""
    files = {path: text for path, text in stacks["next"].items() if "src/app" not in path}
    files["pages/_app.js"] = "import '../styles.css'\n\nexport default function App() { return null }\n"

    files = shelf.applied(files)

    assert "import '../styles.css'\nimport '../layers'\n" in files["pages/_app.js"]


def test_a_bundled_page_imports_the_sdk_in_the_module_it_names(shelf, stacks) -> None:
    """Quotes and semicolons as the entry has them."""
    files = shelf.applied(stacks["vite"])

    assert "import App from './App.vue'\nimport './layers.js'\n" in files["src/main.js"]
    assert "import.meta.env.PROD ? 'production' : 'development'" in files["src/layers.js"]
    assert files["src/layers.js"].startswith("import { LayersClient } from '@layers/client'\n")


def test_a_page_of_its_own_loads_the_sdk_as_a_module(shelf, stacks) -> None:
    """No bundler, no package."""
    files = shelf.applied(stacks["html"])

    assert '  <title>Bean</title>\n  <script type="module" src="layers.js"></script>\n</head>' in files["index.html"]
    assert '<script type="module" src="layers.js"></script>\n</head>' in files["about.html"]
    assert "https://cdn.jsdelivr.net/npm/@layers/client@" in files["layers.js"]


@pytest.mark.parametrize(
    ("dependency", "there", "entry"),
    [
        ("nuxt", {"app/app.vue": ""}, "app/plugins/layers.client.js"),
        ("@sveltejs/kit", {"src/app.html": ""}, "src/hooks.client.js"),
        ("gatsby", {}, "gatsby-browser.js"),
        ("@remix-run/react", {"app/root.tsx": "import x from 'y';\n"}, "app/root.tsx"),
        ("@angular/core", {"src/main.ts": "import { a } from '@angular/core';\n\na();\n"}, "src/main.ts"),
        ("react-scripts", {"public/index.html": "", "src/index.js": "import React from 'react';\n"}, "src/index.js"),
        ("astro", {"src/layouts/Base.astro": "<html>\n  <head>\n  </head>\n</html>\n"}, "src/layouts/Base.astro"),
    ],
)
def test_a_web_framework_is_started_from_the_entry_it_runs(shelf, dependency, there, entry) -> None:
    """Each framework's own documentation of its client entry."""
    package = json.dumps({"name": "bean", "dependencies": {dependency: "1.0.0"}})

    files = shelf.applied({"package.json": package, **there})

    assert "layers" in files[entry].lower()
    assert json.loads(files["package.json"])["dependencies"]["@layers/client"]


def test_a_web_framework_without_an_entry_is_not_written_into(shelf) -> None:
    """Nothing is claimed that would not run."""
    for dependency in ("next", "@angular/core", "astro", "@remix-run/react"):
        trouble = shelf.carry_out(shelf.make({"package.json": json.dumps({"dependencies": {dependency: "1.0.0"}})}))

        assert isinstance(trouble, Trouble)


def test_an_app_with_a_file_of_that_name_keeps_it(shelf, stacks) -> None:
    """A drawing app has layers of its own."""
    files = shelf.applied(stacks["react-native"] | {"layers.ts": "export const mine = 1;\n"})

    assert files["layers.ts"] == "export const mine = 1;\n"
    assert "import './layersSdk';" in files["index.js"]
    assert "LayersReactNative" in files["layersSdk.ts"]


def test_line_endings_stay_as_they_are(shelf, stacks) -> None:
    """Windows checkouts get patches that apply."""
    crlf = {path: text.replace("\n", "\r\n") for path, text in stacks["react-native"].items()}

    files = shelf.applied(crlf)

    assert all("\n" not in files[path].replace("\r\n", "") for path in ("index.js", "package.json", "layers.ts"))


def test_a_monorepo_gives_each_platform_its_own_folder(shelf, stacks) -> None:
    """apps/mobile beside web."""
    files = {f"apps/mobile/{path}": text for path, text in stacks["expo"].items()}
    files |= {f"web/{path}": text for path, text in stacks["vite"].items()}
    files |= {"package.json": '{"private": true, "workspaces": ["apps/*", "web"], "devDependencies": {"vite": "7"}}\n'}
    files |= {"packages/ui/package.json": '{"name": "ui", "dependencies": {"react-dom": "19"}}\n'}
    files |= {f"examples/android/{path}": text for path, text in stacks["android"].items()}

    after = shelf.applied(files)
    outcome = shelf.read(files)

    assert set(outcome.found) == {"expo", "web"}
    assert "import '../layers';" in after["apps/mobile/app/_layout.tsx"]
    assert "./layers.js" in after["web/src/main.js"]
    assert after["package.json"] == files["package.json"]


def test_an_example_counts_only_where_there_is_nothing_else(stacks) -> None:
    """A library with an example is instrumented in the example, an app with one is not."""
    example = {f"example/{path}": text for path, text in stacks["react-native"].items()}

    alone, beside = find_apps(a_tree(example)), find_apps(a_tree(example | stacks["vite"]))

    assert [app.platform for app in alone if app.certain] == ["react-native"]
    assert [app.platform for app in beside if app.certain] == ["web"]


def test_a_platform_asked_for_is_written_into_the_shell_that_has_it(shelf, stacks) -> None:
    """Seed 004: "Retry with an explicit sdkConfig.includePlatforms matching the repo's stack"."""
    native = {path.replace("app/", "android/app/"): text for path, text in stacks["android"].items() if path.startswith("app/")}
    files = stacks["react-native"] | native

    outcome = shelf.read(files, platforms=("android",))

    assert outcome.found == ("react-native",)
    assert outcome.instrumented == ("android",)


def test_react_native_asked_of_an_expo_app_is_the_expo_app(shelf, stacks) -> None:
    """Expo is React Native."""
    assert shelf.read(stacks["expo"], platforms=("react-native",)).instrumented == ("react-native",)


def test_platforms_the_repository_does_not_have_are_refused(shelf, stacks) -> None:
    """Seed 004: SDK_PATCH_GENERATION_FAILED, no PR opened."""
    trouble = shelf.carry_out(shelf.make(stacks["vite"]), platforms=("flutter", "ios"))

    assert isinstance(trouble, Trouble)
    assert trouble.code == "SDK_PATCH_GENERATION_FAILED"


def test_only_the_platforms_asked_for_are_written_into(shelf, stacks) -> None:
    """`includePlatforms` names what to instrument."""
    files = {f"web/{path}": text for path, text in stacks["vite"].items()} | {
        f"mobile/{path}": text for path, text in stacks["flutter"].items()
    }

    outcome = shelf.read(files, platforms=("web",))

    assert set(outcome.found) == {"flutter", "web"}
    assert outcome.instrumented == ("web",)


def test_a_repository_without_an_app_is_refused_and_nothing_is_written(shelf) -> None:
    """Seed 004, failure paths."""
    repository = shelf.make({"README.md": "# Notes\n", "main.py": "print(1)\n"})

    trouble = shelf.carry_out(repository)

    assert trouble == Trouble(code="SDK_PATCH_GENERATION_FAILED", message=trouble.message, field="sdkConfig.includePlatforms")
    assert not (shelf.folder / "layers.patch").exists()
    assert shelf.git(repository, "branch", "--list").split() == ["*", "main"]


def test_manifests_that_are_no_manifests_are_passed_over(shelf, stacks) -> None:
    """A stranger's file may be anything."""
    broken = {
        "a/package.json": "{",
        "b/package.json": "[" * 100_000,
        "c/pubspec.yaml": "a: &x [1]\nb: *x\n",
        "d/pubspec.yaml": "dependencies: [",
        "e/app.json": "3",
        "f/Info.plist": "<plist",
        "g/res/values/strings.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><resources/>",
        "h/X.xcodeproj/project.pbxproj": "iphoneos com.apple.product-type.application {",
        "i/package.json": '{"dependencies": [], "keywords": 3}',
        "j/capacitor.config.json": "null",
    }

    outcome = shelf.carry_out(shelf.make(stacks["vite"] | broken))

    assert isinstance(outcome, Outcome)
    assert "web" in outcome.instrumented
