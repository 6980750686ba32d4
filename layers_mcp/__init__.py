"""layers_mcp: Layers, a growth platform with a Partner API, as typed MCP tools.

The house stands on floors, and imports go down only: `__main__` and `commands` over `app`, over `server`, over
`tools` and `prompts`, over `tool`, over `loops`, over `gate`, over `client`, `sandbox` and `store` (strangers to each other), over
`contract` and `database`, over `clock` and `settings`, over `listening` and `reread`.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
