"""What decides by itself, and by which numbers."""
