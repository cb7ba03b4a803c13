"""What the tests of judging share: the findings of a script, and checks made up on the spot."""

from __future__ import annotations

from isolation_checks.checks import CHECKS
from isolation_checks.checks.check import Outcome, check
from isolation_checks.judging import findings
from tests.isolation_checks.language import told

CROWD = " ".join(f"{name}:" for name in "ghijklmnopqrstuvwxyz") + " "
"""So many are there that one answer hardly reaches this one of them by chance."""


def outcomes(run, *names):
    """What the checks of these names say of a run; all of them, where none is named."""
    asked = [each for each in CHECKS if not names or each.name in names]
    return [(each, each(run)) for each in asked if each.not_asked(run.history.plan) is None]


def found(script, *names, **how):
    """The findings of a script, roots first."""
    run = told(script, **how)
    return findings.of(run, outcomes(run, *names))


def says(verdict, part="isolation", name="a made up check", **more):
    """A check that says this, whatever it is asked."""

    def made_up(_):
        """It looks at nothing."""
        return Outcome(**({"examined": 1, "unit": "things", "verdict": verdict} | more))

    made_up.__name__ = name.replace(" ", "_")
    return check(asks="Is it so?", part=part)(made_up)


class Counted(list):
    """Something that is looked through, and how often it was."""

    times = 0

    def __iter__(self):
        """As any list's, and counted."""
        self.times += 1
        return super().__iter__()
