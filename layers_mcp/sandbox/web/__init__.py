"""Reads what strangers publish: web pages, app-store listings, pictures by URL.

`child.read` and `child.fetch` are the doors; everything else happens in a limited child process (`python -m layers_mcp.sandbox.web`).
Whatever is not listed by the setting is fetched through `guard`: public addresses only.
"""
