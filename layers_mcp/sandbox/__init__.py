"""A stateful Layers Partner API on a real database: what a person without a key works against."""
