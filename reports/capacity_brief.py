"""A capacity in a few sentences: how many, what limits it, whether isolation held, what next.

It says only what the capacity holds; who reads nothing else should not plan with users whose
words reach each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolation_checks.verdicts.lattice import Verdict
from reports import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isolation_checks.verdicts.capacity import Capacity, Step
    from isolation_checks.verdicts.outcomes import ObjectiveOutcome

Told = list[tuple[str, tuple[str, ...]]]


def told(capacity: Capacity) -> Told:
    """A heading and its sentences each; those that would have nothing to say are left out."""
    sentences: Told = [
        ("Isolation", tuple(_isolation(capacity))),
        ("What limits it", tuple(_limits(capacity))),
        ("What to do next", tuple(_next(capacity))),
    ]
    return [(heading, each) for heading, each in sentences if each]


def missed(step: Step) -> list[ObjectiveOutcome]:
    """The objectives that a step did not meet, or of which nobody can say whether it did."""
    return [each for each in step.objectives if each.verdict is not Verdict.PASS]


def _isolation(capacity: Capacity) -> Iterator[str]:
    found = capacity.bleeding
    if found is None:
        yield "Nothing of one user's reached another at any of these loads."
        return
    at = wording.counted(found.users, "user", "users")
    yield f"Broken: from {at} on, words of one user's reached another."
    if found.borne is not None:
        at = wording.counted(found.borne, "user", "users")
        most = (
            "" if found.below is None else f": fewer than {found.below:.2g} of a thousand queries"
        )
        yield f"Nothing was seen to at {at}{most}."


def _limits(capacity: Capacity) -> Iterator[str]:
    """What was missed at the smallest load that was too much."""
    over = [each for each in capacity.steps if each.users == capacity.breached]
    for step in over[:1]:
        for each in missed(step):
            if each.verdict is Verdict.FAIL:
                said = wording.limit(each.statement)
                at = wording.counted(step.users, "user", "users")
                yield f"At {at} {said} was missed: {wording.measured(each)}."
    for sentence in capacity.fullest:
        yield f"{sentence[:1].upper()}{sentence[1:]}."


def _next(capacity: Capacity) -> Iterator[str]:
    if capacity.bleeding is not None:
        yield (
            "Mend isolation first: the run's own report proves each finding, and the smallest "
            "load that shows it is the cheapest to drive again."
        )
    advised = [
        each.advice
        for step in capacity.steps
        if step.users == capacity.breached
        for each in missed(step)
        if each.verdict is Verdict.FAIL
    ]
    yield from dict.fromkeys(filter(None, advised))
    most = max((step.users for step in capacity.steps), default=0)
    if capacity.breached is None and most:
        users = wording.counted(most, "user", "users")
        yield f"Drive more than {users}: what is too many was not seen."
    if capacity.within is not None and not capacity.confirmed:
        users = wording.counted(capacity.within, "user", "users")
        yield f"Hold {users} for longer, by a search without --steps: this was not confirmed."
    if capacity.within is None and capacity.steps:
        yield "Drive fewer users, or hold each load longer: no load was shown to be borne."
