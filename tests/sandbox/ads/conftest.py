"""A project with an ad account, campaigns made in the past, and the hand that moves time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest


def _routed(kind: type) -> type:
    """The same, with the API's routes at hand."""

    class Paid(kind):
        """One project's ads, and what the API says of them."""

        def __init__(self, house: Any, project: str) -> None:
            super().__init__(house.world, project.rsplit("/", 1)[1])
            self.house, self.project = house, project

        async def get(self, path: str, *, expected: int = 200, **query: Any) -> Any:
            """The reply to a GET below the project."""
            return await self.house.get(f"{self.project}{path}" + (f"?{urlencode(query, doseq=True)}" if query else ""), expected)

        async def log(self, **query: Any) -> list[Any]:
            """The project's audit log, oldest first."""
            asked = urlencode({"projectId": self.id, "limit": 200, **query})
            return (await self.house.get(f"/v1/audit-log?{asked}"))["items"][::-1]

    return Paid


@pytest.fixture
async def paid(house: Any, paid_of: type) -> Any:
    """A fresh project without ads."""
    return _routed(paid_of)(house, await house.project())
