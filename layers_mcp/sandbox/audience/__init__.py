"""The people on the other side: what posts and ads earn, as a function of what they are, of chance, and of the clock.

Nothing here is kept or read: the same seed and the same names give the same numbers at every look.
"""
