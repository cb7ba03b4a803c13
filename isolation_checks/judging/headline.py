"""The one sentence that a judgement begins with."""

from __future__ import annotations

import math

from isolation_checks.checks.check import Check, Outcome
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.judging.findings import Findings
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Opportunity, PartOutcome

ROOM = 140
"""Characters of a part's reasons in the headline."""


def headline(
    verdict: Verdict,
    parts: tuple[PartOutcome, ...],
    found: Findings,
    chances: tuple[Opportunity, ...],
    where: str,
) -> str:
    """What was found, why nobody can say, or how sure it is that nothing passed."""
    deciding = [part for part in parts if part.gates and part.verdict is verdict]
    if verdict is Verdict.FAIL:
        names = {part.name for part in deciding}
        said = [f for f in found.shown if f.part in names]
        roots = "one root" if found.roots == 1 else f"{found.roots} roots"
        many = f"{found.total:,} findings, {roots}"
        what = "isolation broken" if "isolation" in names else "objectives missed"
        if said:
            return f"{what}: {said[0].sentence} ({many})"
        return f"{what}: {_brief(deciding[0].because)}"
    if verdict is Verdict.UNKNOWN:
        return "; ".join(f"{part.name}: {_brief(part.because)}" for part in deciding)
    overlap = next((o for o in chances if o.name == "overlap"), None)
    if (
        overlap is None
        or overlap.bound is None
        or "isolation" not in {p.name for p in parts if p.gates}
    ):
        return f"everything that was required holds, {where}"
    return (
        f"nothing of one user's reached another, {where}: {overlap.count:,} opportunities, "
        f"so under {_rounded_up(overlap.bound)} of such answers at 95 %"
    )


def scope(outcomes: list[tuple[Check, Outcome]]) -> str:
    """Where whose content is whose was looked at."""
    asked = {check.name for check, _ in outcomes}
    rows = foreign_row.name in asked
    if foreign_canary_in_a_frame.name not in asked:
        return "in the rows; the wire not asked" if rows else "neither wire nor rows asked"
    return "on the wire and in the rows" if rows else "on the wire; rows not asked"


def _brief(because: str) -> str:
    """As many of a part's reasons as a headline has room for; the part itself has all of them."""
    if len(because) <= ROOM:
        return because
    kept = because[:ROOM]
    end = max(kept.rfind("; "), kept.rfind(" ") if "; " not in kept else -1)
    return f"{kept[: end if end > 0 else ROOM].rstrip(';, ')} …"


def _rounded_up(share: float) -> str:
    """A bound in per cent, of two digits; more than it is, never less."""
    places = max(0, 1 - math.floor(math.log10(share * 100)))
    return f"{math.ceil(share * 100 * 10**places - 1e-9) / 10**places:.{places}f} %"
