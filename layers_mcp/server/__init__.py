"""The floor that speaks MCP: schemas made from the tools, calls bound to them, results rendered."""
