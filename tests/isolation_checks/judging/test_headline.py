from __future__ import annotations

import pytest

from isolation_checks.judging.findings import Findings
from isolation_checks.judging.headline import headline
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import Opportunity, PartOutcome


def said(bound, verdict=Verdict.PASS, because=""):
    """The headline of a judgement whose one part gates, with this bound of the overlap class."""
    parts = (PartOutcome(name="isolation", verdict=verdict, gates=True, because=because),)
    chances = (
        Opportunity(
            name="overlap",
            meaning="",
            count=1_483,
            seen=0,
            bound=bound,
            wanted=0.01,
            needed=None,
        ),
    )
    nothing = Findings(shown=(), total=0, roots=0)
    return headline(verdict, parts, nothing, chances, "on the wire")


@pytest.mark.parametrize(
    ("shown", "bound"),
    [
        ("0.26 %", 0.002543),
        ("0.25 %", 0.0025),
        ("1.1 %", 0.01003),
        ("13 %", 0.1201),
        ("0.0021 %", 2e-5 + 1e-7),
    ],
)
def test_a_bound_is_rounded_up_and_never_down(shown, bound):
    """Two digits are shown, and what is claimed is never less than what was reached."""
    assert f"1,483 opportunities, so under {shown} of such answers at 95 %" in said(bound)


def test_without_a_bound_none_is_claimed():
    """Where the overlap class has no bound, no number is named."""
    assert "everything that was required holds, on the wire" == said(None)


def test_what_nobody_can_say_is_the_headline_of_unknown():
    """The parts that decide say why."""
    assert "isolation: it was silent" == said(None, Verdict.UNKNOWN, "it was silent")
