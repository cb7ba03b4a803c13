"""When a row says that it was written, as its table writes that down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal


def seconds(said: str | None, time_is: Literal["timestamp", "epoch", "iso"]) -> float | None:
    """A row's time in seconds since 1970, without a zone in UTC; None where none can be read."""
    if said is None:
        return None
    try:
        if time_is == "epoch":
            return float(said)
        read = datetime.fromisoformat(said)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
