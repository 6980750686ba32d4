"""Native iOS apps: the Xcode project, the Podfile, the Swift package, and the place where the SDK is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import Outcome
from layers_mcp.sandbox.repository.instrument.blocks import closing, depth_at
from layers_mcp.sandbox.repository.instrument.pbxproj import parse
from layers_mcp.sandbox.repository.instrument.xcode import open_project

SAMPLE = Path(__file__).parents[3] / "layers_mcp/sandbox/repository/sample/ios"
PROJECT = "Quinns.xcodeproj/project.pbxproj"


@pytest.fixture
def app() -> dict[str, str]:
    """The sample's iOS half, at the root."""
    return {str(path.relative_to(SAMPLE)): path.read_text() for path in SAMPLE.rglob("*") if path.suffix in {".swift", ".pbxproj"}}


def test_an_xcode_project_gets_the_package_the_file_and_the_call(shelf, app) -> None:
    """What Xcode itself writes for "Add Package Dependencies…" and "New File…"."""
    files = shelf.applied(app, events=('say "hi"',))
    project = open_project(files[PROJECT], "")

    assert project is not None
    (target,) = project.targets()
    objects = project.objects
    (product,) = objects.table(target.id).texts("packageProductDependencies")
    (package,) = objects.table(project.root).texts("packageReferences")
    frameworks = next(table for key in objects.items if (table := objects.table(key)).text("isa") == "PBXFrameworksBuildPhase")
    assert objects.table(frameworks.texts("files")[0]).text("productRef") == product
    assert objects.table(product).text("package") == package
    assert objects.table(package).text("repositoryURL") == "https://github.com/layers-os/layers-sdk-ios"
    assert "Quinns/Layers.swift" in target.sources
    assert "    init() {\n        LayersAnalytics.start()\n    }\n\n    var body: some Scene {" in files["Quinns/QuinnsApp.swift"]
    assert r'"say \"hi\""' in files["Quinns/Layers.swift"]


def test_a_second_run_changes_nothing(shelf, app) -> None:
    """The package is known by its address."""
    assert shelf.read(shelf.applied(app)).files_changed == 0


def test_a_project_whose_folders_xcode_keeps_in_step_needs_no_file_reference(shelf, app) -> None:
    """Xcode 16, PBXFileSystemSynchronizedRootGroup."""
    text = app[PROJECT]
    group = (
        "A4F /* Quinns */ = {\n\t\t\tisa = PBXFileSystemSynchronizedRootGroup;\n\t\t\tpath = Quinns;\n"
        '\t\t\tsourceTree = "<group>";\n\t\t};\n\t\t'
    )
    text = text.replace("A60000000000000000000001 /* Project object */ = {", group + "A60000000000000000000001 /* Project object */ = {", 1)
    text = text.replace("\t\t\tname = Quinns;\n", "\t\t\tfileSystemSynchronizedGroups = (\n\t\t\t\tA4F,\n\t\t\t);\n\t\t\tname = Quinns;\n")
    text = text.replace("A40000000000000000000003 /* Products */,\n", "A40000000000000000000003 /* Products */,\n\t\t\t\tA4F,\n")

    files = shelf.applied(app | {PROJECT: text})

    assert "Quinns/Layers.swift" in files
    assert "Layers.swift" not in files[PROJECT]
    assert "XCSwiftPackageProductDependency" in files[PROJECT]


def test_a_second_package_joins_the_first(shelf, app) -> None:
    """Existing lists and sections are used."""
    text = app[PROJECT].replace(
        "\t\t\tname = Quinns;\n", "\t\t\tname = Quinns;\n\t\t\tpackageProductDependencies = (\n\t\t\t\tB1 /* Other */,\n\t\t\t);\n"
    )
    text = text.replace("\t};\n\trootObject", "\n/* Begin XCVersionGroup section */\n/* End XCVersionGroup section */\n\t};\n\trootObject")

    files = shelf.applied(app | {PROJECT: text})

    assert files[PROJECT].count("packageProductDependencies = (") == 1
    assert files[PROJECT].index("Begin XCSwiftPackageProductDependency") < files[PROJECT].index("Begin XCVersionGroup")
    assert parse(files[PROJECT]) is not None


