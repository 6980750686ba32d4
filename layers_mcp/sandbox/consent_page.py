"""The consent page as HTML: who asks for what on which account, and two buttons. Every word of a stranger is cleaned and escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import NamedTuple

from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox.clean import clean

__all__ = ["STYLE_HASH", "Asking", "ask", "tell"]

_NAMES = {"tiktok": "TikTok", "instagram": "Instagram"}
"""The platforms as people write them."""
_WORDS = {
    "user.info.basic": "See the account's name and picture",
    "user.info.profile": "See the account's profile",
    "user.info.stats": "See the account's follower and like counts",
    "video.list": "See the account's videos",
    "video.upload": "Send videos to the account's drafts",
    "video.publish": "Publish videos on the account",
    "instagram_business_basic": "See the account's name, picture and posts",
    "instagram_business_content_publish": "Publish posts and reels on the account",
    "instagram_business_manage_comments": "Read and answer comments on the account",
    "instagram_business_manage_insights": "See how the account's posts perform",
    "instagram_business_manage_messages": "Read and answer the account's messages",
}
"""What the platforms' permissions let somebody do, in words; one that is not here is shown by its name."""
_NAME_AT_MOST, _SCOPE_AT_MOST = 80, 64
_STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0;
  --act: #0a58ca; --on-act: #fff; --note: #fff4d6; --on-note: #5c4300 }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --card: #161b22; --ink: #e6edf3; --soft: #9da7b3; --line: #3d444d;
  --act: #79b8ff; --on-act: #06203f; --note: #3b2e0a; --on-note: #ffe3a3 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
header { background: var(--note); color: var(--on-note); padding: .75rem 1rem; text-align: center }
header p { margin: 0 auto; max-width: 40rem; text-wrap: balance } main > :last-child { margin-bottom: 0 }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 1rem } h2 { font-size: 1rem; margin: 1.25rem 0 .25rem }
ul { margin: 0; padding-inline-start: 1.25rem } small { color: var(--soft); font-size: .875rem }
form { display: flex; gap: .75rem; flex-wrap: wrap; margin: 1.5rem 0 1rem }
button, .back { font: inherit; font-weight: 600; padding: .625rem 1.25rem; min-width: 8rem; border-radius: .5rem; cursor: pointer;
  border: 2px solid var(--act); background: var(--card); color: var(--act); flex: 1; text-align: center }
button[value=allow] { background: var(--act); color: var(--on-act) }
.back { display: inline-block; text-decoration: none }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px }
"""
STYLE_HASH = f"sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}"
"""What a Content-Security-Policy lets through as this page's only style."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><p><strong>Sandbox.</strong> This is the Layers sandbox playing {platform}: no real account is touched.</p></header>
<main>
<h1>{heading}</h1>
{body}
</main>
</body>
</html>
"""
_ASK = """<p>{who} asks, through Layers, for access to the {platform} account <strong><bdi>@{handle}</bdi></strong>{again}.</p>
<h2 id="scopes">It will be able to</h2>
<ul aria-labelledby="scopes">
{scopes}
</ul>
<form method="post" action="{action}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="decline">Decline</button>
</form>
<p><small>Either way you go back to <bdi>{back}</bdi>. This page is good until <time datetime="{exact}">{until}</time>.</small></p>"""


class Asking(NamedTuple):
    """What a consent page shows. `action`: where its form is posted; `back`: the host that its reader goes back to."""

    platform: str
    project: str
    handle: str
    scopes: Sequence[str]
    known: bool
    action: str
    back: str
    until: datetime


def _whole(platform: str, title: str, heading: str, body: str) -> str:
    shown = escape(_NAMES.get(platform, "the platform"))
    return _PAGE.format(title=escape(title), style=_STYLE, platform=shown, heading=heading, body=body)


def _scope(scope: str) -> str:
    named = clean(scope, _SCOPE_AT_MOST) or "without a readable name"
    return f"<li>{escape(_WORDS[scope])}</li>" if scope in _WORDS else f"<li>Use the permission <bdi>{escape(named)}</bdi></li>"


def ask(asking: Asking) -> str:
    """The page with its two buttons."""
    platform = _NAMES[asking.platform]
    who = f"<bdi>{escape(clean(asking.project, _NAME_AT_MOST) or 'A project without a readable name')}</bdi>"
    body = _ASK.format(
        who=who,
        platform=platform,
        handle=escape(asking.handle),
        again=", which it was connected to before" if asking.known else "",
        scopes="\n".join(_scope(scope) for scope in asking.scopes),
        action=escape(asking.action),
        back=escape(asking.back),
        exact=wire_time(asking.until),
        until=f"{asking.until:%H:%M} UTC on {asking.until.day} {asking.until:%B %Y}",
    )
    return _whole(asking.platform, f"Allow access to a {platform} account?", f"Allow {who} to use this {platform} account?", body)


def tell(platform: str, heading: str, words: str, *, back: str | None = None) -> str:
    """A page on which nothing can be decided; `back`: where its reader can go back to."""
    link = f'\n<p><a class="back" href="{escape(back)}">Go back to the app</a></p>' if back else ""
    return _whole(platform, heading, escape(heading), f"<p>{escape(words)}</p>{link}")
