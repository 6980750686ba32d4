"""Draws what the sandbox generates: slides from a hook and a brand, a video and a preview of them.

`child.run` is the door; the drawing happens in a limited child process (`python -m layers_mcp.sandbox.media`).
"""
