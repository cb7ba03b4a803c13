import json

import gevent
import pytest

from isolation_checks.records import ConversationLabel, Ending, Reason
from locustfiles.driving import session as sessions
from locustfiles.driving.tokens import AuthError

OK, FAIL, INFO = Ending.OK, Ending.FAIL, Ending.INFO


# -- opening


def test_a_session_is_ready_when_the_platform_has_said_all_it_must(agent):
    """What it took is recorded step by step, and Locust is told once."""
    session = agent.opened()
    assert session.is_open
    assert agent.steps(session) == ["opening", "upgraded", "ready"]
    opening, upgraded, ready = agent.rows("sessions")
    tcp = json.loads(upgraded["detail"])["tcp_ns"]
    assert opening["at_ns"] <= tcp <= upgraded["at_ns"] <= ready["at_ns"]
    assert ready["due_ns"] == opening["due_ns"]
    assert [(name, problem) for name, _, _, problem in agent.reports] == [("connect", None)]


def test_who_it_speaks_for_is_recorded_once(agent):
    """With what its token says that the platform calls it."""
    session = agent.session()
    assert session.open()
    session.close()
    assert sessions.Session(agent.rig, session.principal).open()
    (row,) = agent.rows("principals")
    assert row["subject"] == f"{session.principal.id}-a-run"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/agent?opens=", "not ready within 0.4 s; still awaited: connection_established"),
        ("/agent?opens=auth_error", "refused: auth_error"),
        ("/refuse?status=401", "HTTP 401"),
        ("/silent", "no connection within 0.4 s"),
        ("/close?code=1008&reason=strangers", "closed by the platform before it was ready"),
    ],
)
def test_a_session_that_cannot_be_used_is_a_sample_that_failed(drive, server, path, why, until):
    """It is told why, nothing stays open, and the connect still counts."""
    driven = drive(server.ws(path), connect_timeout="400ms", dialect='refuses = ["auth_error"]')
    session = driven.session()
    assert not session.open()
    assert not session.is_open
    failed = [row for row in driven.rows("sessions") if row["step"] == "failed"]
    assert [row["due_ns"] is not None for row in failed] == [True]
    assert why in failed[0]["detail"]
    ((name, _, _, problem),) = driven.reports
    assert name == "connect"
    assert why in problem
    until(lambda: not driven.rig.sessions)


def test_a_close_before_ready_keeps_its_code(drive, server):
    """1008 right behind the 101 is how platforms refuse a token."""
    driven = drive(server.ws("/close?code=1008&reason=strangers"))
    session = driven.session()
    session.open()
    closed = [row for row in driven.rows("sessions") if row["step"] == "closed"]
    assert [(r["code"], r["by"], r["detail"]) for r in closed] == [(1008, "them", "strangers")]


def test_without_a_token_there_is_no_connection(agent, monkeypatch):
    """It counts as set-up, not as a connect."""

    def none(_):
        raise AuthError("login answered 500 and no token")

    monkeypatch.setattr(agent.rig.tokens, "token", none)
    session = agent.session()
    assert not session.open()
    assert agent.steps(session) == ["failed"]
    assert [name for name, *_ in agent.reports] == ["set-up"]
    assert agent.rows("principals") == []


@pytest.mark.parametrize("path", ["/silent", "/echo"])
def test_a_greenlet_that_is_killed_while_it_opens_leaves_no_session(drive, server, until, path):
    """A user that leaves, or a run that ends, drops the connection, upgraded or not."""
    driven = drive(server.ws(path))
    session = driven.session()
    opening = gevent.spawn(session.open)
    until(lambda: driven.rig.sessions)
    if path == "/echo":  # never says that it is ready
        until(lambda: "upgraded" in driven.steps(session))
    opening.kill()
    assert driven.rig.sessions == {}
    assert session.closed.is_set()
    assert driven.steps(session)[-1] == "closed"
    assert [row["by"] for row in driven.rows("sessions") if row["step"] == "closed"] == ["us"]


@pytest.mark.parametrize(
    ("carry", "seen"),
    [
        ('headers = { Authorization = "Bearer {token}" }', "Bearer credential.ana-01."),
        ('query = { token = "{token}", for = "{subject}" }', "?token=credential.ana-01."),
        ('subprotocols = ["jwt.{token}", "v1"]', "jwt.credential.ana-01."),
    ],
)
def test_a_token_travels_as_the_plan_says(drive, server, carry, seen, until):
    """In a header, the query or a subprotocol; what comes back of it is a mark."""
    driven = drive(server.ws("/headers"), dialect="opens = []", carry=carry)
    driven.opened()
    until(lambda: driven.rows("frames"))
    assert seen in driven.rows("frames")[0]["content"].decode()


def test_a_token_travels_in_the_first_message(drive, server, until):
    """Where the plan says so, it is what a session says first."""
    carry = 'message = { type = "authenticate", token = "{token}" }'
    driven = drive(server.ws("/echo"), dialect='opens = ["authenticate"]', carry=carry)
    driven.opened()
    until(lambda: driven.rows("frames"))
    said = json.loads(driven.rows("frames")[0]["content"])
    assert said["token"].startswith("credential.ana-01.")


