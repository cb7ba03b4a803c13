"""Whose content reached whom, and how often: every pair, however few findings are shown.

It may not decide what is wrong; that was the checks' to say.
"""

from __future__ import annotations

from collections.abc import Iterable

from isolation_checks.checks.check import Check, Found, Outcome
from isolation_checks.verdicts.finding import Pair

_Key = tuple[str, str, str]


def of(outcomes: Iterable[tuple[Check, Outcome]]) -> tuple[Pair, ...]:
    """Every owner, recipient and channel between which anything passed, most often first.

    Several checks may see the same frame or row: it counts once.  A finding without a recipient,
    or within one principal, is no passage from one to another.
    """
    seen: dict[_Key, list[Found]] = {}
    for check, outcome in outcomes:
        for found in outcome.found if check.part == "isolation" else ():
            owner, recipient = found.victim, found.recipient
            if owner is not None and recipient is not None and owner != recipient:
                seen.setdefault((owner, recipient, found.channel), []).append(found)
    pairs = [
        Pair(owner=owner, recipient=recipient, channel=channel, times=_times(found))
        for (owner, recipient, channel), found in seen.items()
    ]
    return tuple(sorted(pairs, key=_often))


def _times(found: list[Found]) -> int:
    """How many places there are in all; what a check counted without keeping places counts too."""
    places = {place for each in found for place in each.places}
    uncounted = [each.times for each in found if len(each.places) < each.times]
    return max([len(places), *uncounted])


def _often(pair: Pair) -> tuple[int, str, str, str]:
    return -pair.times, pair.owner, pair.recipient, pair.channel
