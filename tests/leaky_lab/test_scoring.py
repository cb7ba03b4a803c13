"""What is said of the lab is counted by versions, and nothing is counted as right that is not."""

from __future__ import annotations

import pytest

from isolation_checks.selftest.nouns import Told
from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.scoring import BAD, FIXED, ISOLATION, MISUSED, Said, fitting, scored

PAIR = PAIRS["method_cache"]
[RIGHT] = PAIR.looks_like


def said(version=BAD, *, seed=1, **more):
    known = {
        "pair": PAIR.name,
        "version": version,
        "seed": seed,
        "packages": PAIR.packages(version),
        "exit_code": 1,
        "isolation": ISOLATION[version],
        "parts": {"isolation": ISOLATION[version]},
        "found_by": ("foreign facts",) if version == BAD else (),
        "roots": int(version == BAD),
        "mechanisms": (RIGHT,) if version == BAD else (),
        "fitting": fitting(PAIR, version),
        "first_s": 1.0 if version == BAD else None,
        "confessed": 3,
        "rightly": 3,
        "innocent": 0,
        "errors": 0,
    }
    return Said(**(known | more))


@pytest.mark.parametrize(
    ("drive", "right"),
    [
        (said(), True),
        (said(FIXED), True),
        (said(MISUSED), True),
        (said(isolation="UNKNOWN"), False),
        (said(FIXED, isolation="FAIL"), False),
        (said(FIXED, isolation="UNKNOWN"), False),
        (said(MISUSED, isolation="PASS"), False),
        (said(innocent=1), False),
    ],
)
def test_a_version_is_judged_as_it_should_be_or_not(drive, right):
    """What leaks fails, what does not passes, who answers nobody is unknown; none is accused."""
    assert right == drive.as_it_should


def test_drives_of_a_version_are_one_score_and_what_is_not_named_is_not_right():
    """Leaking before fixed, whatever the order; unknown, wrong and beside are each their own."""
    drives = [
        said(FIXED),
        said(seed=3, mechanisms=("unknown",), first_s=None),
        said(seed=2, mechanisms=("written twice",), first_s=4.0),
        said(seed=4, mechanisms=(RIGHT, "written twice"), first_s=2.0),
        said(seed=1),
    ]
    bad, fixed = scored(drives)
    assert [1, 2, 3, 4] == [drive.seed for drive in bad.drives]
    assert (4, 2.0, Told(rightly=1, beside=1, unknown=1, wrongly=1)) == (
        bad.trials,
        bad.first_s,
        bad.told,
    )
    assert (FIXED, 1, Told(), ()) == (fixed.version, fixed.trials, fixed.told, fixed.looks)
