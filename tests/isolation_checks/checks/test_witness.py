from __future__ import annotations

import pytest

from isolation_checks.checks import witness
from isolation_checks.loading.run import records
from isolation_checks.verdicts.finding import Moment
from tests.isolation_checks.language import told, word

A1 = word("A1")


@pytest.mark.parametrize(
    ("text", "shown", "marked"),
    [
        (f"see {A1}.", f"see {A1}.", A1),
        (f"see {A1.lower()}.", f"see {A1.lower()}.", A1.lower()),
        ("x" * 100 + f" {A1} " + "y" * 100, "… " + "x" * 59 + f" {A1} " + "y" * 59 + " …", A1),
        (f"see {A1.encode().hex()}.", f"see {A1.encode().hex()}.", A1.encode().hex()),
        ("nothing of that kind", "nothing of that kind", None),
        ("z" * 300, "z" * 240 + " …", None),
        ("", "", None),
    ],
)
def test_an_excerpt_shows_the_telling_part_and_marks_it(text, shown, marked):
    """Sixty characters on either side; the mark covers the word, however it is written."""
    excerpt, mark = witness.excerpt(text, A1)
    assert shown == excerpt
    assert marked == (None if mark is None else excerpt[mark[0] : mark[1]])


def test_without_a_canary_nothing_is_marked():
    """An event that is missing something shows nothing foreign."""
    assert (f"see {A1}", None) == witness.excerpt(f"see {A1}", None)


def test_a_question_is_shown_with_its_place():
    """And not at all where it is not known."""
    run = told("b?q1 a?q2,A1")
    moment = witness.asked(run, "q2", "victim", A1)
    assert ("a", "victim", "asked", 1) == (
        moment.who,
        moment.role,
        moment.did,
        moment.place.index,
    )
    assert None is witness.asked(run, None, "victim")
    assert None is witness.asked(run, "q9", "victim")


def test_what_no_query_told_is_shown_where_it_was_given():
    """Probes ask beside the run's queries, and who never connects was seeded."""
    run = told("b: b:A1 a?q2,A3")
    assert witness.asked(run, "q2", "victim", word("A3")) == witness.told(run, "q2", word("A3"))
    moment = witness.told(run, "q9", A1)
    assert ("a", "victim", "was given", A1) == (moment.who, moment.role, moment.did, moment.text)
    assert (0, len(A1)) == moment.mark
    assert moment.at_s <= min(session.ready_s for session in run.history.sessions.values())
    assert None is witness.told(run, None, word("C7"))


def test_a_connect_is_shown_only_where_it_came_before():
    """Cause before effect."""
    run = told("a: a+5 a:")
    first, second = run.history.sessions
    assert 1.0 == witness.connected(run, first, 2.0).at_s
    assert None is witness.connected(run, second, 2.0)
    assert None is witness.connected(run, 99, 2.0)
    assert None is witness.connected(run, None, 2.0)


def test_the_body_of_an_http_answer_had_no_connect():
    """It is a session of ours, and none of the platform's."""
    run = told("a%A1")
    [body] = records(run.frames)
    assert None is witness.connected(run, body["session"], 99.0)
    assert "got a frame" == witness.arrived(run, body, "a", "recipient").did


def test_moments_without_a_time_come_last():
    """A row has none of ours."""
    moments = [
        Moment(at_s=at_s, who="a", role="victim", did=str(at_s)) for at_s in (None, 2.0, 0.0)
    ]
    assert ["0.0", "2.0", "None"] == [m.did for m in witness.in_order(None, *moments)]


@pytest.mark.parametrize(
    ("script", "did"),
    [
        ("a?q1,A1 b?q2 b:q2,/delta,A1<9 b:q2,/delta,A1>9", "got 2 delta"),
        ("a?q1,A1 b?q2 b:q2,/delta,'so b:q2,/delta,A1<9 b:q2,/delta,A1>9", "got 2 delta"),
        ("a?q1,A1 b?q2 b?q3 b:q2,/delta,A1<9 b:q3,/delta,A1>9", "got 2 delta"),
        ("a?q1,A1 b?q2 b:q2,/delta,A1", "got delta"),
    ],
)
def test_a_word_in_pieces_is_shown_as_it_reads_together(script, did):
    """With as many of the last frames as it takes, of one answer or across answers."""
    run = told(script)
    [seen] = [each for each in records(run.sightings) if each["foreign"]]
    moment = witness.arrived(run, seen, "b", "recipient", A1)
    assert did == moment.did
    assert A1 == moment.text[slice(*moment.mark)]
