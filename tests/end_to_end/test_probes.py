"""Probes against the reference platform: what it refuses, and what it is told not to refuse."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from reference_platform.auth.keys import new_key

import locustfiles
from isolation_checks.checks import CHECKS
from isolation_checks.history.directory import RunDirectory
from isolation_checks.history.stream import batches
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement
from tests.end_to_end import drives
from tests.end_to_end.platforms import platform

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
KEY, ROWS = "CROSSTALK_TEST_KEY", "CROSSTALK_ROWS_URL"
PLAN = """
dialect = "reference"
[target]
websocket = "{ws}"
http = "{http}"
[auth]
source = "login"
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
login = {{ path = "/auth/login", send = {{ email = "{{email}}", password = "{{password}}" }} }}
refresh = {{ path = "/auth/refresh", send = {{ refresh_token = "{{refresh_token}}" }} }}
logout = {{ path = "/auth/logout", headers = {{ Authorization = "Bearer {{token}}" }} }}
[auth.register]
path = "/auth/register"
send = {{ email = "{{email}}", password = "{{password}}", name = "{{name}}" }}
[probes]
every = "50ms"
mutating = true
key = "env:CROSSTALK_TEST_KEY"
algorithm = "RS256"
jwks = "/auth/jwks.json"
[[probes.calls]]
method = "DELETE"
path = "/threads/{{conversation}}"
headers = {{ Authorization = "Bearer {{token}}" }}
"""


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


def test_an_honest_platform_refuses_everything_also_what_could_destroy(tmp_path):
    """With public keys in the open; nobody is let in, taken over or cut off, and nothing is gone.

    No credential that was forged is in the record either.
    """
    key = new_key("RS256")
    env = {**os.environ, "REFERENCE_JWT_SECRET": key, KEY: key}
    with platform("--signing", "RS256", env=env) as announced:
        plan = tmp_path / "plan.toml"
        plan.write_text(PLAN.format(**announced), "utf-8")
        command = [sys.executable, "-m", "locust", "-f", f"{locustfiles.__path__[0]}/agents.py"]
        command += ["--plan", str(plan), "--headless", "-u", "3", "-r", "3", "-t", "18s"]
        done = subprocess.run(
            [*command, "--runs", tmp_path], capture_output=True, timeout=150, check=False, env=env
        )
    output = (done.stdout + done.stderr).decode()
    (described,) = tmp_path.glob("*/run.json")
    run = RunDirectory(described.parent)
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None, output
    judgement = verdict.decode((folder / "verdict.json").read_bytes())
    outcomes = said(judgement)
    assert {"interference", "forged tokens", "ended logins"} <= outcomes.keys()
    for name, outcome in outcomes.items():
        assert Verdict.PASS is outcome.verdict, (name, output)
        assert 0 < outcome.examined
    assert () == judgement.findings, output
    tried = [
        record
        for process in run.processes()
        for batch in batches(run.of_process(process) / "probes.arrow")
        for record in batch.to_pylist()
    ]
    assert {"change", "public key as a secret", "expired"} <= {each["kind"] for each in tried}
    content = b"".join(path.read_bytes() for path in run.history.rglob("*.arrow"))
    assert not re.search(rb"eyJ[\w-]{8,}\.[\w-]{8,}\.", content)
