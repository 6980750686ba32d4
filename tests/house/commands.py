"""Prints a command block of the README as a person would copy it: `python tests/house/commands.py demo|test|attach`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"<!-- command: (\w+) -->\n```bash\n(.*?)```", re.DOTALL)


def command(name: str) -> str:
    """The lines of the block that the README marks with `<!-- command: name -->`."""
    blocks = dict(_BLOCK.findall(README.read_text(encoding="utf-8")))
    return blocks[name]


if __name__ == "__main__":
    sys.stdout.write(command(sys.argv[1]))
