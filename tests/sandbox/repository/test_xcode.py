"""Xcode projects as strangers keep them: several apps in one, lists and phases of every shape, comments in the way."""

from __future__ import annotations

import pytest

from layers_mcp.sandbox.repository.instrument.blocks import bare
from layers_mcp.sandbox.repository.instrument.pbxproj import parse
from layers_mcp.sandbox.repository.instrument.xcode import Project, open_project

PROJECT = "Bean.xcodeproj/project.pbxproj"
MAIN = "import SwiftUI\n\n@main\nstruct BeanApp: App {\n    var body: some Scene { WindowGroup {} }\n}\n"


def _configuration(key: str, settings: str) -> str:
    return (
        f"\t\tL{key} = {{isa = XCConfigurationList; buildConfigurations = (C{key}, ); }};\n"
        f"\t\tC{key} = {{isa = XCBuildConfiguration; buildSettings = {{{settings}}}; name = Release; }};\n"
    )


def _target(key: str, name: str, settings: str, *, phases: str) -> str:
    return (
        f"\t\tT{key} /* {name} */ = {{\n\t\t\tisa = PBXNativeTarget;\n\t\t\tbuildConfigurationList = L{key};\n"
        f"\t\t\tbuildPhases = ({phases});\n"
        f"\t\t\tfileSystemSynchronizedGroups = (G{key}, );\n\t\t\tname = {name};\n\t\t\tproductName = {name};\n"
        '\t\t\tproductType = "com.apple.product-type.application";\n\t\t};\n'
        f'\t\tG{key} = {{isa = PBXFileSystemSynchronizedRootGroup; path = {name}; sourceTree = "<group>"; }};\n'
        f"\t\tF{key} = {{\n\t\t\tisa = PBXFrameworksBuildPhase;\n\t\t\tfiles = (\n\t\t\t);\n\t\t}};\n" + _configuration(key, settings)
    )


def _project(*targets: str, order: str, settings: str = "SDKROOT = iphoneos; ") -> str:
    groups = order.replace("T", "G")
    return (
        "// !$*UTF8*$!\n{\n\tobjects = {\n\n/* Begin PBXGroup section */\n"
        f'\t\tG = {{isa = PBXGroup; children = ({groups}); sourceTree = "<group>"; }};\n/* End PBXGroup section */\n\n'
        "/* Begin PBXNativeTarget section */\n" + "".join(targets) + "/* End PBXNativeTarget section */\n\n"
        "/* Begin PBXProject section */\n\t\tP = {\n\t\t\tisa = PBXProject;\n\t\t\tbuildConfigurationList = LP;\n\t\t\tmainGroup = G;\n"
        f"\t\t\tminimizedProjectReferenceProxies = 1;\n\t\t\ttargets = ({order});\n\t\t}};\n/* End PBXProject section */\n\n"
        "/* Begin XCBuildConfiguration section */\n" + _configuration("P", settings) + "/* End XCBuildConfiguration section */\n"
        "\t};\n\trootObject = P;\n}\n"
    )


BEAN = _target(
    "2", "Bean", 'INFOPLIST_KEY_CFBundleDisplayName = "Bean Share"; PRODUCT_BUNDLE_IDENTIFIER = coffee.bean.Share; ', phases="F2, "
)


def _opened(text: str) -> Project:
    project = open_project(text, "")
    assert project is not None
    return project


def _places(text: str, *words: str) -> list[int]:
    """Where the words stand; the test is about their order."""
    return [text.index(word) for word in words]


@pytest.mark.parametrize("root", ["SDKROOT = watchos; ", "SDKROOT = macosx; ", 'SDKROOT = auto; SUPPORTED_PLATFORMS = "macosx xros"; '])
def test_the_sdk_goes_into_the_phone_app_and_not_into_the_one_beside_it(shelf, root) -> None:
    """Watch apps are `product-type.application` since Xcode 14, and their targets and names may stand first."""
    other = _target("1", "Watch", f"{root}INFOPLIST_KEY_CFBundleDisplayName = BeanWatch; ", phases="F1, ")
    files = {PROJECT: _project(other, BEAN, order="T1, T2, "), "Watch/WatchApp.swift": MAIN, "Bean/BeanApp.swift": MAIN}

    written = shelf.applied(files)

    assert "LayersAnalytics.start()" in written["Bean/BeanApp.swift"]
    assert written["Watch/WatchApp.swift"] == MAIN
    assert "Bean/Layers.swift" in written


