"""MCP Apps: pages that a host shows inside a conversation, beside the words of a tool's answer."""
