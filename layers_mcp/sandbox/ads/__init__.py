"""Paid media: accounts, campaigns, ad sets and ads, the optimizer that acts on them, and the record of what it did and why.

What ads earn follows from `audience/paid`. The optimizer's ticks are part of the world's history: before any request is answered, those
that have come due are run in the order of their instants, inside the write transaction that every request opens anyway (`passing`).
A tick sees only what stood at its own instant, so what it did is the same whoever looks first, and looking adds nothing.
"""