def test_a_connection_can_be_called_by_a_name_of_its_own(drive, server, until):
    """For a platform whose clients name their sessions: two tabs of one user are two."""
    carry = 'message = { type = "hello", client = "{connection}", token = "{token}" }'
    driven = drive(server.ws("/echo"), dialect='opens = ["hello"]', carry=carry)
    principal = driven.opened().principal
    assert sessions.Session(driven.rig, principal).open()
    until(lambda: len(driven.rows("frames")) == 2)
    names = {json.loads(row["content"])["client"] for row in driven.rows("frames")}
    assert [36, 36] == [len(name) for name in names]


def test_a_handshake_is_answered(drive, server, until):
    """The platform's own handshake, with what it gave; and only then is the session ready."""
    driven = drive(
        server.ws("/agent?opens=connection_established,handshake_response"),
        dialect="""
            opens = ["connection_established", "handshake_complete"]
            [[dialect.answers]]
            when = "handshake_response"
            send = { type = "handshake_acknowledged", token = "{frame.resume_token}" }
        """,
    )
    session = driven.opened()
    query = driven.ask(session, "heard completed")
    until(lambda: query.ending)
    said = [row["content"] for row in driven.rows("frames") if b"handshake_ack" in row["content"]]
    assert len(said) == 1
    assert b"a-resume-token" not in said[0]


# -- asking


def test_an_answer_ends_its_query(agent, until):
    """First event, end and what was planted: all recorded, in the order in which it happened."""
    session = agent.opened()
    query = agent.ask(session, "started completed", planted=(("token", "CX0"),))
    until(query.done.is_set)
    assert (query.ending, query.reason) == (OK, Reason.COMPLETED)
    asked, ended = agent.rows("queries")
    assert (asked["step"], ended["step"]) == ("asked", "ended")
    assert asked["sent_ns"] <= ended["first_ns"] <= ended["done_ns"]
    assert (ended["ending"], ended["session"]) == ("ok", session.id)
    (planted,) = [row for row in agent.rows("plantings") if row["canary"] == "CX0"]
    assert (planted["query"], planted["conversation"]) == (query.id, "c-1")
    assert planted["at_ns"] <= asked["sent_ns"]
    assert [name for name, *_ in agent.reports] == ["connect", "first event", "completion"]
    assert agent.rig.open == {}


def test_a_conversation_is_continued_by_the_platforms_name_for_it(agent, until):
    """What the platform called it in its first answer stands in the second question."""
    session = agent.opened()
    until(agent.ask(session, "started completed").done.is_set)
    assert session.principal.conversations == {ConversationLabel("c-1"): "t-1"}
    query = agent.ask(session, "heard completed", turn=1)
    until(query.done.is_set)
    heard = [
        row["content"] for row in agent.rows("frames") if b'"thread_id": "t-1"' in row["content"]
    ]
    assert heard


def test_what_cannot_be_sent_is_said_to_be_unknown(agent, until):
    """A session that is over takes no question; it is on record, and nobody is blamed."""
    session = agent.opened()
    session.close()
    until(session.closed.is_set)
    query = agent.ask(session, "started completed")
    assert (query.ending, query.reason) == (INFO, Reason.NOT_SENT)
    assert [row["step"] for row in agent.rows("queries")] == ["asked", "ended"]


def test_what_we_gave_up_ourselves_is_nobodys_error(agent, until):
    """A session that we drop takes its queries with it; Locust hears nothing of it."""
    session = agent.opened()
    query = agent.ask(session, "started later completed")
    until(lambda: query.first_ns)
    session.abort()
    assert (query.ending, query.reason) == (INFO, Reason.GIVEN_UP)
    assert [name for name, *_ in agent.reports] == ["connect", "first event"]


def test_the_queries_of_others_go_on_when_a_session_is_lost(agent, until):
    """Only its own end with it."""
    lost, other = agent.opened(), agent.opened()
    slow = agent.ask(other, "started later completed")
    gone = agent.ask(lost, "started close")
    until(gone.done.is_set)
    assert slow.ending is None
    until(slow.done.is_set)
    assert slow.ending is OK


# -- ending


def test_a_goodbye_is_recorded(agent, until):
    """Closing, and closed by us."""
    session = agent.opened()
    session.close()
    until(session.closed.is_set)
    assert agent.steps(session)[-2:] == ["closing", "closed"]
    closed = agent.rows("sessions")[-1]
    assert (closed["code"], closed["by"]) == (1000, "us")
    assert agent.rig.sessions == {}


def test_a_goodbye_that_is_not_answered_is_dropped(drive, server, until, monkeypatch):
    """After some seconds, so that nothing stays."""
    monkeypatch.setattr(sessions, "CLOSE_SECONDS", 0.1)
    driven = drive(server.ws("/unanswered"), dialect="opens = []")
    session = driven.opened()
    session.close()
    assert not session.closed.is_set()
    until(session.closed.is_set)
    assert driven.rig.sessions == {}
