"""Webhooks in: what Layers tells is checked, stored, and handed to whoever waits for it."""
