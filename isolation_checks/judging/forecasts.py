"""What a planner asks besides: a peak, a replica more, other pauses; each with what it assumes.

What was not driven is answered with what it rests on, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isolation_checks.judging import fullness
from isolation_checks.judging.steps import Seen
from isolation_checks.verdicts.capacity import Answer, Estimate, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the steps showed of the platform's limit."""

    within: int | None
    """The largest load that was borne with all below it."""
    confirmed: bool
    breached: int | None
    """The smallest load that was too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a planner wants to know besides."""

    peak: int | None = None
    replicas: int = 1
    think_s: float | None = None


def answers(seen: Seen, steps: Sequence[Step], found: Found, wanted: Wanted) -> tuple[Answer, ...]:
    """An answer to each question, of which some are always asked."""
    answers = []
    if wanted.peak is not None:
        answers.append(_of_a_peak(steps, found, wanted.peak))
    best = next((step for step in reversed(steps) if step.users == found.within), None)
    if best is None:
        return tuple(answers)
    answers.append(_with_a_replica(best, wanted.replicas))
    if wanted.think_s is not None:
        answers.append(_with_pauses(seen, steps, best, wanted.think_s))
    return tuple(answers)


def _of_a_peak(steps: Sequence[Step], found: Found, peak: int) -> Answer:
    """Whether so many users are within every objective."""
    most = max((step.users for step in steps), default=0)
    within, breached = found.within, found.breached
    if within is not None and within >= peak:
        said = f"yes: {within / peak - 1:.0%} more than that are within every objective"
    elif breached is not None and peak >= breached:
        said = f"no: {breached} were too many already"
    elif peak > most:
        said = f"not shown: {peak} users were never driven, at most {most} were"
    elif within is None:
        said = "not shown: no load was shown to be within every objective"
    elif breached is None:
        said = f"not shown: only up to {within} were shown to be within every objective"
    else:
        said = f"not shown: it lies between {within}, which were borne, and {breached}, too many"
    return Answer(
        asks=f"is there room for a peak of {peak} users?",
        users=None if within is None else Estimate(value=within, lower=within, upper=within),
        because=said,
    )


def _with_a_replica(best: Step, replicas: int) -> Answer:
    """Nothing is certain of it; its full share is the most that it can give."""
    more = best.users * (replicas + 1) / replicas
    return Answer(
        asks=f"what would one more replica give, {replicas + 1} instead of {replicas}?",
        users=Estimate(value=best.users, lower=best.users, upper=more),
        because=(
            f"between nothing and its full share: {best.users} to {more:.0f} users; drive "
            f"{replicas + 1} to know"
        ),
        assumes=(
            "for its full share: what replicas share, database, lock or machine, is not full",
            "users are spread over them evenly",
            *_suspects(best),
        ),
    )


def _suspects(step: Step) -> list[str]:
    """What was full there is what a replica must bring with it, or does not help."""
    return [
        f"it brings its own of what was full at {step.users} users: {fullness.level(each)}"
        for each in step.resources
        if (fullness.share(each) or 0.0) >= fullness.FULL
    ]


def _with_pauses(seen: Seen, steps: Sequence[Step], best: Step, think_s: float) -> Answer:
    """By Little's law: the same throughput, from users who pause otherwise."""
    asks = f"what if users paused {think_s:g} s between queries?"
    workload = seen.history.plan.workload
    if workload.model != "closed":
        return Answer(asks=asks, users=None, because="in an open workload nobody waits for pauses")
    times = [
        each.took_s
        for each in seen.times["completion"]
        if each.finished and best.from_s <= each.due_s < best.to_s
    ]
    if not times:
        return Answer(asks=asks, users=None, because="no answer was timed")
    took, most = float(np.mean(times)), max(step.users for step in steps)
    ratio = (took + think_s) / (took + workload.think.mean)
    users, rate = best.users * ratio, best.throughput
    low, high = (users * each / rate.value for each in (rate.lower, rate.upper))
    beyond = f"so many sessions may be open: at most {most} users were ever driven"
    return Answer(
        asks=asks,
        users=Estimate(value=users, lower=low, upper=high),
        because=(
            f"{rate.value:.3g} answers a second of {took:.2f} s each are served either "
            f"way, now with pauses of {workload.think.mean:.2f} s"
        ),
        assumes=(
            "what fills the platform is queries, not open sessions",
            "Little's law: users = throughput × (response time + pause)",
            *([beyond] if users > most else []),
        ),
    )
