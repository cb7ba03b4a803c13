"""Every fault of the reference platform is caught by every check that claims it.

The honest platform has nothing found.  Both on SQLite and on PostgreSQL, side by side.
"""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end import drives, test_probes, test_provoked_faults
from tests.end_to_end.claims import claiming, failing
from tests.reference_platform.redis_server import redis_server
from tests.servers.postgres import postgres_server

pytestmark = pytest.mark.slow
TIMED_OUT = 22
"""Seconds of a drive in which a query can run into its time-out of 15 s."""
SHARES = {"silent_swallow": 0.3, "lost_terminal": 0.3, "hung_agent": 0.3, "slow_tail": 0.3}
"""Rates at which a fault breaks its objective beyond doubt in a short drive."""
ACCESS = frozenset(test_probes.FOUND_BY) - {"missing_owner_check"}
"""Faults that only probes find; their test is `test_probes`."""
TOGETHER = frozenset(f for group in test_provoked_faults.GROUPS for f in group.signs)
"""Faults that are driven several at once; their test is `test_provoked_faults`."""
COMPANIONS = {"label_laundering": ("shared_socket",)}
"""Faults that show nothing by themselves, with what they need beside them."""
MECHANISMS = {
    "shared_socket": "the newest socket wins",
    "broadcast": "a targeted send became a send to all",
    "singleton_agent": "one agent object shared by overlapping runs",
    "cache_without_user": "a cache of answers without the user in its key",
    "missing_owner_check": "a read by id alone, without a check of the owner",
    "wrong_owner_row": "a row written with the id of whoever came last",
    "lost_row": "answered, never stored",
    "placeholder_owner": "a path without the user's identity",
    "silent_swallow": "accepted and never handled",
    "lost_terminal": "the last event is lost",
    "hung_agent": "the agent died without a word",
}


def faults() -> list[str]:
    """The faults that some check claims to catch."""
    asked = [sys.executable, "-m", "reference_platform", "--faults"]
    known = [fault["name"] for fault in msgspec.json.decode(subprocess.check_output(asked))]
    return [name for name in known if claiming(name) and name not in ACCESS | TOGETHER]


@pytest.fixture(scope="module")
def postgres():
    with postgres_server() as url:
        yield url


@pytest.mark.parametrize("fault", faults())
def test_every_fault_is_caught_by_every_check_that_claims_it(fault, tmp_path, postgres):
    """A fault that is switched on is found, by its claimants, on both databases."""
    claimants = claiming(fault)
    named = f"{fault}={SHARES[fault]}" if fault in SHARES else fault
    named = (named, *COMPANIONS.get(fault, ()))
    seconds = TIMED_OUT if fault in SHARES else 13
    both = [
        drives.demo(tmp_path / "sqlite", *named, seconds=seconds),
        drives.demo(tmp_path / "postgresql", *named, seconds=seconds, database=postgres),
    ]
    for drive in [each.ended() for each in both]:
        assert drive.code == 1, drive.output
        assert claimants <= failing(drive.judgement), drive.output
        if fault in MECHANISMS:
            roots = {f.mechanism for f in drive.judgement.findings if f.folded_into is None}
            assert MECHANISMS[fault] in roots, drive.output


def test_the_honest_platform_has_nothing_found(tmp_path, postgres):
    """Without a fault isolation passes and nothing is found, on both databases.

    On PostgreSQL with Redis and two workers, of which one is killed now and then.
    """
    with redis_server() as redis:
        several = {"database": postgres, "redis": redis, "workers": 2}
        both = [
            drives.demo(tmp_path / "sqlite", users=15, seconds=18),
            drives.demo(tmp_path / "postgresql", users=15, seconds=20, **several),
        ]
        alone, several = [each.ended() for each in both]
    for drive in (alone, several):
        assert drive.judgement.findings == (), drive.output
        assert drives.part(drive.judgement, "evidence") is Verdict.PASS, drive.output
        assert drives.part(drive.judgement, "isolation") is not Verdict.FAIL, drive.output
        assert drive.judgement.scale.rows, drive.output
    assert drives.part(alone.judgement, "isolation") is Verdict.PASS, alone.output
