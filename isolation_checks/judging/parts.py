"""Says of each part of the verdict what it is, and why, from what its checks say."""

from __future__ import annotations

from collections.abc import Iterator

from isolation_checks.checks.check import Check, Outcome
from isolation_checks.verdicts.lattice import Part, Verdict, worst
from isolation_checks.verdicts.outcomes import Opportunity, PartOutcome


def part(
    name: Part,
    outcomes: list[tuple[Check, Outcome]],
    chances: tuple[Opportunity, ...],
    *,
    gates: bool,
) -> PartOutcome:
    """What a part is by the worst of its checks, and by how often bleeding could have shown."""
    own = [(check, outcome) for check, outcome in outcomes if check.part == name]
    verdict = worst([outcome.decided for _, outcome in own])
    reasons = _together(
        reason
        for check, outcome in own
        if outcome.decided is verdict
        for reason in _reasons(check, outcome)
    )
    if name == "isolation" and verdict is not Verdict.FAIL:
        short = [o for o in chances if o.needed is not None]
        if not chances and verdict is Verdict.PASS:
            verdict, reasons = Verdict.UNKNOWN, ["how often bleeding could have shown is not known"]
        if short:
            reasons = [_too_few(o) for o in short] + (reasons if verdict is Verdict.UNKNOWN else [])
            verdict = Verdict.UNKNOWN
        if verdict is Verdict.PASS and any(o.detection == 0 for o in chances if o.wanted):
            verdict, reasons = Verdict.UNKNOWN, ["it is not known that a break would be found"]
    if verdict is Verdict.NOT_ASKED:
        verdict, reasons = Verdict.UNKNOWN, ["nothing of it was asked"]
    because = "" if verdict is Verdict.PASS else "; ".join(filter(None, reasons))
    return PartOutcome(name=name, verdict=verdict, gates=gates, because=because)


def _reasons(check: Check, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What was not met, and why."""
    missed = [o for o in outcome.objectives if o.verdict is outcome.decided]
    for each in missed:
        unknown = each.verdict is Verdict.UNKNOWN
        yield each.statement, each.note if unknown else _measured(each.measured, each.unit)
    if not missed:
        said = f"{outcome.total:,} found" if outcome.found else outcome.note
        yield check.name, said or "nothing was examined"


def _together(reasons: Iterator[tuple[str, str]]) -> list[str]:
    """Sentences, each reason once, behind everything of which it is said."""
    whose: dict[str, list[str]] = {}
    for what, why in reasons:
        whose.setdefault(why, []).append(what)
    return [f"{', '.join(what)}: {why}" for why, what in whose.items()]


def _measured(value: float | None, unit: str) -> str:
    if value is None:
        return "too many never finished"
    if unit == "per_s":
        return f"{value:.3g}/s"
    return f"{value:.2f} s" if unit == "s" else f"{value * 100:.2f} %"


def _too_few(opportunity: Opportunity) -> str:
    wanted = (opportunity.wanted or 0.0) * 100
    return (
        f"only {opportunity.count:,} opportunities of the class {opportunity.name} were examined; "
        f"{opportunity.needed:,} more would put the rate under {wanted:g} % at 95 %"
    )