def test_an_app_is_called_what_its_own_target_says(shelf) -> None:
    """Widgets and watch apps have display names and ids of their own; an app may be called Share or Watch."""
    watch = _target("1", "Watch", "SDKROOT = watchos; INFOPLIST_KEY_CFBundleDisplayName = BeanWatch; ", phases="F1, ")
    text = _project(watch, BEAN, order="T1, T2, ")

    brand = shelf.brand({PROJECT: text, "Bean/BeanApp.swift": MAIN})

    assert (brand.app_name, brand.bundle_id) == ("Bean Share", "coffee.bean.Share")


def test_the_first_app_is_the_project_s_first_and_not_the_one_with_the_lowest_id() -> None:
    """Xcode sorts objects by id, and targets by hand."""
    other = _target("1", "Lab", "", phases="F1, ")

    project = _opened(_project(other, BEAN, order="T2, T1, "))

    assert [target.name for target in project.targets()] == ["Bean", "Lab"]


def test_a_project_for_every_platform_is_one_for_phones() -> None:
    """Xcode's multiplatform template."""
    text = _project(BEAN, order="T2, ", settings='SDKROOT = auto; SUPPORTED_PLATFORMS = "iphoneos iphonesimulator macosx"; ')

    assert [target.name for target in _opened(text).targets()] == ["Bean"]


def test_new_sections_and_keys_stand_where_xcode_would_write_them(shelf) -> None:
    """In alphabetical order; a project of Xcode 16 has no PBXBuildFile section before its first package."""
    text = shelf.applied({PROJECT: _project(BEAN, order="T2, "), "Bean/BeanApp.swift": MAIN})[PROJECT]

    sections = ("Begin PBXBuildFile", "Begin PBXGroup", "Begin XCBuildConfiguration", "Begin XCRemoteSwift", "Begin XCSwiftPackageProduct")
    places = _places(text, *sections)
    assert places == sorted(places)
    keys = _places(text, "minimizedProjectReferenceProxies", "packageReferences = (", "targets = (")
    assert keys == sorted(keys)
    assert text.count("\n\n\n") == 0


@pytest.mark.parametrize("phases", ["", "S2 /* a, b; */", "S2, "])
def test_a_target_that_links_nothing_gets_a_phase_for_it(shelf, phases) -> None:
    """XcodeGen leaves the phase out; lists may lack their last comma."""
    text = _project(BEAN.replace("buildPhases = (F2, )", f"buildPhases = ({phases})"), order="T2, ")
    text = text.replace("/* Begin PBXProject", "\t\tS2 = {isa = PBXSourcesBuildPhase; files = (); };\n/* Begin PBXProject")

    project = _opened(shelf.applied({PROJECT: text, "Bean/BeanApp.swift": MAIN})[PROJECT])

    target = project.objects.table("T2")
    assert target is not None
    phase = project.objects.table(target.texts("buildPhases")[-1])
    assert phase is not None
    assert phase.text("isa") == "PBXFrameworksBuildPhase"
    (build,) = (project.objects.table(key) for key in phase.texts("files"))
    assert build is not None
    assert build.text("productRef") == target.texts("packageProductDependencies")[0]
    assert target.texts("buildPhases")[:-1] == (("S2",) if phases else ())


