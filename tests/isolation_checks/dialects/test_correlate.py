import pytest

from isolation_checks.dialects.correlate import (
    By,
    Correlator,
    answering,
    names,
    our_conversation,
)
from isolation_checks.dialects.reading import Reading
from isolation_checks.plan.tables.dialect import Dialect

LABEL, OTHER = "ana/1", "ana/2"


def correlator(**how):
    """Ana's session, in which q1 is open."""
    made = Correlator(subject="u-ana", known={"q1", "q2", "q9"}, users={"u-ana", "u-ben"}, **how)
    made.asked("q1", LABEL, how.get("conversation"))
    return made


def placed(correlator, **says):
    return correlator.place(Reading(kind="thinking", **says))


@pytest.mark.parametrize(
    ("says", "where"),
    [
        ({"query": "q1"}, ("q1", By.QUERY)),
        ({}, ("q1", By.ONLY)),  # one query is open, and nothing speaks against it
        ({"query": "their-own-id"}, ("q1", By.ONLY)),
        ({"user": "u-ana"}, ("q1", By.ONLY)),
        ({"user": "u-an..."}, ("q1", By.ONLY)),  # cut short
        ({"user": "17"}, ("q1", By.ONLY)),  # an alias that nobody else is known by
        ({"user": "u-ben"}, (None, None)),
        ({"query": "q9"}, (None, None)),  # somebody asked that, and not here
    ],
)
def test_a_message_answers_the_query_that_it_names_or_the_only_one(says, where):
    """Unless it speaks of others."""
    assert where == placed(correlator(), **says)


def test_once_a_platform_has_named_us_another_name_is_anothers():
    """It knows us by the name that we know."""
    session = correlator()
    assert ("q1", By.ONLY) == placed(session, user="u-ana")
    assert (None, None) == placed(session, user="17")


def test_once_a_platform_has_repeated_our_ids_another_id_is_anothers():
    """It would have repeated this one too."""
    session = correlator()
    assert ("q1", By.QUERY) == placed(session, query="q1")
    assert (None, None) == placed(session, query="their-own-id")


def test_ids_of_the_platforms_tie_an_answers_messages_together():
    """A run that was learned with one message places the next, also after the end."""
    session = correlator()
    placed(session, query="q1", run="run-7")
    session.asked("q2", OTHER, None)
    assert ("q1", By.RUN) == placed(session, run="run-7")
    session.ended("q1")
    assert ("q1", By.RUN) == placed(session, run="run-7")


def test_a_conversation_places_its_only_open_query():
    """And not one of two."""
    session = correlator()
    placed(session, conversation="t-1")
    session.asked("q2", OTHER, "t-2")
    assert ("q2", By.CONVERSATION) == placed(session, conversation="t-2")
    assert ("q1", By.CONVERSATION) == placed(session, conversation="t-1")
    session.asked("q3", OTHER, "t-2")
    assert (None, None) == placed(session, conversation="t-2")


def test_of_two_open_queries_none_is_guessed():
    session = correlator()
    session.asked("q2", OTHER, None)
    assert (None, None) == placed(session)


def test_what_answers_nothing_is_not_taken_for_an_answer():
    """A ping, and somebody's presence, once the dialect says which events answer."""
    kinds = answering(Dialect(protocol=("thinking",), ends={"done": "ok"}))
    session = correlator(answering=kinds)
    assert (None, None) == session.place(Reading(kind="ping"))
    assert ("q1", By.ONLY) == session.place(Reading(kind="done"))
    assert ("q1", By.QUERY) == session.place(Reading(kind="notice", query="q1"))
    assert answering(Dialect(ends={"done": "ok"})) is None


def test_our_conversations_are_new_in_every_run():
    """And the same whenever they are asked for."""
    assert our_conversation("run-1", LABEL) == our_conversation("run-1", LABEL)
    assert 4 == len({our_conversation(r, c) for r in ("run-1", "run-2") for c in (LABEL, OTHER)})


@pytest.mark.parametrize(
    ("label", "subject", "may"),
    [
        ("u-ana", "u-ana", True),
        ("u-ben", "u-ana", False),
        ("u-a...", "u-ana", True),
        ("u-b...", "u-ana", False),
        (None, "u-ana", True),
        ("u-ben", None, True),
    ],
)
def test_a_label_may_be_cut_short(label, subject, may):
    assert may == names(label, subject)
