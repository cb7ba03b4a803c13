from __future__ import annotations

import pytest

from isolation_checks.checks.five_events import event_protocol as check
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
START = "a?q1 a:q1,/started a:q1 "
TOOL = "a:q1,/tool_executing a:q1,/tool_completed "
END = "a:q1,/completed a!q1 "
WHOLE = START + TOOL + END
CANCELLED = "a?q1~cancelled a:q1,/started a:q1,/cancelled a!q1=agent_cancelled "
"""A query that we took back."""


def kinds(outcome):
    """What was found, of whom, how often."""
    return {(f.kind, f.victim, f.times) for f in outcome.found}


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        ("", UNKNOWN, set()),  # silence proves nothing
        ("a?q1", UNKNOWN, set()),  # a query that nobody saw end
        (WHOLE, PASS, set()),
        (START + TOOL + TOOL + END, PASS, set()),  # what may repeat repeats
        (START + TOOL + "a!q1", FAIL, {("missing-event", "a", 1)}),  # never completed on the wire
        (START + END, FAIL, {("missing-event", "a", 2)}),  # both of the tool's
        (START + "a:q1 " + TOOL + END, FAIL, {("duplicated-event", "a", 1)}),
        ("a?q1 a:q1 a:q1,/started " + TOOL + END, FAIL, {("reordered-event", "a", 1)}),
        (
            START + TOOL + "a:q1,/completed a:q1,/tool_completed a!q1",
            FAIL,
            {("event-after-end", "a", 1)},
        ),
        (WHOLE + "a:q1,/tool_executing", FAIL, {("event-after-end", "a", 1)}),
        (WHOLE + "a:q1,/usage_report", PASS, set()),  # nobody promised that it would not come
        ("a?q1 a!q1=timeout", FAIL, {("no-answer", "a", 1)}),
        (START + "a!q1=timeout", FAIL, {("no-end", "a", 1)}),
        (WHOLE.replace("a!q1", "a!q1=timeout"), FAIL, {("late-end", "a", 1)}),
        ("a?q1~cancelled a:q1,/refused a!q1=timeout", FAIL, {("no-answer", "a", 1)}),
        (
            START.replace("q1 ", "q1~cancelled ", 1) + "a:q1,/refused a!q1=timeout",
            FAIL,
            {("no-end", "a", 1)},
        ),
        (START + "a!q1=lost", UNKNOWN, set()),  # cut off: never blamed
        (START + "a!q1=cut", UNKNOWN, set()),
        (START + "a!q1=dropped", UNKNOWN, set()),
        ("a?q1 a!q1=unsent", UNKNOWN, set()),
        ("a?q1 a:q1,/refused a!q1=error", PASS, set()),  # turned away, and nothing behind it
        (CANCELLED, PASS, set()),  # the platform said that it was over before it was whole
        (CANCELLED + "a:q1,/tool_executing", FAIL, {("event-after-end", "a", 1)}),
        (CANCELLED + "a:q1,/completed", FAIL, {("event-after-end", "a", 1)}),
        (CANCELLED + "a:q1,/refused", PASS, set()),  # it came too late, says the platform
        (CANCELLED + "a:q1,/delta", PASS, set()),  # nobody promised that it would not come
        (WHOLE.replace("q1 ", "q1~cancelled ", 1) + "a:q1,/refused", PASS, set()),
        (WHOLE + "a:q1,/refused", FAIL, {("event-after-end", "a", 1)}),
    ],
)
def test_every_answer_shows_its_events_once_and_in_order(script, verdict, found):
    """Each fault by its name; a query that was cut off is none."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert found == kinds(outcome)


RESUMED = "a?q1~resumed a:q1,/started a> a:/resumed a:q1 " + TOOL + END
"""An answer that went on over another connection."""
FAST = WHOLE.replace("q1 ", "q1~resumed ", 1) + "a> a:/refused"
"""One that was whole before its connection could be lost; the session was not given back."""


@pytest.mark.parametrize(
    ("script", "verdict", "found"),
    [
        (RESUMED, PASS, set()),
        (RESUMED.replace("a:q1 ", "a:q1,/started a:q1 "), FAIL, {("duplicated-event", "a", 1)}),
        (RESUMED.replace("a:q1 ", ""), FAIL, {("missing-event", "a", 1)}),
        (RESUMED + "a:q1,/tool_executing", FAIL, {("event-after-end", "a", 1)}),
        (RESUMED.replace("a:q1,/completed a!q1", "a!q1=timeout"), FAIL, {("no-end", "a", 1)}),
        (RESUMED.replace("a:/resumed ", "").replace("a:q1 ", ""), UNKNOWN, set()),  # not given back
        ("a?q1~resumed a:q1,/started a> a:/refused a!q1=timeout", UNKNOWN, set()),
        (FAST, PASS, set()),
        (FAST.replace("a:q1,/tool_completed ", ""), FAIL, {("missing-event", "a", 1)}),
        (WHOLE + "a> a:/resumed a:q1,/completed", FAIL, {("duplicated-event", "a", 1)}),
    ],
)
def test_a_resumed_answer_comes_whole_and_once_where_that_is_promised(script, verdict, found):
    """Over both connections together; what was never given back is not held against anybody."""
    outcome = ask(check, script)
    assert verdict == outcome.decided
    assert found == kinds(outcome)


@pytest.mark.parametrize(
    "script",
    [
        WHOLE + "a> a:/resumed a:q1,/started a:q1,/completed",
        WHOLE + RESUMED.replace("q1", "q2").replace("a:q2 ", "a:q2,/started "),
    ],
)
def test_what_a_platform_sends_again_is_no_fault_where_nothing_is_promised(script):
    """A resume may say all over again, or leave out, what it likes of one's own."""
    resume = {"session": ["id"], "message": {"id": "{session}"}}
    loose = {"dialect": {"extends": "reference", "resume": resume}}
    outcome = ask(check, script, plan=loose)
    assert (PASS, 1) == (outcome.decided, outcome.examined)


