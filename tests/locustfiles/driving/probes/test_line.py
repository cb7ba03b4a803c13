"""A probe's connection shows what it is told to show, and records what it hears apart."""

from __future__ import annotations

import json

import pytest

from isolation_checks import probing
from locustfiles.driving.probes.line import Line, Shown

MORE = '[probes]\npatience = "300ms"\n'
CARRY = 'headers = { Authorization = "Bearer {token}", X-Kept = "yes" }, query = { t = "{token}" }'


@pytest.fixture
def opened(drive):
    """Opens a line to an address; it is left as it is then."""

    def open_to(address, shown=None, **of):
        driven = drive(address, more=MORE, **of)
        line = Line(driven.rig, driven.rig.principal("intruder"))
        line.open(shown or Shown(token="a-token-that-proves-nothing"))
        return driven, line

    return open_to


def said_of(line):
    """What the platform saw of the request."""
    said = json.loads(line.heard[0][1])
    return said["path"], {name.lower(): value for name, value in said["headers"]}


def test_what_is_shown_is_what_travels(opened, server):
    """The token by the plan's ways, and whatever stands beside it."""
    beside = Shown(token="t" * 20, headers={"X-User-Id": "u-1"}, query={"user_id": "u-1"})
    _, line = opened(server.ws("/headers"), beside, carry=CARRY)
    path, headers = said_of(line)
    assert (f"Bearer {'t' * 20}", "u-1") == (headers["authorization"], headers["x-user-id"])
    assert path.endswith(f"?t={'t' * 20}&user_id=u-1")


def test_without_a_token_nothing_that_would_hold_it_is_sent(opened, server):
    """And the rest is sent as it is."""
    _, line = opened(server.ws("/headers"), Shown(token=None), carry=CARRY)
    path, headers = said_of(line)
    assert "authorization" not in headers
    assert ("yes", "/headers") == (headers["x-kept"], path)


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
