import collections

import gevent
import pytest
from gevent import monkey

if not monkey.is_module_patched("socket"):
    pytest.skip("Locust patches its process; test_patched runs this", allow_module_level=True)

from locust.env import Environment

from isolation_checks.records import Kind, Reason
from locustfiles.driving import agent_user
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.seats import Seats


class Agent(AgentUser):
    """A scenario's user."""


@pytest.fixture
def entering(drive, server, monkeypatch):
    """Makes a user of a local Locust, and the rig that it drives with."""
    runners = []

    def make(path="/agent?answer=completed", **options):
        environment = Environment(user_classes=[Agent])
        runners.append(environment.create_local_runner())
        driven = drive(server.ws(path), **options)
        monkeypatch.setattr(AgentUser, "rig", driven.rig)
        return Agent(environment), driven

    yield make
    for runner in runners:
        runner.quit()


def asked(driven):
    """The kinds of what was asked, in order, by conversation."""
    kinds = collections.defaultdict(list)
    for row in driven.rows("queries"):
        if row["step"] == "asked":
            kinds[row["conversation"].partition("/")[2]].append(row["kind"])
    return dict(kinds)


WORKLOAD = 'turns = {turns}\nconcurrent = {concurrent}\nthink = "0s"'


def test_every_third_conversation_tells_and_recalls(entering):
    """So many at once as the plan says, each of its turns; the others only ask."""
    user, driven = entering(workload=WORKLOAD.format(turns=3, concurrent=3))
    user.on_start()
    user.converse()
    only_asks = [Kind.QUESTION] * 3
    expected = {"1": only_asks, "2": only_asks, "3": [Kind.QUESTION, Kind.REMEMBER, Kind.RECALL]}
    assert expected == asked(driven)
    assert driven.broken == []
    (session,) = driven.rig.sessions.values()
    assert (user.principal.id, "user") == (session.principal.id, session.principal.role)


def test_conversations_are_never_taken_up_again(entering):
    """Whoever converses once more begins new ones."""
    user, driven = entering(workload=WORKLOAD.format(turns=1, concurrent=1))
    user.on_start()
    user.converse()
    user.converse()
    assert {"1": [Kind.QUESTION], "2": [Kind.QUESTION]} == asked(driven)


@pytest.mark.parametrize(
    ("answer", "turns", "reason"), [("close", 1, Reason.SESSION_LOST), ("error", 3, "error")]
)
def test_a_lost_session_ends_a_conversation_and_an_error_does_not(entering, answer, turns, reason):
    """The platform may have forgotten what the conversation was about; and the run goes on."""
    path = f"/agent?answer={answer}"
    user, driven = entering(path, workload=WORKLOAD.format(turns=3, concurrent=1))
    user.on_start()
    user.converse()
    assert {"1": [Kind.QUESTION] * turns} == asked(driven)
    assert {reason} == {r["reason"] for r in driven.rows("queries") if r["step"] == "ended"}
    assert driven.broken == []


def test_a_session_that_was_lost_is_opened_again(entering):
    """By whoever needs it first; as long as it is open everybody has the same."""
    user, driven = entering()
    user.on_start()
    first = user.session
    assert user.connected() is first
    first.abort()
    again = user.connected()
    assert again is user.session
    assert again is not first
    assert again.is_open
    assert first.principal is again.principal
    assert [again.id] == list(driven.rig.sessions)


def test_a_user_may_be_dropped_in_a_storm_and_a_climbers_may_not(entering):
    """Whoever drops everybody has each user come back; a step of a climb is left alone."""
    user, _ = entering()
    user.on_start()
    first = user.session
    first.abort()
    assert first.back() is user.session is not first
    user.storms = False
    user.session.abort()
    assert user.connected().back is None


@pytest.mark.parametrize(
    ("state", "stays"),
    [("spawning", False), ("running", False), ("stopping", True), ("cleanup", True)],
)
def test_a_user_says_goodbye_only_while_the_run_goes_on(entering, until, state, stays):
    """At the run's end its session stays open for the drain."""
    user, driven = entering()
    user.on_start()
    user.environment.runner.state = state
    user.on_stop()
    if not stays:
        until(user.session.closed.is_set)
    assert stays == user.session.is_open
    assert stays == ("closing" not in driven.steps(user.session))


def test_a_user_that_leaves_gives_its_seats_back(entering, monkeypatch):
    """In an open workload the clock must not call on who is gone."""
    user, driven = entering(workload='model = "open"\nrate = "1/s"\npool = 0\nconcurrent = 2')
    monkeypatch.setattr(AgentUser, "seats", Seats(driven.rig))
    told = []
    for what in ("join", "leave"):
        monkeypatch.setattr(user.seats, what, lambda who, what=what: told.append((what, who)))
    user.on_start()
    user.environment.runner.state = "running"
    user.on_stop()
    assert [("join", user), ("leave", user)] == told


def test_in_an_open_workload_a_user_waits_to_be_called(entering, monkeypatch):
    """It asks nothing of itself, and no conversation is begun."""
    user, driven = entering(workload='model = "open"\nrate = "1/s"\npool = 0\nconcurrent = 1')
    monkeypatch.setattr(AgentUser, "seats", Seats(driven.rig))
    user.on_start()
    waiting = gevent.spawn(user.converse)
    gevent.idle()
    assert not waiting.ready()
    waiting.kill()
    assert {} == asked(driven)


def test_without_a_run_a_user_leaves_quietly(entering, monkeypatch):
    """A run that could not begin is being ended already; nothing more is said of it."""
    user, driven = entering()
    monkeypatch.setattr(AgentUser, "rig", None)
    monkeypatch.setattr(agent_user, "ORDER_SECONDS", 0.0)
    with pytest.raises(gevent.GreenletExit):
        user.on_start()
    assert (driven.broken, driven.rig.sessions) == ([], {})


def test_a_user_that_breaks_ends_the_run(entering, monkeypatch):
    """At its start and in a conversation: Locust alone would print it and go on."""
    user, driven = entering(workload=WORKLOAD.format(turns=1, concurrent=1))
    at_start, later = RuntimeError("nobody to be"), RuntimeError("nothing to say")

    def breaks(error):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(driven.rig, "principal", lambda _: breaks(at_start))
        with pytest.raises(gevent.GreenletExit):
            user.on_start()
    assert [at_start] == driven.broken
    user.on_start()
    monkeypatch.setattr(agent_user.wording, "of_turn", lambda *_: breaks(later))
    user.converse()
    assert [at_start, later] == driven.broken
