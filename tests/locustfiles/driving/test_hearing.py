import gevent
import pytest

from isolation_checks.records import ConversationLabel, Ending, Reason
from locustfiles.driving.wording import Wording

OK, FAIL, INFO = Ending.OK, Ending.FAIL, Ending.INFO


@pytest.mark.parametrize(
    ("question", "ending", "reason"),
    [
        ("started completed", OK, "completed"),
        ("started cancelled", INFO, "agent_cancelled"),
        ("error", FAIL, "error"),
        ("unnamed started completed", OK, "completed"),
        ("started close", INFO, Reason.SESSION_LOST),
        ("started long", INFO, Reason.SESSION_LOST),
        ("started", INFO, Reason.TIMEOUT),
    ],
)
def test_how_a_query_ends(drive, server, until, question, ending, reason):
    """By the dialect's table, by its session's end, or by its time.

    A message over the limit is the platform's doing too.
    """
    driven = drive(server.ws("/agent"), timeout="300ms")
    query = driven.ask(driven.opened(), question)
    until(query.done.is_set)
    assert (query.ending, query.reason) == (ending, reason)
    problems = [problem for name, _, _, problem in driven.reports if name == "completion"]
    assert problems == [None if ending is OK else reason]


def test_an_answer_that_comes_too_late_changes_nothing(drive, server, until):
    """A query ends once; the frames are there all the same."""
    driven = drive(server.ws("/agent"), timeout="200ms")
    query = driven.ask(driven.opened(), "started later completed")
    until(lambda: query.ending)
    assert query.reason == Reason.TIMEOUT
    until(lambda: any(b"agent_completed" in row["content"] for row in driven.rows("frames")))
    assert [row["reason"] for row in driven.rows("queries")][1:] == [Reason.TIMEOUT]


def test_queries_of_one_session_are_told_apart(agent, until):
    """By the ids that the platform repeats: each has its own end."""
    session = agent.opened()
    first = agent.ask(session, "started later completed", "c-1")
    second = agent.ask(session, "started error", "c-2")
    until(lambda: first.ending and second.ending)
    assert (first.ending, second.ending) == (OK, FAIL)


def test_a_ping_event_is_answered(agent, until):
    """From the hub, as the dialect says."""
    session = agent.opened()
    agent.ask(session, "ping")
    gevent.sleep(0.1)
    until(agent.ask(session, "heard completed", "c-2").done.is_set)
    heard = [row["content"] for row in agent.rows("frames") if b'"pong"' in row["content"]]
    assert heard


def test_credentials_that_the_platform_gives_are_screened(agent):
    """A resume token is one; it is in no frame on disk."""
    session = agent.opened()
    contents = b"".join(row["content"] for row in agent.rows("frames"))
    assert f"credential.{session.principal.id}.".encode() in contents
    assert b"a-resume-token-of-ours" not in contents


@pytest.mark.parametrize(
    ("kind", "question", "expected"),
    [
        ("outlived", "started unnamed error", (INFO, Reason.GIVEN_UP)),
        ("outlived", "started error", (FAIL, "error")),
        ("question", "started unnamed error", (FAIL, "error")),
    ],
)
def test_the_end_of_a_login_is_no_refusal_of_what_was_asked(agent, until, kind, question, expected):
    """What names no query may be said of the session; then nobody knows what came of the query."""
    session = agent.opened()
    wording = Wording(kind=kind, text=question)
    query = session.ask(wording, ConversationLabel("c-1"), 0)
    until(query.done.is_set)
    assert (query.ending, query.reason) == expected
