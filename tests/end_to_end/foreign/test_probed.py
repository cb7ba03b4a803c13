"""A foreign server with all that can be probed: what it refuses passes, what it believes is found.

By every kind and every way, over real sockets, with the platform's own confession beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation_checks import probing
from isolation_checks.checks.attempts import Attempts
from isolation_checks.loading import load
from isolation_checks.probing import Family
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.foreign import leftovers
from tests.end_to_end.foreign.strangers import Drive, Stranger, drive, stranger

pytestmark = pytest.mark.slow
CHECKS = {
    Family.TOKENS: "forged tokens",
    Family.IDENTITY: "claimed identities",
    Family.CONVERSATION: "anothers conversations",
    Family.SESSION: "anothers sessions",
    Family.LOGIN: "ended logins",
}
PROVING = ("made-up token", "no token", "unknown kid", "wrong signature")
"""Tokens that even a credulous platform does not believe by themselves."""
QUIET = "[workload]\nthink = '0.2s..0.5s'"


def probed(folder: Path, bug: str = "", seconds: int = 7) -> tuple[Stranger, Drive]:
    """A drive with every probe on."""
    with stranger("vault", folder, bug) as server:
        env = {"VAULT_KEY": (folder / "key.pem").read_text("ascii")}
        return server, drive(server, "vault", users=2, seconds=seconds, more=QUIET, env=env)


def accepted(over: Drive, family: Family) -> set[tuple[str, str]]:
    """The kinds of a family that were accepted, and by which way."""
    assert over.directory is not None, over.output
    with load.loaded(over.directory) as run:
        decided = list(Attempts(run).of(family))
    return {(each.probe.kind, each.probe.way) for each in decided if each.sign is not None}


def wanted(over: Drive, family: Family) -> set[tuple[str, str]]:
    """What the plan asks for."""
    assert over.directory is not None, over.output
    with load.loaded(over.directory) as run:
        return {(each.kind, each.way) for each in probing.wanted(run.history.plan, family)}


@pytest.mark.parametrize(("bug", "seconds"), [("", 7), ("gruff", 9)])
def test_a_sound_stranger_refuses_everything(tmp_path, bug, seconds):
    """Every kind there is was tried by every way, and none is left open, whatever its manners."""
    server, over = probed(tmp_path, bug, seconds)
    for family, name in CHECKS.items():
        outcome = over.check(name)
        assert (Verdict.PASS, "") == (outcome.verdict, outcome.note), over.output
        assert set(probing.KINDS[family]) == {kind for kind, _ in wanted(over, family)}
        assert outcome.examined
    assert Verdict.PASS == over.check("interference").verdict, over.output
    assert not over.kinds(), over.output
    assert not server.notes("believed")
    assert not leftovers.secrets_in(over, server)


def test_what_a_credulous_stranger_believes_is_found_kind_by_kind(tmp_path):
    """Each forged token by each way, each claim, each session, each login that had ended."""
    server, over = probed(tmp_path, "credulous")
    assert server.notes("believed")
    for family in (Family.IDENTITY, Family.SESSION, Family.LOGIN):
        assert wanted(over, family) == accepted(over, family), over.output
    asked = wanted(over, Family.TOKENS)
    proving = {each for each in asked if each[0] in PROVING and probing.DRESSED not in each[1]}
    assert asked - proving == accepted(over, Family.TOKENS), over.output
    assert set() == accepted(over, Family.CONVERSATION), over.output
    for family, name in CHECKS.items():
        found = Verdict.PASS if family is Family.CONVERSATION else Verdict.FAIL
        assert found == over.check(name).verdict, over.output
    assert not leftovers.secrets_in(over, server)


def test_conversations_that_are_given_by_their_ids_are_found_by_every_verb(tmp_path):
    """Read, continued and deleted; and nobody is said to have claimed to be another."""
    _, over = probed(tmp_path, "by_id", seconds=4)
    assert wanted(over, Family.CONVERSATION) == accepted(over, Family.CONVERSATION), over.output
    assert Verdict.FAIL == over.check("anothers conversations").verdict
    assert Verdict.UNKNOWN == over.check("claimed identities").verdict