def test_a_podfile_takes_the_pod_instead_of_the_package(shelf, app) -> None:
    """CocoaPods projects keep one manager."""
    podfile = "platform :ios, '17.0'\n\ntarget 'Quinns' do\n  use_frameworks!\n\n  pod 'Kingfisher'\nend\n"

    files = shelf.applied(app | {"Podfile": podfile})

    assert "  use_frameworks!\n\n  pod 'LayersSDK', '~> 1.4'\n  pod 'Kingfisher'\n" in files["Podfile"]
    assert "XCRemoteSwiftPackageReference" not in files[PROJECT]
    assert "Layers.swift in Sources" in files[PROJECT]
    assert shelf.read(files).files_changed == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            (
                "import SwiftUI\n\n@main\nstruct QuinnsApp: App {\n  init() {\n    setUp()\n  }\n\n"
                "  var body: some Scene { WindowGroup {} }\n}\n"
            ),
            "  init() {\n    LayersAnalytics.start()\n    setUp()\n",
        ),
        (
            (
                "import UIKit\n\n@main\nclass AppDelegate: UIResponder, UIApplicationDelegate {\n"
                "    func application(_ application: UIApplication,\n"
                "                     didFinishLaunchingWithOptions launchOptions: [UIApplication.LaunchOptionsKey: Any]?) -> Bool {\n"
                "        return true\n    }\n}\n"
            ),
            "-> Bool {\n        LayersAnalytics.start()\n        return true\n",
        ),
        (
            "import SwiftUI\n\n@main\nstruct QuinnsApp: App {\n    let x = 1\n}\n",
            "struct QuinnsApp: App {\n    init() {\n        LayersAnalytics.start()\n    }\n",
        ),
    ],
)
def test_the_call_stands_where_the_app_is_launched(shelf, app, source, expected) -> None:
    """An initializer there is, an app delegate, or an initializer of our own."""
    files = shelf.applied(app | {"Quinns/QuinnsApp.swift": source})

    assert expected in files["Quinns/QuinnsApp.swift"]


def test_an_app_launched_from_objective_c_is_not_written_into(shelf, app) -> None:
    """No safe place to start from."""
    files = app | {"Quinns/QuinnsApp.swift": "import UIKit\n\nfinal class Nothing {}\n"}

    trouble = shelf.carry_out(shelf.make(files))

    assert isinstance(trouble, Trouble)
    assert trouble.code == "SDK_PATCH_GENERATION_FAILED"


@pytest.mark.parametrize(
    "manifest",
    [
        (
            'let package = Package(\n    name: "Bean",\n    platforms: [.iOS("17.0")],\n    dependencies: [\n'
            '        .package(url: "x", from: "1.0.0"),\n    ],\n    targets: [\n        .executableTarget(\n'
            '            name: "Bean",\n            dependencies: ["Other"]\n        )\n    ]\n)\n'
        ),
        (
            'let package = Package(\n    name: "Bean",\n    products: [.iOSApplication(name: "Bean", targets: ["Bean"])],\n'
            '    targets: [\n        .executableTarget(name: "Bean", path: "Sources")\n    ]\n)\n'
        ),
    ],
)
def test_a_swift_package_app_depends_on_the_sdk(shelf, manifest) -> None:
    """Swift Playgrounds apps and packages that run."""
    main = "import SwiftUI\n\n@main\nstruct Bean: App {\n    var body: some Scene { WindowGroup {} }\n}\n"

    files = shelf.applied({"Package.swift": manifest, "Sources/Bean.swift": main})

    assert '.package(url: "https://github.com/layers-os/layers-sdk-ios", from: "1.4.0"),' in files["Package.swift"]
    assert '.product(name: "Layers", package: "layers-sdk-ios")' in files["Package.swift"]
    assert closing(files["Package.swift"], files["Package.swift"].index("(")) == len(files["Package.swift"]) - 2
    assert "LayersAnalytics.start()" in files["Sources/Bean.swift"]


def test_a_mac_app_is_no_ios_app(shelf, app) -> None:
    """The platforms are what the repository builds for."""
    text = app[PROJECT].replace("iphoneos", "macosx").replace("IPHONEOS_DEPLOYMENT_TARGET", "MACOSX_DEPLOYMENT_TARGET")

    trouble = shelf.carry_out(shelf.make(app | {PROJECT: text.replace("TARGETED_DEVICE_FAMILY = 1;", "")}))

    assert isinstance(trouble, Trouble)


def test_the_project_format_is_read_with_places() -> None:
    """Strings, escapes, comments, nested tables and lists; nonsense is None."""
    text = '// !$*UTF8*$!\n{a = "x \\"y\\""; /* c */ b = (1, {c = d;}, ); }'

    table = parse(text)

    assert table is not None
    assert table.text("a") == 'x "y"'
    assert table.texts("b") == ("1",)
    assert table.listed("b") is not None
    for nonsense in ("", "{a = ", "{a}", "{a = (", "{a = ;}", "{" + "a = {" * 100, "{= 3;}"):
        assert parse(nonsense) is None
    assert open_project("{objects = {}; }", "") is None


def test_brackets_in_strings_and_comments_do_not_count() -> None:
    """Kotlin, Swift and Groovy alike."""
    text = 'a { "}" // }\n /* } */ \'\\\'}\' """ } """ { } }'

    assert closing(text, 2) == len(text) - 1
    assert closing("{ (", 0) is None
    assert depth_at(text, len(text) - 2) == 1


def test_an_outcome_names_what_it_counted(shelf, app) -> None:
    """As `git diff --stat` prints it."""
    outcome = shelf.read(app)

    assert isinstance(outcome, Outcome)
    assert f"{outcome.files_changed} files changed, {outcome.insertions} insertions(+)" in outcome.diffstat
