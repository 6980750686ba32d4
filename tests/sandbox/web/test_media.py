"""Files for an app are what their bytes say, within the bounds of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.web.errand import MediaErrand, MediaFile
from layers_mcp.sandbox.web.fetch import Web
from layers_mcp.sandbox.web.media import fetch
from layers_mcp.sandbox.web.sites import listed

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x06\0\0\0" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
WEBP = b"RIFF\x40\0\0\0WEBPVP8 " + b"\0" * 64
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
HEIC = b"\0\0\0\x18ftypheic" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 64
MOV = b"\0\0\0\x14ftypqt  " + b"\0" * 64
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + b"\0" * 64
MKV = WEBM.replace(b"webm", b"matr")


def fetched(server, folder: Path, kind: str, body: bytes, *, said: str) -> MediaFile | Trouble:
    """What comes of a file that a server calls `said`."""
    server.pages["/file"] = body
    server.types["/file"] = said
    sites = listed([f"acme.example={server.url}"])
    errand = MediaErrand(url="http://acme.example/file", kind=kind, folder=str(folder), stem="one", sites=sites)
    return fetch(errand, Web(sites))


@pytest.mark.parametrize(
    ("kind", "body", "mime"),
    [
        ("logo", JPEG, "image/jpeg"),
        ("logo", WEBP, "image/webp"),
        ("logo", SVG, "image/svg+xml"),
        ("screenshot", HEIC, "image/heic"),
        ("demo-video", MP4, "video/mp4"),
        ("demo-video", MOV, "video/quicktime"),
        ("demo-video", WEBM, "video/webm"),
        ("end-card", PNG, "image/png"),
    ],
)
def test_a_file_is_what_its_bytes_say(tmp_path, server, kind, body, mime):
    """layers-api: POST …/app-media, table of kinds and types; the header of the server is not believed."""
    file = fetched(server, tmp_path, kind, body, said="text/html")

    assert (file.mime, file.size) == (mime, len(body))
    assert (tmp_path / file.name).read_bytes() == body


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("logo", HEIC),
        ("logo", MP4),
        ("screenshot", SVG),
        ("end-card", SVG),
        ("demo-video", PNG),
        ("logo", PNG[:8]),
        ("end-card", PNG[:8] + b"\0" * 64),
        ("screenshot", PNG[:16] + b"\0" * 64),
        ("demo-video", MKV),
        ("demo-video", b"\0\0\0\x18ftypevil" + b"\0" * 64),
        ("logo", b"<html><svg></svg></html>"),
        ("logo", b""),
        ("logo", SVG.replace(b"<rect", b"<script>alert(1)</script><rect")),
        ("logo", SVG.replace(b"<rect", b'<rect onload = "alert(1)"')),
        ("logo", SVG.replace(b"<rect", b'<image href="http://169.254.169.254/"/><rect')),
        ("logo", b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'),
        ("logo", SVG.decode().encode("utf-16")),
        ("logo", PNG + b"\0" * (5 * 1024 * 1024)),
    ],
)
def test_a_file_of_another_kind_or_size_is_refused_and_not_kept(tmp_path, server, kind, body):
    """layers-api: POST …/app-media: wrong type or size is VALIDATION; an SVG that runs or fetches is no picture."""
    trouble = fetched(server, tmp_path, kind, body, said="image/png")

    assert (trouble.code, trouble.field) == ("VALIDATION", "url")
    assert "; give" in trouble.message or "; save" in trouble.message
    assert list(tmp_path.iterdir()) == []
