"""Every small way to break the gate is noticed by a test, or stands in `survivors.toml` with the reason why it need not be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mutants import TESTS, explained, mutants

PROGRAM = Path(__file__).with_name("mutants.py")


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("module", TESTS)
def test_every_survivor_is_explained(module, aloud):
    """Issue 5: mutation testing of gate, handle and policy with every survivor explained."""
    ended = subprocess.run([sys.executable, str(PROGRAM), module], capture_output=True, text=True, check=False)

    aloud(ended.stdout.strip())
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("module", TESTS)
def test_what_is_explained_is_a_mutant_and_has_a_reason(module):
    """The list can't go stale: whoever changes the line writes its reason anew."""
    known = explained().get(module, {})

    assert set(known) <= {one.name for one in mutants(module)}
    assert all(len(why) > 20 for why in known.values())


def test_only_what_is_broken_is_explained():
    """No module stands in the list that is not broken."""
    assert set(explained()) <= set(TESTS)
