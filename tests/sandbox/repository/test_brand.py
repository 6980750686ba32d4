"""Brand context: which source is believed, and what becomes of a stranger's text."""

from __future__ import annotations

import plistlib

import pytest

from layers_mcp.sandbox.clean import clean, cut, plain
from layers_mcp.sandbox.repository.brand_file import read as read_papers
from layers_mcp.sandbox.repository.language import spoken, tag
from layers_mcp.sandbox.repository.logo import read_logo
from layers_mcp.sandbox.repository.prose import audience, keywords, voice
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Entry, Tree

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x06\0\0\0" + b"0" * 50
GERMAN = "Die App für alle, die den Kaffee nicht nur trinken, sondern auch verstehen wollen, und das mit dem Rad in der Stadt."


def a_tree(files: dict[str, bytes]) -> Tree:
    """A tree of files, without git."""
    return Tree({path: Entry(path, "100644", len(raw)) for path, raw in files.items()}, lambda sha: files[sha])


def test_the_store_listing_is_believed_before_everything_else(shelf) -> None:
    """Words written for customers go before words written for developers."""
    brand = shelf.brand(
        {
            "fastlane/metadata/de-DE/name.txt": "Bohne\n",
            "fastlane/metadata/en-US/name.txt": "Bean: Order Ahead\n",
            "fastlane/metadata/en-US/description.txt": "Great beans.\n\nOrder from the cafe around the corner.\n\nMore.\n",
            "fastlane/metadata/en-US/keywords.txt": "coffee, Order Ahead,coffee\n",
            "BRAND.md": "# Name\n\nBean Brand\n\n**Tagline:** Beans, please.\n",
            "README.md": "# Bean Repo\n\nThis is where the bean app is built every day.\n",
            "package.json": '{"name": "bean-package", "description": "npm words"}',
        }
    )

    assert brand.app_name == "Bean"
    assert brand.tagline == "Order Ahead"
    assert brand.app_description == "Great beans. Order from the cafe around the corner."
    assert brand.keywords == ("coffee", "order ahead")


def test_a_play_listing_is_a_listing_too(shelf) -> None:
    """Fastlane supply and Gradle Play Publisher."""
    brand = shelf.brand(
        {
            "fastlane/metadata/android/en-US/title.txt": "Bean",
            "fastlane/metadata/android/en-US/short_description.txt": "Beans near you",
            "fastlane/metadata/android/en-US/full_description.txt": "<b>Find</b> beans in your own neighbourhood.<br><br>More",
        }
    )

    assert (brand.app_name, brand.tagline) == ("Bean", "Beans near you")
    assert brand.app_description == "Find beans in your own neighbourhood."


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"BRAND.md": "# Name\n\nBean Brand\n", "README.md": "# Readme Name\n"}, "Bean Brand"),
        ({"app.json": '{"expo": {"name": "Bean Expo"}}', "README.md": "# Readme Name\n"}, "Bean Expo"),
        ({"app.json": '{"expo": {"name": "bean-jargon-maker"}}'}, "Bean Jargon Maker"),
        ({"app.config.ts": "export default {\n  name: 'Bean Config',\n};\n"}, "Bean Config"),
        ({"capacitor.config.json": '{"appName": "Bean Cap", "appId": "coffee.bean"}'}, "Bean Cap"),
        ({"capacitor.config.ts": "const config = {\n  appName: 'Bean Cap',\n};\n"}, "Bean Cap"),
        (
            {"config.xml": '<widget xmlns="http://www.w3.org/ns/widgets" id="coffee.bean"><name>Bean Cordova</name></widget>'},
            "Bean Cordova",
        ),
        ({"ios/App/Info.plist": plistlib.dumps({"CFBundleDisplayName": "Bean Plist"})}, "Bean Plist"),
        (
            {"ios/App/Info.plist": plistlib.dumps({"CFBundleDisplayName": "$(NAME)", "CFBundleName": "Bean B"}, fmt=plistlib.FMT_BINARY)},
            "Bean B",
        ),
        (
            {"ios/Share/Info.plist": plistlib.dumps({"CFBundleDisplayName": "X", "NSExtension": {}}), "package.json": '{"name": "bean"}'},
            "Bean",
        ),
        ({"a/res/values/strings.xml": "<resources><string name='app_name'>Bean\\'s</string></resources>"}, "Bean's"),
        ({"manifest.json": '{"name": "Bean Web", "display": "standalone"}'}, "Bean Web"),
        ({"README.md": "<p align='center'><img src='x'></p>\n<h1 align='center'>☕ Bean — beans, now</h1>\n"}, "Bean"),
        ({"README.md": "Bean Under\n==========\n"}, "Bean Under"),
        ({"package.json": '{"name": "@owner/bean-app_two"}', "README.md": "# Getting Started\n"}, "Bean App Two"),
        ({"package.json": '{"displayName": "Bean Display", "name": "x"}'}, "Bean Display"),
        ({"pubspec.yaml": "name: bean_pub\n"}, "Bean Pub"),
        ({"README.md": "# My App\n"}, "The App"),
    ],
)
def test_the_name_comes_from_the_most_deliberate_place(shelf, files, name) -> None:
    """Store copy, brand file, display name, README heading, package name; at last the repository's own."""
    assert shelf.brand(files).app_name == name


