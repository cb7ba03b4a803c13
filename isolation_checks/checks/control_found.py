"""Whether breaks that are planted into a copy of the run are found again."""

from __future__ import annotations

from collections.abc import Mapping

from isolation_checks.checks.check import Check, Outcome, check, public
from isolation_checks.checks.five_events import event_protocol
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.control.measure import measure
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Control

FINDERS: Mapping[str, Check] = {
    "frame": foreign_canary_in_a_frame,
    "row": foreign_row,
    "delivery": event_protocol,
}
"""By channel, the check that must find what is planted there."""
FEW = 0.9
"""Which share of the breaks of each channel must be found."""


def _not_asked(plan: Plan) -> str | None:
    if public(plan, "frame"):
        return "planted breaks: the plan lets everyone see everyone's"
    if not plan.isolation.control:
        return "planted breaks: the plan sets isolation.control to false, and bounds take them all \
as found"
    return None


@check(
    asks="Would a break have been found: are those found that are planted into a copy?",
    part="evidence",
    not_asked=_not_asked,
)
def control_found(run: Run) -> Outcome:
    """Nine of ten breaks are found that are planted into a copy of the run's own evidence.

    A user's frames are put into another's session, as they are, encoded, one encoding in
    the other, and split; rows are given to others, and get others' words into their texts and
    their JSON in the same encodings; events of answers are dropped.

    Catches:  a dialect that cannot read what the platform sends, sharing that allows too
              much, scanning that is blind, and a platform whose answers hold no canary.
    Blind to: bleeding of a form in which nothing is planted, such as a paraphrase.
    """
    control = measured(run, seed=run.history.description["seed"])
    short = [each for each in control.detection if each.found < FEW * each.planted]
    said = [f"only {each.found} of {each.planted} in {_WHERE[each.channel]}" for each in short]
    planted = {each.channel for each in control.detection}
    if "frame" not in planted:
        said.append(
            "none could be planted: no frame of those taken held its own user's canary, unencoded, "
            "while a stranger was connected"
        )
    elif said:
        said[0] = f"of planted breaks {said[0]} were found"
    lacking = [name for name in _asked(run.history.plan) if name not in planted | {"frame"}]
    return Outcome(
        examined=sum(each.planted for each in control.detection),
        unit="planted breaks",
        verdict=Verdict.UNKNOWN if said else Verdict.PASS,
        note="; ".join(said),
        bounded=False,
        times=0,
        control=control,
        blind=tuple(f"no break could be planted in {_WHERE[channel]}" for channel in lacking),
    )


def measured(run: Run, *, seed: int) -> Control:
    """How many breaks are found again of those planted in channels that the plan asks about."""
    return measure(run, _asked(run.history.plan), seed=seed)


def _asked(plan: Plan) -> dict[str, Check]:
    """By channel, what must find breaks, where the plan asks for it."""
    return {name: each for name, each in FINDERS.items() if each.not_asked(plan) is None}


_WHERE = {"frame": "frames", "row": "rows", "delivery": "the delivery of events"}
