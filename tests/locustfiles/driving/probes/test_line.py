"""A probe's connection shows what it is told to show, and records what it hears apart."""

from __future__ import annotations

import pytest

from isolation_checks import probing
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.line import Line

MORE = '[probes]\npatience = "300ms"\n'


@pytest.fixture
def opened(drive):
    """Opens a line to an address; it is left as it is then."""

    def open_to(address, shown=None, **of):
        driven = drive(address, more=MORE, **of)
        line = Line(driven.rig, driven.rig.principal("intruder"))
        line.open(shown or Shown(token="a-token-that-proves-nothing"))
        return driven, line

    return open_to


def test_a_session_may_be_used_when_the_platform_has_said_all_it_says_first(opened, server):
    """What it says is recorded on the probes' own channel."""
    driven, line = opened(server.ws("/agent"))
    assert line.ready
    steps = [row for row in driven.rows("sessions") if row["session"] == line.id]
    assert {probing.CHANNEL} == {row["channel"] for row in steps}
    assert ["opening", "upgraded"] == [row["step"] for row in steps]
    assert [line.id] == [row["session"] for row in driven.rows("frames")]


@pytest.mark.parametrize(
    ("path", "code", "troubled"),
    [("/refuse?status=401", 401, False), ("/refuse?status=503", 503, False)],
)
def test_an_upgrade_that_is_refused_is_recorded_with_its_status(
    opened, server, path, code, troubled
):
    """Whether that is a refusal is for the judge."""
    driven, line = opened(server.ws(path))
    assert (False, troubled) == (line.ready, line.trouble is not None)
    assert ("failed", code) == [(r["step"], r["code"]) for r in driven.rows("sessions")][-1]


def test_a_ticket_that_is_refused_is_recorded_with_its_status(opened, accounts):
    """As an upgrade would be; where nobody gives any, it could not be tried."""
    auth = 'source = "mint"\nticket = { path = "/401/ticket", send = { t = "{token}" } }'
    of = {"auth": auth, "carry": 'query = { t = "{ticket}" }'}
    driven, line = opened("ws://127.0.0.1:1/", http=f'http = "{accounts}"', **of)
    assert (False, None) == (line.ready, line.trouble)
    assert ("failed", 401) == [(r["step"], r["code"]) for r in driven.rows("sessions")][-1]
    _, line = opened("ws://127.0.0.1:1/", http='http = "http://127.0.0.1:1"', **of)
    assert line.trouble is not None


def test_a_platform_that_hangs_up_without_an_answer_was_asked(opened, server):
    """As servers do that destroy the socket of whoever has no good token."""
    driven, line = opened(server.rubbish("/no-answer"))
    assert (False, None) == (line.ready, line.trouble)
    assert ("failed", 1006) == [(r["step"], r["code"]) for r in driven.rows("sessions")][-1]


def test_where_nobody_listens_nobody_refused(opened):
    """It could not be tried."""
    _, line = opened("ws://127.0.0.1:1/")
    assert line.trouble is not None


def test_a_socket_that_is_taken_and_closed_again(opened, server, until):
    """With the code by which the platform did."""
    driven, line = opened(server.ws("/close?code=1008"))
    assert not line.ready
    until(line.closed.is_set)
    (closed,) = [row for row in driven.rows("sessions") if row["step"] == "closed"]
    assert (1008, "them") == (closed["code"], closed["by"])
    assert line.id not in driven.rig.sessions