def test_the_name_the_partner_gives_goes_before_all_of_them(shelf) -> None:
    """layers-api: `sdkConfig.appName`."""
    assert shelf.brand({"BRAND.md": "# Name\n\nBean Brand\n"}, app_name="Given").app_name == "Given"


def test_a_brand_paper_speaks_under_its_headings(shelf) -> None:
    """Tagline, audience, ICP, voice, keywords."""
    brand = shelf.brand(
        {
            "docs/brand-guide.md": (
                "## 1. Slogan\n\nBeans, please.\n\n## Who it's for\n\n- Students\n- Nurses\n\n## Ideal customer profile\n\nNight shifts.\n"
            ),
            "marketing/words.md": (
                "Tone of voice: dry and kind\n\n## Keywords\n\n- beans\n- night shift\n\n## About\n\nCoffee for people who work at night.\n"
            ),
        }
    )

    assert brand.tagline == "Beans, please."
    assert brand.audience == "Students, Nurses"
    assert brand.icp == "Night shifts."
    assert brand.brand_voice == "dry and kind"
    assert brand.keywords == ("beans", "night shift")
    assert brand.app_description == "Coffee for people who work at night."


def test_a_readme_gives_its_first_real_paragraph(shelf) -> None:
    """Badges, pictures, code, tables, notes and quotes of others are no paragraphs."""
    readme = (
        "---\ntitle: x\n---\n<!-- a comment\nof two lines -->\n[![Build](https://x/y.svg)](https://x)\n\n# Bean\n\n![Shot](a.png)\n\n"
        "| a | b |\n|---|---|\n\n```sh\nnpm install everything in this block now\n```\n\n> Beans for people, not for machines.\n\n"
        "- a list item with many words in it\n\n"
        "Find **good** [coffee](https://x) near `you`, at _night_ &amp; by day. :coffee:\n\n## Install\n"
    )

    brand = shelf.brand({"README.md": readme})

    assert brand.app_description == "Find good coffee near you, at night & by day."
    assert brand.tagline == "Beans for people, not for machines."


@pytest.mark.parametrize(
    "readme",
    [
        "This is a [Next.js](https://nextjs.org) project bootstrapped with [`create-next-app`](https://x).\n",
        "# Welcome to your Expo app\n\nThis is an Expo project created with create-expo-app.\n",
        "# React + TypeScript + Vite\n\nThis template provides a minimal setup to get React working.\n",
        "# bean\n\nA new Flutter project.\n",
    ],
)
def test_what_a_generator_wrote_is_nobodys_description(shelf, readme) -> None:
    """Nothing is better than a template's words."""
    brand = shelf.brand({"README.md": readme, "package.json": '{"name": "bean", "description": "A new Flutter project."}'})

    assert (brand.app_name, brand.app_description) == ("Bean", None)


