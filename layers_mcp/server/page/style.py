"""How the page looks: the system's own letters, one card, light or dark as the reader has it."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Final

__all__ = ["DARK", "LIGHT", "STYLE", "STYLE_HASH"]

LIGHT: Final = """--ground: #f3f4f6; --card: #ffffff; --well: #f6f8fa; --ink: #1b1f24; --soft: #57606a;
  --line: #d5dae1; --act: #0a58ca; --on-act: #ffffff; --note: #fff4d6; --on-note: #5c4300"""
DARK: Final = """--ground: #0d1117; --card: #161b22; --well: #0f141b; --ink: #e6edf3; --soft: #9da7b3;
  --line: #343b44; --act: #79b8ff; --on-act: #06203f; --note: #3b2e0a; --on-note: #ffe3a3"""
STYLE: Final = (
    f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
"""
    """* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif;
  overflow-wrap: anywhere }
header, main { max-width: 42rem; margin-inline: auto }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; padding: .75rem .25rem }
header p, header nav { margin: 0; font-size: .875rem; color: var(--soft) }
a { color: var(--act); text-underline-offset: .2em }
article { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: clamp(1.25rem, 5vw, 2.25rem);
  box-shadow: 0 1px 3px rgb(0 0 0 / .06) }
h1 { font-size: clamp(1.2rem, 4vw, 1.4rem); line-height: 1.35; letter-spacing: -.01em; margin: 0 0 .75rem; text-wrap: pretty }
h2 { font-size: 1rem; margin: 0 0 .75rem }
section { border-top: 1px solid var(--line); margin-top: 1.75rem; padding-top: 1.5rem }
.over { margin: 0 0 .5rem; color: var(--soft); font-size: .875rem }
.soft, small { color: var(--soft); font-size: .875rem }
.note { background: var(--note); color: var(--on-note); border-radius: .5rem; padding: .625rem .875rem; margin: 1rem 0 0 }
.lead { font-size: 1.0625rem; margin: 0 }
dl { margin: 0; display: grid; gap: .5rem } dl > div { display: grid; grid-template-columns: minmax(6rem, 9rem) 1fr; gap: .25rem 1rem }
dt { color: var(--soft); font-size: .875rem; line-height: 1.75 } dd { margin: 0; min-width: 0 }
dd ul { margin: 0; padding-inline-start: 1.1rem }
.change { grid-template-columns: 1fr auto 1.35fr; align-items: stretch; gap: .75rem; margin-bottom: 1.25rem }
.change > div { display: block; background: var(--well); border: 1px solid var(--line); border-radius: .625rem; padding: .75rem 1rem }
.change > .then { border-color: var(--act); border-width: 2px; font-weight: 500 }
.change dt { font-weight: 400 }
.change > .to { background: none; border: 0; padding: 0; align-self: center; color: var(--soft); font-size: 1.25rem }
figure { margin: 0 } figure + figure { margin-top: 1rem } .quote + dl, .note + dl { margin-top: 1.25rem }
article > :last-child, section > :last-child { margin-bottom: 0 }
figcaption { color: var(--soft); font-size: .875rem; margin-bottom: .25rem }
blockquote { margin: 0; padding: .25rem 0 .25rem 1rem; border-inline-start: 3px solid var(--line); white-space: pre-wrap }
.media { list-style: none; margin: 0 0 1.25rem; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(9rem, 100%), 1fr)) }
.media img, .media video { display: block; width: 100%; aspect-ratio: 9 / 16; object-fit: contain; background: var(--well);
  border: 1px solid var(--line); border-radius: .625rem; font-size: .875rem; color: var(--soft) }
form { border-top: 1px solid var(--line); margin-top: 1.75rem; padding-top: 1.5rem; display: flex; flex-wrap: wrap; gap: .75rem }
button { font: inherit; font-weight: 600; flex: 1 1 12rem; min-height: 3rem; padding: .625rem 1.25rem; border-radius: .625rem;
  border: 2px solid var(--act); background: var(--card); color: var(--act); cursor: pointer }
button[value=yes] { background: var(--act); color: var(--on-act) }
details { margin-top: 1.75rem } summary { cursor: pointer; font-weight: 600; width: fit-content }
.waiting { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem }
.waiting > li { border: 1px solid var(--line); border-radius: .625rem; padding: 1rem 1.25rem }
.waiting a { font-weight: 600 } .waiting p { margin: .25rem 0 0 }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; border-radius: .25rem }
@media (max-width: 34rem) { body { padding: .5rem } .change { grid-template-columns: 1fr; gap: .375rem }
  .change > .to { transform: rotate(90deg); justify-self: start; margin-inline-start: 1rem }
  dl > div { grid-template-columns: 1fr } dt { line-height: 1.4 } button { flex-basis: 100% } }
"""
)
STYLE_HASH: Final = f"sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}"
"""What a Content-Security-Policy lets through as this page's only style."""
