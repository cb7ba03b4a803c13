"""Where the time of late answers went: between which events, and whether everybody waited then.

It says where to look, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter

import narwhals.stable.v2 as nw
import numpy as np

from isolation_checks.loading.run import CONTROL, Run
from isolation_checks.loading.samples import Step, steps
from isolation_checks.records import QueryId

MOST, NAMED = 0.5, 3
"""Steps are named until they took most of the time together; so many at most."""
LONGEST = 0.5
"""The share of a step that passed in one silence of the whole platform, where it stood still."""
LOOKED_AT = 500
OTHERS = 2
"""So many others must have waited as well."""


def said(run: Run, late: Collection[QueryId]) -> str:
    """In which steps most of the time of these answers passed; empty where nobody knows."""
    spent: dict[tuple[str, str], float] = {}
    longest: list[Step] = []
    for query, taken in steps(run):
        if query.id in late and taken:
            for step in taken:
                key = step.behind, step.before
                spent[key] = spent.get(key, 0.0) + step.ended_s - step.begun_s
            longest.append(max(taken, key=lambda step: step.ended_s - step.begun_s))
    whole_s = sum(spent.values())
    if not whole_s:
        return ""
    longest = longest[:LOOKED_AT]
    ranked = sorted(spent.items(), key=itemgetter(1), reverse=True)
    told_s, named = 0.0, list[str]()
    for (behind, before), step_s in ranked[:NAMED]:
        if told_s < MOST * whole_s:
            named.append(f"{step_s / whole_s:.0%} between {behind} and {before}")
            told_s += step_s
    sentences = [f"Of the time of late answers passed {', '.join(named)}: look there first."]
    still = _stood_still(run, longest)
    if still >= LONGEST * len(longest):
        sentences.append(
            f"In the longest step of {still} of {len(longest)} such answers the platform said "
            "nothing to anybody for most of the time, though others waited too: look for what "
            "stops everybody, such as a call that blocks the event loop, or one lock."
        )
    return " ".join(sentences)


def _stood_still(run: Run, longest: list[Step]) -> int:
    """In how many of these steps nobody got anything for most of the time, and others waited."""
    frames = run.frames.filter(~nw.col("opcode").is_in(CONTROL)).select("at_s").collect()
    heard = np.sort(frames["at_s"].to_numpy())
    asked = [q for q in run.history.queries.values() if q.over_s is not None]
    sent = np.array([query.sent_s for query in asked])
    over = np.array([query.over_s for query in asked])
    still = 0
    for step in longest:
        first = np.searchsorted(heard, step.begun_s, "right")
        inside = heard[first : np.searchsorted(heard, step.ended_s)]
        silences = np.diff(np.concatenate([[step.begun_s], inside, [step.ended_s]]))
        took_s = step.ended_s - step.begun_s
        middle_s = step.begun_s + took_s / 2
        waited = np.sum((sent <= middle_s) & (over >= middle_s)) - 1
        still += bool(waited >= OTHERS and silences.max() >= LONGEST * took_s)
    return still