def test_a_page_gives_name_tagline_description_domain_and_language(shelf) -> None:
    """Title, meta, Open Graph, canonical link."""
    page = (
        '<html lang="pt-BR"><head><title>Bean | Beans, now</title><meta name="description" content="Buy beans.">'
        '<meta name="keywords" content="Beans, Night"><link rel="canonical" href="https://bean.coffee/x"></head>'
        "<body><h1>Hello</h1><p>One</p><script>var p = 1</script></body></html>"
    )

    brand = shelf.read({"index.html": page, "layers.txt": ""}).brand

    assert (brand.app_name, brand.tagline, brand.app_description) == ("Bean", "Beans, now", "Buy beans.")
    assert (brand.keywords, brand.web_domain, brand.primary_language) == (("beans", "night"), "bean.coffee", "pt-BR")


def test_next_metadata_is_read_from_its_source(shelf, stacks) -> None:
    """The metadata object of a layout."""
    layout = stacks["next"]["src/app/layout.tsx"].replace(
        'title: "Bean Map",',
        "metadataBase: new URL('https://bean.map'),\n  title: { default: 'Bean Map | It\\'s near' },\n  siteName: 'Bean Map',",
    )

    brand = shelf.read(stacks["next"] | {"src/app/layout.tsx": layout}).brand

    assert (brand.app_name, brand.tagline, brand.web_domain) == ("Bean Map", "It's near", "bean.map")
    assert (brand.app_description, brand.primary_language) == ("Find the beans near you.", "en")


def test_a_site_keeps_its_words_in_an_object_of_constants(shelf, stacks) -> None:
    """As in the starters many landing pages grow from."""
    site = (
        "export const siteConfig: Site = {\n  name: 'Biller',\n  title: 'Get paid',\n  description:\n    'Invoices with one click.',\n};\n"
    )
    page = stacks["next"]["src/app/layout.tsx"].replace("title:", "other:").replace("description:", "another:")

    brand = shelf.read(stacks["next"] | {"src/config/site.ts": site, "src/app/layout.tsx": page}).brand

    assert (brand.app_name, brand.tagline, brand.app_description) == ("Biller", "Get paid", "Invoices with one click.")


def test_ids_come_from_the_manifests_and_a_templates_do_not(shelf, stacks) -> None:
    """Bundle id, Android package, domain."""
    expo, android = shelf.read(stacks["expo"]).brand, shelf.read(stacks["android"]).brand
    template = shelf.brand({"a/build.gradle": 'applicationId "com.example.app"\n'})

    assert (expo.bundle_id, expo.android_package) == ("coffee.bean.app", "coffee.bean")
    assert (android.app_name, android.android_package) == ("Bean's", "coffee.bean")
    assert template.android_package is None


def test_hidden_characters_never_leave_a_repository(shelf) -> None:
    """Control, bidi, zero-width and ANSI characters; seed 000 takes brand context into prompts."""
    brand = shelf.brand({"BRAND.md": "# Tagline\n\nBe\u200bans\u202e \x1b[31mnow\x1b[0m\x07\u2066 a\tb\n"})

    assert brand.tagline == "Beans now a b"


def test_text_is_cut_to_its_length_at_a_word() -> None:
    """60 for a name, 80 for a tagline, 1000 for a description."""
    assert cut("one two three", 9) == "one two…"
    assert cut("x" * 20, 9) == "x" * 8 + "…"
    assert clean("word " * 500, 80) == "word " * 14 + "word…"
    assert clean(" \u200b ", 80) is None
    assert clean(None, 80) is None
    assert plain("![a](b) **x** <br>~~y~~") == "x  y"


