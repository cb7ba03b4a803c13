"""Where the time of an answer went: a typical one, a slow one and the slowest, step by step.

It chooses three of the run's answers and reads their events; it computes no statistic of them.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.records import Ending
from isolation_checks.verdicts.progress import Course, Step

CHOSEN = ((0.5, "the median answer"), (0.95, "slower than 95 of 100"), (1.0, "the slowest answer"))
STEPS = 12
"""How many steps of a course are kept apart; an answer may come in thousands of pieces."""


def of(run: Run) -> tuple[Course, ...]:
    """Up to three courses, fastest first; none where nothing was answered."""
    done = sorted((_took(query), query.id, query) for query in run.history.queries.values()
                  if query.ending is Ending.OK and query.done_s is not None)  # fmt: skip
    if not done:
        return ()
    chosen: dict[str, tuple[str, Query]] = {}
    for share, label in CHOSEN:
        _, identity, query = done[min(int(share * len(done)), len(done) - 1)]
        chosen.setdefault(identity, (label, query))
    events = records(
        run.frames.filter(nw.col("query").is_in(list(chosen))).select("query", "at_s", "kind"),
        "at_s",
    )
    return tuple(
        Course(
            label=label,
            query=identity,
            who=query.principal,
            due_s=query.due_s,
            took_s=_took(query),
            steps=_steps(query, [(e["at_s"], e["kind"]) for e in events if e["query"] == identity]),
        )
        for identity, (label, query) in chosen.items()
    )


def _took(query: Query) -> float:
    return (query.done_s or query.due_s) - query.due_s


def _steps(query: Query, events: list[tuple[float, str | None]]) -> tuple[Step, ...]:
    """From due to done: our own lag, then what was waited for; like follows like in one step."""
    steps = [Step(name="our own lag", from_s=0.0, to_s=query.sent_s - query.due_s)]
    for at_s, kind in events:
        if query.done_s is None or at_s > query.done_s:
            break
        name, last = f"until {kind or 'an unnamed frame'}", steps[-1]
        begun = last.to_s
        if last.name == name or len(steps) > STEPS:
            steps.pop()
            begun, name = last.from_s, last.name
        steps.append(Step(name=name, from_s=begun, to_s=at_s - query.due_s))
    return tuple(steps)
