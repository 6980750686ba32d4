"""Reads a real git repository: brand context out, a commit with the Layers SDK in.

`child.run` is the door; everything else happens in a limited child process (`python -m layers_mcp.sandbox.repository`).
"""