def test_names_of_generators_and_build_variables_are_no_names() -> None:
    """create-next-app, vite-project, $(PRODUCT_NAME)."""
    for name in (
        "my-app",
        "Create Next App",
        "HelloWorld",
        "$(PRODUCT_NAME)",
        "Vite + React",
        "React App",
        "This template is deprecated",
        "",
        None,
    ):
        assert own_name(name) is None, name
    assert own_name(" Bean ") == "Bean"
    assert own_copy("bootstrapped with x") is None


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", "en"),
        ("de_DE", "de"),
        ("pt-BR", "pt-BR"),
        ("zh-Hans", "zh-Hans"),
        ("ja-JP", "ja"),
        ("Base", None),
        ("e", None),
        (None, None),
    ],
)
def test_a_locale_is_a_short_language_tag(locale, expected) -> None:
    """BCP-47, without a region that adds nothing."""
    assert tag(locale) == expected


def test_prose_in_a_language_outweighs_a_generators_english(shelf) -> None:
    """Every template says `en`."""
    page = '<html lang="en"><head></head></html>'

    assert shelf.read({"index.html": page, "README.md": f"# Bohne\n\n{GERMAN}\n"}).brand.primary_language == "de"
    assert shelf.read({"index.html": page}).brand.primary_language == "en"
    assert shelf.brand({"fastlane/metadata/fr-FR/name.txt": "Grain"}).primary_language == "fr"
    assert spoken("コーヒーを注文する") == "ja"
    assert spoken("one two") is None


def test_an_audience_is_taken_only_where_prose_names_people() -> None:
    """`for X who …`, `built for …`, and not `built for production`."""
    assert audience("An app built for night nurses and students.") == "Night nurses and students."
    assert audience("Coffee for people who work at night.") == "People who work at night."
    assert audience("Bean helps busy parents find a quiet cafe.") == "Busy parents."
    assert audience("Built for production. Made for iOS.") is None


def test_keywords_are_what_the_prose_keeps_coming_back_to() -> None:
    """Frequent words without stop words."""
    assert keywords("Coffee in the cafe. The cafe's coffee, coffee again and install install.") == ("coffee", "cafe")
    assert keywords("Nothing twice here") == ()


def test_a_voice_is_named_only_with_enough_to_go_by() -> None:
    """Two traits in sixty words, else nothing."""
    lively = "You'll love your coffee! Don't wait in line. It's ready when you are! " * 8

    assert voice(lively) == "Energetic, conversational, direct, speaks to the reader, concise."
    assert voice("Coffee.") is None
    assert voice("The committee convened and the minutes were then distributed to members of the board. " * 6) is None


def test_a_logo_is_an_image_from_a_place_where_logos_are() -> None:
    """App icons before favicons; the largest that is small enough."""
    files = {
        "public/favicon.png": PNG,
        "ios/Assets.xcassets/AppIcon.appiconset/small.png": PNG,
        "ios/Assets.xcassets/AppIcon.appiconset/big.png": PNG + b"0",
        "ios/Assets.xcassets/AppIcon.appiconset/huge.png": PNG + b"0" * 200_000,
    }

    logo = read_logo(a_tree(files))

    assert logo is not None
    assert (logo.path, logo.media_type) == ("ios/Assets.xcassets/AppIcon.appiconset/big.png", "image/png")


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("public/logo.svg", b"<svg><script>alert(1)</script></svg>"),
        ("public/logo.svg", b"<svg onload='x()'/>"),
        ("public/logo.svg", b"<html></html>"),
        ("public/logo.png", b"MZ not a picture"),
        ("public/vite.svg", b"<svg/>"),
        ("src/other.png", PNG),
        ("public/logo.png", b""),
    ],
)
def test_what_is_no_safe_picture_of_the_app_is_no_logo(path, raw) -> None:
    """A stranger's SVG is a program; a framework's logo is not the app's."""
    assert read_logo(a_tree({path: raw})) is None


def test_a_paper_that_says_nothing_says_nothing() -> None:
    """No invention."""
    assert read_papers(a_tree({"BRAND.md": b"# Colours\n\nGreen and cream.\n"})).tagline is None
