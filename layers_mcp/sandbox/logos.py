"""Logos that ingests found, kept beside the state."""

from __future__ import annotations

from pathlib import Path

from layers_mcp.sandbox import ids, shelf
from layers_mcp.sandbox.repository.errand import LogoFile

__all__ = ["discard", "keep"]


def _place(folder: Path, job_id: str) -> Path:
    return shelf.logo_file(folder, ids.derived("logo", job_id))


def keep(folder: Path, job_id: str, logo: LogoFile) -> str:
    """Keep the logo that a job found; its address, which shows with the site's before it."""
    place = _place(folder, job_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(logo.model_dump_json(), encoding="utf-8")
    return shelf.logo_address(ids.derived("logo", job_id))


def discard(folder: Path, job_id: str) -> None:
    """Remove what was kept for a job."""
    _place(folder, job_id).unlink(missing_ok=True)
