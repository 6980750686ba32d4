"""The commands of `layers-mcp`, one file each."""
