"""Families of probes try what the plan asks for, on this run's own decoys, and record it."""

from __future__ import annotations

import re

import gevent
import pytest

from isolation_checks import probing
from isolation_checks.probing import Family
from locustfiles.driving.probes import AFTER_THE_DRIVE, PROBES
from locustfiles.driving.probes.anothers_conversation import (
    change_anothers_conversation,
    open_anothers_conversation,
)
from locustfiles.driving.probes.anothers_session import take_anothers_session
from locustfiles.driving.probes.claimed_identity import claim_identities
from locustfiles.driving.probes.ended_login import use_ended_logins
from locustfiles.driving.probes.forged_tokens import forge_tokens

ANSWERS = "/agent?answer=started+completed"
FAMILY = {
    forge_tokens: Family.TOKENS,
    claim_identities: Family.IDENTITY,
    open_anothers_conversation: Family.CONVERSATION,
    take_anothers_session: Family.SESSION,
    use_ended_logins: Family.LOGIN,
}
MORE = """
[probes]
every = "10ms"
patience = "300ms"
grace = "100ms"
key = "env:CROSSTALK_TEST_SECRET"
[dialect.resume]
session = ["user_id"]
[dialect.resume.message]
type = "user_message"
request_id = "{query}"
session = "{session}"
payload = { content = "started" }
"""


@pytest.fixture
def probing_with(drive, server):
    """Runs one family against an agent that lets everybody in."""
    running = []

    def act(family, path=f"{ANSWERS}&user=u-9", more=MORE, **options):
        driven = drive(server.ws(path), more=more, **options)
        running.append(gevent.spawn(family, driven.rig))
        return driven

    yield act
    gevent.killall(running)
    for each in running:  # what one raised is no silence here either
        assert each.successful(), each.exception


def test_every_family_is_tried_here():
    """Whoever adds one says here which it is."""
    assert set(PROBES) == set(FAMILY)


@pytest.mark.parametrize("family", [*PROBES, *AFTER_THE_DRIVE])
def test_what_the_plan_does_not_ask_for_is_not_tried(family, drive, server):
    """It ends at once, and nobody comes."""
    driven = drive(server.ws(ANSWERS))
    with gevent.Timeout(1):
        family(driven.rig)
    assert ([], []) == (driven.rows("probes"), driven.rows("sessions"))


@pytest.mark.parametrize("family", PROBES)
def test_a_family_makes_every_attempt_that_is_asked_for(family, probing_with, until):
    """On decoys alone, each with what would show it, and its control recorded beside it."""
    driven = probing_with(family)
    wanted = {(w.kind, w.way) for w in probing.wanted(driven.rig.plan, FAMILY[family])}
    assert wanted

    def made():
        return {(row["kind"], row["way"]) for row in driven.rows("probes")}

    until(lambda: wanted <= made())
    rows, roles = driven.rows("probes"), driven.rows("principals")
    by_role = {row["principal"]: row["role"] for row in roles}
    attempts = [row for row in rows if row["kind"] != "control"]
    assert {"refused"} == {row["expected"] for row in attempts}
    for row in attempts:
        assert by_role[row["victim"]] == "decoy" or row["victim"] == row["principal"]
        assert by_role[row["principal"]] == "intruder"
        assert row["over_ns"] >= row["at_ns"]
    controls = {row["way"] for row in rows if row["kind"] == "control"}
    assert {row["relies_on"] for row in attempts if not row["trouble"]} <= controls


def test_no_token_that_was_forged_is_in_the_record(probing_with, until):
    """Nor is the key by which some were."""
    driven = probing_with(forge_tokens)
    until(lambda: len(driven.rows("probes")) > 20)
    folder = driven.rig.recorder.folder
    content = b"".join(path.read_bytes() for path in folder.glob("*.arrow"))
    assert not re.search(rb"eyJ[\w-]{8,}\.[\w-]{8,}\.", content)
    assert b"long enough for HS256" not in content


LOGIN = """source = "login"
register = { path = "/plain/register", send = { email = "{email}", password = "{password}" } }
login = { path = "/plain/login", send = { email = "{email}", password = "{password}" } }
logout = { path = "/plain/logout", send = { user = "{subject}" } }
"""
LOGOUTS = """
[probes]
every = "10ms"
patience = "300ms"
grace = "10ms"
"""


def test_the_socket_that_is_used_after_a_logout_is_its_owners_last(probing_with, accounts, until):
    """A platform that keeps but one of each user would have closed it for the next."""
    http = f'http = "{accounts}"'
    driven = probing_with(use_ended_logins, more=LOGOUTS, auth=LOGIN, http=http)

    def made():
        return [row for row in driven.rows("probes") if row["kind"] == "socket after logout"]

    until(made)
    steps = driven.rows("sessions")
    ended = next(at for at, row in enumerate(steps) if row["detail"] == "/plain/logout")
    before = [row["session"] for row in steps[:ended] if row["step"] == "opening"]
    assert len(before) > 1
    assert before[-1] == made()[0]["session"]


CHANGES = """
[probes]
every = "10ms"
patience = "300ms"
mutating = true
[[probes.calls]]
method = "GET"
path = "/plain/{conversation}"
[[probes.calls]]
path = "/{conversation}/logout"
send = { content = "{text}" }
"""


def test_what_a_request_says_holds_a_word_of_the_intruders(drive, server, accounts):
    """Once, behind the drive; then the owner looks at its conversation."""
    driven = drive(server.ws(ANSWERS), http=f'http = "{accounts}"', more=CHANGES)
    change_anothers_conversation(driven.rig)
    (made,) = [row for row in driven.rows("probes") if row["kind"] == "change"]
    assert ("written", "POST /{conversation}/logout") == (made["shows"], made["way"])
    (told,) = [row for row in driven.rows("plantings") if row["query"] == made["query"]]
    assert made["principal"] == told["principal"]
    (read,) = [row for row in driven.rows("frames") if row["session"] == made["behind"]]
    assert told["canary"].encode() in read["content"]  # this service tells what it was asked


def test_a_platform_that_is_not_there_troubles_nobody(probing_with, until):
    """A family goes on trying, and breaks nothing."""
    driven = probing_with(forge_tokens, path="/refuse?status=503")
    until(lambda: driven.reports)
    assert driven.broken == []
