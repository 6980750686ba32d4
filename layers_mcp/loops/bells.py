"""The names of the bells that runs lie by: who rings one spells it as who waits for it does."""

from __future__ import annotations

__all__ = ["by_people", "of_project", "of_question", "of_thing"]


def of_thing(name: str) -> str:
    """Rung when a job, post, consent or container may be over. `name`: the wait's (`client/thing`), such as `job job_7`."""
    return name.replace(" ", ":")


def of_project(project_id: str) -> str:
    """Rung when anything happened in a project that people do; the whole id."""
    return f"project:{project_id}"


def of_question(question_id: str) -> str:
    """Rung when a question is answered."""
    return f"question:{question_id}"


def by_people(bell: str | None) -> bool:
    """Whether it is people who ring a bell, by what they do or answer; not a job or another thing that ends by itself."""
    return bell is not None and bell.startswith(("project:", "question:"))
