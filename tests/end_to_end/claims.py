"""Which checks claim which faults, by their docstrings, and which of them said FAIL."""

from __future__ import annotations

import re

from isolation_checks.checks import CHECKS
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement

INDICATORS = {
    "connect time": "connect",
    "first event time": "first_event",
    "completion time": "completion",
    "error budget": "error_share",
}


def claiming(fault: str) -> set[str]:
    """The checks whose docstrings say that they catch a fault."""
    claims = {}
    for check in CHECKS:
        match = re.search(r"Catches:(.*?)(?:\n\s*Blind to:|\Z)", check.doc, re.DOTALL)
        claims[check.name] = match[1] if match else ""
    return {name for name, text in claims.items() if re.search(rf"\b{fault}\b", text)}


def failing(judgement: Judgement) -> set[str]:
    """The checks that found something."""
    found = {check.name for check in judgement.checks if check.verdict is Verdict.FAIL}
    missed = {o.indicator for o in judgement.objectives if o.verdict is Verdict.FAIL}
    return found | {name for name, indicator in INDICATORS.items() if indicator in missed}
