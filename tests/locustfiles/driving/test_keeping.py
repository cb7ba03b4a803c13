import gevent
import pytest

from isolation_checks.dialects.events import EventDialect
from locustfiles.driving import keeping
from locustfiles.driving.tokens import AuthError
from locustfiles.driving.tokens import keeping as tokens_kept


def test_a_session_says_that_it_is_alive(drive, server, until, monkeypatch):
    """As often as the plan says, and no longer than it lives."""
    monkeypatch.setattr(keeping, "KEEP_SECONDS", 0.02)
    alive = '[dialect.alive]\nevery = "100ms"\nsend = { type = "alive" }'
    driven = drive(server.ws("/agent"), dialect=alive)
    session = driven.opened()
    gevent.sleep(0.55)
    until(driven.ask(session, "heard completed").done.is_set)
    (heard,) = [r["content"] for r in driven.rows("frames") if b'"alive"' in r["content"]]
    assert 3 <= heard.count(b'"alive"') <= 6


def test_a_fresh_token_is_handed_to_an_open_session(drive, server, until, monkeypatch):
    """Before the old one runs out; the platform hears it, the run does not."""
    monkeypatch.setattr(keeping, "KEEP_SECONDS", 0.02)
    driven = drive(server.ws("/agent"))
    session = driven.opened()
    first = session.principal.access
    monkeypatch.setattr(tokens_kept, "stale", lambda principal: principal.access == first)
    until(lambda: session.principal.access != first)
    until(lambda: "refreshed" in driven.steps(session))
    until(driven.ask(session, "heard completed").done.is_set)
    heard = next(r["content"] for r in driven.rows("frames") if b'"authenticate"' in r["content"])
    assert b"credential." + session.principal.id.encode() in heard
    assert session.principal.access.encode() not in heard


def test_a_refresh_that_fails_is_recorded_and_tried_again(agent, until, monkeypatch):
    """The session lives as long as the platform lets it."""
    monkeypatch.setattr(keeping, "KEEP_SECONDS", 0.02)
    session = agent.opened()

    def refused(_):
        raise AuthError("refresh answered 503 and no token")

    monkeypatch.setattr(agent.rig.tokens, "renew", refused)
    until(lambda: agent.steps(session).count("refresh failed") >= 2)
    assert session.is_open
    assert not agent.broken


def raising(described, where):
    """A dialect of somebody's own with a mistake in it."""

    def mistake(*_):
        return 1 / 0

    return type("Raising", (EventDialect,), {where: mistake})(described)


@pytest.mark.parametrize("where", ["read", "answer", "alive"])
def test_nothing_that_a_dialect_raises_is_silent(drive, server, until, monkeypatch, where):
    """In the hub and in the keeper nobody would hear it: the run is ended instead."""
    monkeypatch.setattr(keeping, "KEEP_SECONDS", 0.02)
    driven = drive(
        server.ws("/agent"), dialect='[dialect.alive]\nevery = "50ms"\nsend = { type = "alive" }'
    )
    session = driven.opened()
    broken = raising(driven.rig.plan.dialect, where)
    driven.rig.dialect, driven.rig.glance = broken, broken.glance
    driven.ask(session, "ping started")
    until(lambda: driven.broken)
    assert {type(error) for error in driven.broken} == {ZeroDivisionError}


def test_a_dialect_that_cannot_ask_raises_where_it_is_called(agent):
    """In a user's own greenlet, where Locust hears it."""
    session = agent.opened()
    agent.rig.dialect = raising(agent.rig.plan.dialect, "ask")
    with pytest.raises(ZeroDivisionError):
        agent.ask(session, "started completed")
