"""The temporary directory of a platform that was given no database.

It goes with its platform.  What one that was killed has left, the next one to start removes:
a directory is somebody's for as long as the lock in it is held.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "reference-platform-"
_LOCK = ".lock"


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A directory of our own, removed in the end; children keep it by what they inherit."""
    _remove_stale()
    home, lock = _make()
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os.close(lock)


def _make() -> tuple[Path, int]:
    while True:
        home = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _lock(home, create=True)
        if lock is not None:
            return home, lock


def _lock(home: Path, *, create: bool) -> int | None:
    """Take the lock of a directory; none when somebody has it, or there is none to take.

    Somebody may have held and removed it since it was opened: then it locks nothing.
    """
    flags = os.O_RDWR | (os.O_CREAT if create else 0)
    try:
        lock = os.open(home / _LOCK, flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    if not os.fstat(lock).st_nlink:
        os.close(lock)
        return None
    return lock


def _remove_stale() -> None:
    """Remove directories that nobody holds."""
    with contextlib.suppress(OSError):
        for home in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            if home.is_symlink() or home.stat().st_uid != os.geteuid():
                continue
            lock = _lock(home, create=False)
            if lock is not None:
                shutil.rmtree(home, ignore_errors=True)
                os.close(lock)
