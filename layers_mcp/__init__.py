"""layers_mcp: Layers, a growth platform with a Partner API, as typed MCP tools.

The house stands on floors, and imports go down only: `__main__` over `commands`, over `app` and `warming`, over `founding`, over `server`
and `receiver`, over `tools` and `prompts`, over `tool`, over `loops`, over `gate`, over `client`, `sandbox` and `store`, over `contract`
and `database`, over `clock` and `settings`, over `listening`, `reread`, `telemetry` and `exporting`, over `address` and `unopened`. Those
of one floor are strangers to each other.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
