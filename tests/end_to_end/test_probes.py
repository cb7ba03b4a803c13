"""Probes against the reference platform, which is told not to refuse them.

That it refuses them when it is honest: `test_faults`; every kind there is: `foreign.test_probed`.
"""

from __future__ import annotations

import re

import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement
from tests.end_to_end import drives

pytestmark = pytest.mark.slow
FOUND_BY = {
    "trusts_payload_identity": "claimed identities",
    "unverified_token": "forged tokens",
    "missing_owner_check": "anothers conversations",
    "resume_takeover": "anothers sessions",
    "outlives_logout": "ended logins",
}
FAULTS = tuple(fault for fault in FOUND_BY if fault != "missing_owner_check")
"""Those that can be switched on together: with the other one nobody need claim anything."""
MECHANISMS = {
    "trusts_payload_identity": "the user is taken from the request, not from the token",
    "unverified_token": "a token is believed that proves nothing",
    "missing_owner_check": "a read by id alone, without a check of the owner",
    "resume_takeover": "a session is given back by its id alone",
    "outlives_logout": "a login is believed after its end",
}
PROBING = (*FOUND_BY.values(), "interference")


def said(judgement: Judgement) -> dict[str, verdict.CheckOutcome]:
    return {check.name: check for check in judgement.checks if check.name in PROBING}


@pytest.mark.parametrize("together", [("missing_owner_check",), FAULTS], ids="+".join)
def test_every_door_that_stands_open_is_found_by_the_check_that_claims_it(together, tmp_path):
    """And by no other; whatever follows is folded into one root for each mechanism."""
    drive = drives.demo(tmp_path, *together, users=3, seconds=15).ended()
    outcomes = said(drive.judgement)
    failing = {name for name, each in outcomes.items() if each.verdict is Verdict.FAIL}
    assert {FOUND_BY[fault] for fault in together} == failing, drive.output
    roots = {f.mechanism for f in drive.judgement.findings if f.folded_into is None}
    assert {MECHANISMS[fault] for fault in together} == roots, drive.output
    for fault in together:
        claiming = {check.name for check in CHECKS if re.search(rf"\b{fault}\b", check.doc)}
        assert FOUND_BY[fault] in claiming
