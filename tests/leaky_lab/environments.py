"""Places with exactly these packages in them, made once and kept in the user's cache folder.

Python's are virtual environments that pip fills by name, Node.js's are folders that npm does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

LIMIT_SECONDS = 240
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", "--python")


def python_with(packages: tuple[str, ...]) -> Path:
    """A Python that has these packages.

    Raises:
        RuntimeError: pip could not install them; with what it said.
    """
    place = _place(("python", sys.version, *packages))
    python = place / "bin" / "python"
    if not python.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            fresh = Path(folder) / "fresh"
            venv.create(fresh, with_pip=False, symlinks=True)
            _run([sys.executable, *PIP, str(fresh / "bin" / "python"), "install", *packages])
            _move(fresh, place)
    return python


def node_with(packages: tuple[str, ...]) -> Path:
    """A folder in which Node.js finds these packages.

    Raises:
        RuntimeError: npm could not install them; with what it said.
    """
    place = _place(("node", *packages))
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            fresh = Path(folder) / "fresh"
            fresh.mkdir()
            (fresh / "package.json").write_text("{}", encoding="utf-8")
            how = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix")
            _run(["npm", "install", *how, str(fresh), *packages])
            _move(fresh, place)
    return place


def _place(made_of: tuple[str, ...]) -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lab = caches / "crosstalk" / "lab"
    lab.mkdir(parents=True, exist_ok=True, mode=0o700)
    return lab / hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]


def _move(fresh: Path, place: Path) -> None:
    """Whole or not at all; where somebody else was quicker, theirs is as good."""
    try:
        fresh.rename(place)
    except OSError:
        if not place.exists():
            raise
        shutil.rmtree(fresh)


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
