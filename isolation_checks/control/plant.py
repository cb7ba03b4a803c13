"""Plants breaks, as bytes, into a copy of a run's records: what was one user's reaches another.

It knows how streams are laid out and what a canary looks like, and like all that it calls
it imports nothing of what loads, scans or checks.  Places and kinds are drawn from a seed.
"""

from __future__ import annotations

import random

from isolation_checks.control.breaks import Break, Circle, Words, cast
from isolation_checks.control.dropping import drop
from isolation_checks.control.extract import Extract
from isolation_checks.control.into_frames import into_frames
from isolation_checks.control.into_rows import into_rows


def plant(
    taken: Extract, *, drawn: random.Random, breaks: int, circle: Circle, words: Words
) -> list[Break]:
    """Change the records; so many breaks of each channel, or as many as there are chances.

    One half of the principals receive what is planted in frames; of the other half's
    answers events are dropped, so that neither break hides the other.
    """
    there = cast(taken, circle)
    everybody = sorted(there.circles)
    receiving = set(drawn.sample(everybody, (len(everybody) + 1) // 2))
    dropped = drop(taken, words=words, spared=receiving, drawn=drawn, breaks=breaks)
    moved = into_frames(
        taken, cast=there, words=words, receiving=receiving, drawn=drawn, breaks=breaks
    )
    stored = into_rows(taken, cast=there, drawn=drawn, breaks=breaks)
    return [*moved, *stored, *dropped]
