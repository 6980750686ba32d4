"""What the app's web pages say: titles, descriptions, Open Graph, Next.js metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from layers_mcp.sandbox.clean import plain
from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.parse import Page, html_page, json_value, split_words, text_at
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["copy", "domain_of", "html_lang", "of_page", "read"]

_DEEP = 4
_PAGES = 3
_NAME_WORDS = 4
_TAGLINE = 80
_SITE = re.compile(r"\b(?:site|siteConfig|siteMetadata|SITE|SITE_CONFIG)\b[^=\n]{0,40}=\s*\{(.{0,3000})", re.DOTALL)
_TITLE = re.compile(r"\s+[-\u2013—|•·]\s+|:\s+")
_STRING = r"""\s*:\s*(?P<q>['"`])(?P<text>(?:\\.|(?!(?P=q))[^\\\n])*)(?P=q)"""
_NOT_OURS = re.compile(r"(?:^|\.)(?:github\.com|localhost|example\.(?:com|org)|npmjs\.com|w3\.org|vercel\.com|reactjs\.org|127\.0\.0\.1)$")


def domain_of(address: str | None) -> str | None:
    """The host of an address of the app's own, or None."""
    try:
        host = urlsplit(address or "").hostname if "//" in (address or "") else None
    except ValueError:
        return None
    return None if host is None or _NOT_OURS.search(host) or "." not in host or not re.fullmatch(r"[a-z0-9.-]{3,100}", host) else host


def _pages(tree: Tree) -> Iterator[Page]:
    paths = [path for path in tree.named("index.html", "app.html", "_document.html") if path.count("/") <= _DEEP]
    for path in paths[:_PAGES]:
        if (page := html_page(tree.read(path))) is not None:
            yield page


def _metadata(tree: Tree) -> Iterator[str]:
    """The source of Next.js layouts and documents, where the site's metadata stands as an object."""
    for path in tree.named(*(f"{stem}.{kind}" for stem in ("layout", "_document", "_app", "root") for kind in ("tsx", "jsx", "js", "ts"))):
        if (
            path.count("/") <= _DEEP
            and re.search(r"(?:^|/)(?:app|pages)/(?:\[\w+\]/|\(\w+\)/)?\w+\.\w+$", path)
            and (text := tree.read(path))
        ):
            yield text


def _field(source: str, name: str) -> str | None:
    found = re.search(rf"\b{name}{_STRING}", source)
    return None if found is None or "${" in found["text"] else re.sub(r"\\(.)", r"\1", found["text"])


def _from_title(title: str, site: str | None) -> tuple[str | None, str | None]:
    """Name and tagline out of a page's title; `site` is the name where the page gives it."""
    parts = [part.strip() for part in _TITLE.split(" ".join(title.split())) if part.strip()]
    if site is not None:
        rest = [part for part in parts if part.casefold() != site.casefold()]
        return site, rest[0] if len(rest) == 1 and len(parts) > 1 else None
    if not parts or len(parts[0].split()) > _NAME_WORDS:
        return None, None
    return parts[0], parts[1] if len(parts) == 2 else None


def of_page(page: Page) -> Brand:
    """Name, tagline, description, keywords and domain as one page's title and metas give them."""
    metas = page.metas
    site = metas.get("og:site_name") or metas.get("application-name") or metas.get("apple-mobile-web-app-title") or None
    name, tagline = _from_title(page.title or metas.get("og:title", ""), own_name(site))
    return Brand(
        app_name=own_name(name),
        tagline=own_copy(tagline),
        app_description=own_copy(metas.get("description") or metas.get("og:description")),
        keywords=split_words(metas.get("keywords", "")),
        web_domain=domain_of(page.links.get("canonical") or metas.get("og:url")),
    )


def _of_metadata(source: str) -> Brand:
    block = re.search(r"\bmetadata\b[^=]*=\s*\{(.*?)^\}", source, re.DOTALL | re.MULTILINE)
    body = block[1] if block else source
    title = _field(body, "title") or _field(body, "default") if block else None
    tag = re.search(r"<title>([^<{]+)</title>", source)
    name, tagline = _from_title(title or (tag[1] if tag else ""), own_name(_field(body, "siteName") or _field(body, "applicationName")))
    meta = re.search(r"""<meta\s+name=["']description["']\s+content=["']([^"']+)["']""", source)
    base = re.search(r"metadataBase\s*:\s*new URL\(\s*['\"]([^'\"]+)", source)
    return Brand(
        app_name=own_name(name),
        tagline=own_copy(tagline),
        app_description=own_copy(_field(body, "description") if block else (meta[1] if meta else None)),
        web_domain=domain_of(base[1] if base else _field(body, "url")),
    )


def _of_site(tree: Tree) -> Brand:
    """The object of constants many sites keep their name and description in."""
    stems = ("site", "siteConfig", "site-config", "site.config", "siteMetadata", "index", "page", "constants")
    for path in tree.named(*(f"{stem}.{kind}" for stem in stems for kind in ("ts", "js", "tsx", "jsx", "mjs"))):
        found = _SITE.search(tree.read(path) or "") if path.count("/") <= _DEEP else None
        if found is not None and (words := _field(found[1], "description")):
            name = own_name(_field(found[1], "name") or _field(found[1], "siteName"))
            title = _field(found[1], "title")
            tagline = title if title and name and len(title) <= _TAGLINE and name not in title else None
            return Brand(
                app_name=name, tagline=own_copy(tagline), app_description=own_copy(words), web_domain=domain_of(_field(found[1], "url"))
            )
    return Brand()


def _of_manifest(tree: Tree) -> Brand:
    for path in tree.named("manifest.webmanifest", "site.webmanifest", "manifest.json"):
        manifest = json_value(tree.read(path))
        if text_at(manifest, "start_url") or text_at(manifest, "display"):
            name = own_name(text_at(manifest, "name")) or own_name(text_at(manifest, "short_name"))
            return Brand(app_name=name, app_description=own_copy(text_at(manifest, "description")))
    return Brand()


def read(tree: Tree) -> Brand:
    """Name, tagline, description, keywords and domain as the pages give them, the shallowest page first."""
    told = [
        *(of_page(page) for page in _pages(tree)),
        *(_of_metadata(source) for source in _metadata(tree)),
        _of_site(tree),
        _of_manifest(tree),
    ]
    record = next((text.strip() for path in ("CNAME", "public/CNAME", "docs/CNAME") if (text := tree.read(path))), None)
    return Brand(
        app_name=next((brand.app_name for brand in told if brand.app_name), None),
        tagline=next((brand.tagline for brand in told if brand.tagline), None),
        app_description=next((brand.app_description for brand in told if brand.app_description), None),
        keywords=next((brand.keywords for brand in told if brand.keywords), ()),
        web_domain=next((brand.web_domain for brand in told if brand.web_domain), domain_of(f"https://{record}") if record else None),
    )


def html_lang(tree: Tree) -> str | None:
    """The language the pages declare."""
    declared = [page.lang for page in _pages(tree)]
    written = [found[1] for source in _metadata(tree) if (found := re.search(r"""<[Hh]tml[^>]*\blang=["']([\w-]+)["']""", source))]
    return next((lang for lang in [*declared, *written] if lang), None)


def copy(tree: Tree) -> str:
    """The pages' prose, for what can only be guessed from prose."""
    texts = [text for page in _pages(tree) for text in [page.metas.get("description", ""), *page.copy[:12]]]
    texts += [brand.app_description or "" for brand in map(_of_metadata, _metadata(tree))]
    return "\n".join(plain(" ".join(text.split())) for text in texts if own_copy(text))
