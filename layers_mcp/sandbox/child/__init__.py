"""Real work in a process of its own, within limits: `running` starts one and always comes back, `inside` is its edge.

What a child does stands in a room of its own (`repository`, `media`, `web`), as a module that is run.
"""
