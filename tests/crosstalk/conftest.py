from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from crosstalk.main import main

RECORDED = Path(__file__).parents[1] / "recorded"


@dataclass(frozen=True)
class Said:
    """What the command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def crosstalk(capsys, monkeypatch):
    """Ask the command as from a shell, in this process."""

    def ask(*arguments):
        monkeypatch.setattr(sys, "argv", ["crosstalk", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return Said(left.value.code, *capsys.readouterr())

    return ask


@pytest.fixture
def recorded(tmp_path):
    """Copy a recorded run, to do with as a test likes; its own folder of runs holds it alone."""

    def copy(name, called=None):
        return Path(shutil.copytree(RECORDED / name, tmp_path / "runs" / (called or name)))

    return copy