@pytest.mark.parametrize(
    ("dropped", "found"), [("", set()), ("a:q2,/completed ", {("missing-event", "a", 1)})]
)
def test_what_is_asked_and_answered_over_a_resumed_session_is_judged_as_any_other(dropped, found):
    """Whatever the plan promises of what came before it."""
    resume = {"session": ["id"], "message": {"id": "{session}"}}
    loose = {"dialect": {"extends": "reference", "resume": resume}}
    second = WHOLE.replace("q1 ", "q1~resumed ", 1).replace("q1", "q2").replace(dropped, "")
    assert found == kinds(ask(check, RESUMED + second, plan=loose))


def test_faults_of_one_kind_are_one_finding_of_each_principal():
    """With all queries that it concerns, and how often."""
    outcome = ask(check, "a?q1 a!q1=timeout a?q2 a!q2=timeout b?q3 b!q3=timeout")
    assert {("no-answer", "a", 2), ("no-answer", "b", 1)} == kinds(outcome)
    [mine] = [found for found in outcome.found if found.victim == "a"]
    assert (frozenset({"q1", "q2"}), "query", None) == (mine.queries, mine.channel, mine.recipient)
    assert 3 == outcome.examined


def test_the_witness_shows_what_was_asked_and_what_came_last():
    """Cause before effect, with the place of the event that tells."""
    [found] = ask(check, START + "a!q1=timeout").found
    assert ["asked", "got agent_thinking", "had waited in vain"] == [m.did for m in found.witness()]
    assert ("history/p0/frames", 1) == (
        found.witness()[1].place.stream,
        found.witness()[1].place.index,
    )
    [silent] = ask(check, "a?q1 a!q1=timeout").found
    assert ["asked", "had waited in vain"] == [m.did for m in silent.witness()]


def test_events_of_anothers_query_are_not_ones_own():
    """What went astray is missing where it belonged."""
    astray = "a?q1 b?q2 b:q1,/started b:q1 a!q1=timeout b!q2=timeout"
    assert {("no-answer", "a", 1), ("no-answer", "b", 1)} == kinds(ask(check, astray))


@pytest.mark.parametrize("frame", ["-", "=a", "/completed", "@z"])
def test_a_platform_that_cannot_be_read_is_not_silent(frame):
    """While two queries were open frames came that name neither: nobody can say whose they are."""
    outcome = ask(check, f"a?q1@x a?q2@y a:{frame} a!q1=timeout a!q2=timeout")
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    assert "while 2 queries were open, frames came that could not be tied to any" in outcome.note


@pytest.mark.parametrize("frame", ["/presence", "/ping", "=b", "=b,/completed"])
def test_frames_that_answer_no_query_of_ones_own_excuse_nothing(frame):
    """A ping, somebody's presence, an event of somebody else's: the silence is certain."""
    script = f"a?q1@x a?q2@y a:{frame} a!q1=timeout a!q2=timeout b:"
    assert {("no-answer", "a", 2)} == kinds(ask(check, script))


