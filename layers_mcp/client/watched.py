"""An exchange with Layers as whoever watches over this process sees it: the route of the table, the status, the request id."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeVar

import httpx2

from layers_mcp import telemetry
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.errors import LayersError

__all__ = ["Watched", "watched"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Watched:
    """One exchange. Ids stand in no name, so that there are as many routes as the table has."""

    def __init__(self, mark: telemetry.Mark, labels: dict[str, str]) -> None:
        self._mark, self._labels = mark, labels

    def answered(self, answer: httpx2.Response) -> None:
        """There was an answer."""
        self._labels["status"] = str(answer.status_code)
        self._mark.say(status=answer.status_code, request_id=answer.headers.get("x-request-id"))
        if answer.status_code >= 400:
            self._mark.failed(str(answer.status_code))

    def lost(self, problem: LayersError) -> None:
        """There was none."""
        self._labels["status"] = problem.code
        self._mark.failed(problem.code)


@contextmanager
def watched(endpoint: Endpoint[Q, R]) -> Generator[Watched]:
    """Watch one exchange; one that is given up meanwhile has the status CANCELED."""
    with (
        telemetry.measured(telemetry.API, route=endpoint.name, status="CANCELED") as labels,
        telemetry.span(endpoint.name, client=True, route=endpoint.path) as mark,
    ):
        yield Watched(mark, labels)