def test_a_new_file_stands_beside_its_neighbour(shelf) -> None:
    """References from the project's folder, a list that lacks its last comma, and no quotes where Xcode writes none."""
    listed = (
        "\t\tG2 = {\n\t\t\tisa = PBXGroup;\n\t\t\tchildren = (\n\t\t\t\tR1 /* BeanApp.swift */,\n"
        "\t\t\t\tR2 /* Other.swift */\n\t\t\t);\n\t\t};\n"
    )
    rows = "".join(
        f"\t\tR{key} = {{isa = PBXFileReference; path = Bean/{name}; sourceTree = SOURCE_ROOT; }};\n"
        f"\t\tB{key} = {{isa = PBXBuildFile; fileRef = R{key}; }};\n"
        for key, name in (("1", "BeanApp.swift"), ("2", "Other.swift"))
    )
    sources = (
        "\t\tS2 = {\n\t\t\tisa = PBXSourcesBuildPhase;\n\t\t\tfiles = (\n\t\t\t\tB1,\n\t\t\t\tB2 /* Other.swift */\n\t\t\t);\n\t\t};\n"
    )
    head, _, rest = BEAN.partition("\t\tG2 = {")
    bean = head.replace("fileSystemSynchronizedGroups = (G2, );", "") + listed + rows + sources + rest.partition("\n")[2]
    text = _project(bean.replace("(F2, )", "(S2, F2, )"), order="T2, ")

    written = shelf.applied({PROJECT: text, "Bean/BeanApp.swift": MAIN, "Bean/Other.swift": "\n"})[PROJECT]

    (target,) = _opened(written).targets()
    assert target.sources == {"Bean/BeanApp.swift", "Bean/Other.swift", "Bean/Layers.swift"}
    places = _places(written, "R1 /* BeanApp.swift */,\n", "/* Layers.swift */,\n\t\t\t\tR2", "R2 /* Other.swift */\n")
    assert places == sorted(places)
    assert "path = Bean/Layers.swift; sourceTree = SOURCE_ROOT; }" in written
    assert "B2 /* Other.swift */,\n" in written
    assert parse(written) is not None


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (
            "//    init() {\n//        old()\n//    }\n\n    @SceneBuilder\n    var body: some Scene { WindowGroup {} }\n",
            "//    }\n\n    init() {\n        LayersAnalytics.start()\n    }\n\n    @SceneBuilder\n    var body: some Scene",
        ),
        (
            "    struct Inner {\n        init() {}\n    }\n\n    init() {\n        x()\n    }\n\n    var body: some Scene { W {} }\n",
            "    init() {\n        LayersAnalytics.start()\n        x()\n",
        ),
        (
            "    /* var body: some Scene { } */\n    /// All of it.\n    @MainActor\n    var body: some Scene { WindowGroup {} }\n",
            "}\n\n    /// All of it.\n    @MainActor\n    var body: some Scene",
        ),
        (
            "    // first\n    var body: some Scene { WindowGroup {} }\n",
            "struct BeanApp: App {\n    init() {\n        LayersAnalytics.start()\n    }\n\n    // first\n    var body",
        ),
    ],
)
def test_comments_attributes_and_inner_types_do_not_mislead_the_call(shelf, inside, expected) -> None:
    """The call stands in the app's own initializer, and an attribute keeps what it belongs to."""
    main = f"import SwiftUI\n\n@main\nstruct BeanApp: App {{\n{inside}}}\n"

    written = shelf.applied({PROJECT: _project(BEAN, order="T2, "), "Bean/BeanApp.swift": main})["Bean/BeanApp.swift"]

    assert expected in written
    assert written.count("LayersAnalytics.start()") == 1


def test_the_file_that_says_main_goes_before_an_app_delegate_nobody_launches(shelf) -> None:
    """Left over from before SwiftUI."""
    delegate = (
        "import UIKit\n\nclass AppDelegate: NSObject, UIApplicationDelegate {\n    func application(_ application: UIApplication, "
        "didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]?) -> Bool {\n        true\n    }\n}\n"
    )
    files = {PROJECT: _project(BEAN, order="T2, "), "Bean/AppDelegate.swift": delegate, "Bean/Start.swift": MAIN}

    written = shelf.applied(files)

    assert written["Bean/AppDelegate.swift"] == delegate
    assert "LayersAnalytics.start()" in written["Bean/Start.swift"]


def test_our_file_is_named_like_no_other_of_the_app(shelf) -> None:
    """Swift: filename "Layers.swift" used twice, whatever the folders."""
    files = {PROJECT: _project(BEAN, order="T2, "), "Bean/BeanApp.swift": MAIN, "Bean/Views/Layers.swift": "import SwiftUI\n"}

    written = shelf.applied(files)

    assert "Bean/LayersAnalytics.swift" in written
    assert "Bean/Layers.swift" not in written


@pytest.mark.parametrize(
    ("full_name", "name"),
    [("owner/bean-timer-ios", "Bean Timer"), ("owner/SwiftUI-Bean", "Bean"), ("owner/ios", "Ios"), ("owner/the-app", "The App")],
)
def test_a_repository_s_name_is_read_without_its_stack(shelf, full_name, name) -> None:
    """`.../bean-timer-ios` is the iOS half of Bean Timer, when nothing in it has a name."""
    text = _project(BEAN.replace('INFOPLIST_KEY_CFBundleDisplayName = "Bean Share"; ', ""), order="T2, ")

    assert shelf.brand({PROJECT: text, "Bean/BeanApp.swift": MAIN}, full_name=full_name).app_name == name


def test_what_is_blanked_out_keeps_its_place() -> None:
    """Strings and comments, lines kept."""
    source = 'a("}") // {\n/* {\r\n */ b\n'

    assert bare(source) == "a(   )     \n    \r\n    b\n"