def test_an_event_that_may_be_among_the_untied_ones_is_not_missed():
    """Two answers at once, and one event that names neither."""
    script = (
        "a?q2@y a?q1@x a:q1,/started a: a:q1,/tool_executing a:q1,/tool_completed a:q1,/completed "
    )
    assert UNKNOWN == ask(check, script + "a!q1").decided
    assert PASS == ask(check, script.replace(" a: ", " a:q1 ") + "a!q1 a:").decided


def test_of_two_questions_in_one_conversation_events_that_name_it_alone_tell_nothing():
    """Nobody can say which is whole; of all others it can be said, and that is."""
    two = (
        "a?q2@x a?q3@x a:@x,/started a:@x,/started a:@x a:@x "
        + (TOOL + "a:q1,/completed ").replace("q1", "q2")
        + (TOOL + "a:q1,/completed ").replace("q1", "q3")
        + "a!q2 a!q3 "
    )
    outcome = ask(check, WHOLE + two)
    assert (PASS, 1, ()) == (outcome.decided, outcome.examined, outcome.found)
    [blind] = outcome.blind
    assert "whether 2 answers were whole" in blind
    assert UNKNOWN == ask(check, two).decided
    lacking = START + TOOL + "a!q1 "
    assert {("missing-event", "a", 1)} == kinds(ask(check, lacking + two))


def test_two_questions_in_one_conversation_that_had_no_end_are_not_passed_over():
    """Nobody can say why they had none, and nobody may say that all is well."""
    two = "a?q2@x a?q3@x a:q2,@x,/started a:q3,@x,/started a:@x +9s a!q2=timeout a!q3=timeout"
    outcome = ask(check, WHOLE + two)
    assert (UNKNOWN, 3, ()) == (outcome.decided, outcome.examined, outcome.found)


def test_late_events_without_ids_are_not_held_against_the_next_answer():
    """What we gave up may still come, and nothing says that it is not the next query's."""
    late = "a?q1 a:q1 a!q1=timeout a?q2 a:/thinking a:/thinking a:/completed a!q2 "
    outcome = ask(check, late, plan={"dialect": _two_events()})
    assert {("no-end", "a", 1)} == kinds(outcome)
    fresh = "a?q2 a:/thinking a:/thinking a:/completed a!q2 "
    assert {("duplicated-event", "a", 1)} == kinds(
        ask(check, fresh, plan={"dialect": _two_events()})
    )


def test_answers_without_ids_may_go_to_all_of_a_users_sockets():
    """Nothing says that they are not the answer to what the user asks in the other."""
    tabs = "a?q1 a+ a?q2 a:/thinking a:/thinking a:/completed a!q2 a!q1=cut "
    outcome = ask(check, tabs, plan={"dialect": _two_events()})
    assert (UNKNOWN, ()) == (outcome.decided, outcome.found)
    after = "a?q1 a:/thinking a:/completed a!q1 a+ a?q2 a:/thinking a:/thinking a:/completed a!q2"
    outcome = ask(check, after, plan={"dialect": _two_events()})
    assert {("duplicated-event", "a", 1)} == kinds(outcome)


def test_a_history_with_gaps_misses_no_event():
    """It may stand in what was not written down."""
    outcome = ask(check, START + "a!q1=timeout", gaps=("its stream frames was cut",))
    assert (UNKNOWN, (), 0) == (outcome.decided, outcome.found, outcome.examined)


def test_a_dialect_without_a_protocol_does_not_ask():
    """The plan says what was promised."""
    plan = told("", plan={"dialect": {"extends": "reference", "protocol": []}}).history.plan
    assert "names no protocol" in check.not_asked(plan)
    assert None is check.not_asked(told("").history.plan)


def _two_events():
    return {
        "extends": "reference",
        "protocol": ["agent_thinking", "agent_completed"],
        "repeats": [],
    }


def test_answers_of_sessions_of_which_nothing_was_written_down_are_not_judged():
    """A killed process may have written what was asked, and of the session nothing."""
    outcome = ask(check, WHOLE + "b?q2 b> b!q2=timeout", unseated="b", gaps=("it was killed",))
    assert (UNKNOWN, "part of the history is missing") == (outcome.decided, outcome.note)
