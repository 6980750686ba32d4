"""Writes the Layers SDK into an app, one module a stack: a tree in, a tree with the SDK out."""
