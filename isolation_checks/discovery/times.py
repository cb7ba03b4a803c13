"""Which place of a table says when its rows were made, and how that is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from isolation_checks.discovery.sample import Sample

AROUND_S = 3_600.0
"""How far from the run's beginning a time may lie and still be one of the run."""
MOST = 0.9
"""The share of the run's rows that must be of its time."""
_MILLISECONDS = "milliseconds"
_MADE = re.compile(r"(creat|insert|add|start|sent)")
_CHANGED = re.compile(r"(updat|modif|expir|delet|complet|finish|end|last|revok|rotat)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Where it stands, as what, and of how many rows."""

    place: str
    kind: str | None
    """As a plan's `time_is`; None for milliseconds, which a plan cannot say."""
    number: int


def made(sample: Sample, rows: Collection[int], started_s: float) -> Made | None:
    """The place whose values are of the run's time; one that says *created* before others."""
    found = []
    for place, values in sample.places.items():
        timestamp = bool(re.search(r"timestamp|datetime", sample.type_of(place)))
        ours = (values[row] for row in rows if row in values)
        kinds = Counter(_kind(value, started_s, timestamp=timestamp) for value in ours)
        kinds.pop(None, None)
        if kinds and kinds.total() >= MOST * len(rows):
            kind, number = kinds.most_common(1)[0]
            name = place.rpartition(".")[2].lower()
            rank = (bool(_MADE.search(name)), not _CHANGED.search(name), number, -len(place))
            found.append((rank, place, str(kind), number))
    if not found:
        return None
    _, place, kind, number = max(found)
    return Made(place=place, kind=None if kind == _MILLISECONDS else kind, number=number)


def _kind(value: str, started_s: float, *, timestamp: bool) -> str | None:
    """As what a value is a time of this run's; None where it is none."""
    try:
        number = float(value)
    except ValueError:
        pass
    else:
        for kind, unit in (("epoch", 1.0), (_MILLISECONDS, 1000.0)):
            if abs(number / unit - started_s) < AROUND_S:
                return kind
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    return ("timestamp" if timestamp else "iso") if abs(at - started_s) < AROUND_S else None
