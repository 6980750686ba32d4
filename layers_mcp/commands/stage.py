"""Where the demo plays: calls with progress bars, and checks that stop it."""

from __future__ import annotations

from typing import Any, cast

from mcp import Client
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = ["Mismatch", "Record", "Stage"]

Record = dict[str, Any]
"""A structured result as it came over the wire."""


class Mismatch(Exception):
    """A step did not bring what the guide says."""


class Stage:
    """One client on one console."""

    def __init__(self, client: Client, console: Console) -> None:
        self._client = client
        self._console = console
        self.checked = 0

    async def greet(self) -> None:
        """Say who answers, and how many tools it shows."""
        listed = await self._client.list_tools()
        self._console.print(
            f"[bold]layers-mcp[/] over stdio, protocol {self._client.protocol_version}, {len(listed.tools)} tools, no API key: sandbox"
        )

    def title(self, number: int, words: str) -> None:
        """Begin a step of the guide."""
        self._console.print(f"\n[bold cyan]{number:>2}. {words}[/]")

    def say(self, words: str, *, style: str = "") -> None:
        """Lines under the step, as they are: a URL stays whole."""
        for line in words.splitlines():
            self._console.print(f"    {line}", style=style, soft_wrap=True, highlight=False, markup=False)

    def quote(self, facts: Record) -> None:
        """Facts under the step, as they came."""
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts.items():
            shown = ", ".join(str(one) for one in cast("list[object]", value)) if isinstance(value, list) else str(value)
            table.add_row(name, escape(shown))
        self._console.print(Padding(table, (0, 0, 0, 4)))

    def check(self, holds: object, promise: str) -> None:
        """Go on only if it holds.

        Raises:
            Mismatch: it does not.
        """
        if not holds:
            raise Mismatch(promise)
        self.checked += 1

    async def call(self, tool: str, arguments: Record, *, expect: str = "done", or_as: str | None = None) -> Record:
        """The record of a call that ends as `expect`, or as `or_as` says.

        Raises:
            Mismatch: it ended otherwise.
        """
        bars = Progress(
            TextColumn("    {task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=self._console,
        )
        bar = bars.add_task(tool, total=1.0)

        async def told(progress: float, total: float | None, message: str | None) -> None:
            bars.start()  # a call without progress draws nothing
            bars.update(bar, completed=progress, total=total or 1.0, description=f"{tool}: {message or ''}".ljust(44))

        try:
            result = await self._client.call_tool(tool, arguments, progress_callback=told)
        finally:
            if bars.live.is_started:
                bars.stop()
        record = cast("Record", result.structured_content or {})
        if record.get("status") not in (expect, or_as or expect):
            raise Mismatch(f"{tool} ended as {record.get('status')}, not {expect}: {record.get('summary')}")
        self.checked += 1
        return record
