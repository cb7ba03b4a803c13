"""Reads the files that a user names; what cannot be read is said in one sentence."""

from __future__ import annotations

from pathlib import Path

from isolation_checks.errors import UsageError


def text(path: Path, what: str) -> str:
    """What stands in a file; `what` says what was looked for there: `the plan`.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {what} {path}: it is no text in UTF-8") from error
