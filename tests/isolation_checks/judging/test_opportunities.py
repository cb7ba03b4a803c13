from __future__ import annotations

import pytest

from isolation_checks.judging import opportunities
from isolation_checks.judging.classes import CLASSES
from isolation_checks.loading.history import Provocation
from tests.isolation_checks.judging.judging import outcomes
from tests.isolation_checks.language import ENGINES, told

MET = "a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1 a!q1 b!q2 "
APART = "a?q1,A1 a:q1,A1 a!q1 b?q2,B1 b:q2,B1 b!q2 "
TWINS = "a?q0,A1 a!q0 b?q9,B1 b!q9 a?q1=code a:q1,A1 a!q1 b?q2=code b:q2,B1 b!q2 "
KEPT_APART = {"sharing": [{"scope": "conversation"}]}


def counted(script, engine="duckdb", **how):
    """What was counted of every class: how often it could have shown, and did."""
    run = told(script, engine, **how)
    return {each.name: each for each in opportunities.of(run, outcomes(run))}


def both(script, name, **how):
    """Count and sightings of one class, the same on every engine."""
    seen = [counted(script, engine, **how)[name] for engine in ENGINES]
    assert seen[0] == seen[1]
    return seen[0].count, seen[0].seen


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("", 0),  # silence is no chance
        (MET, 2),
        (APART, 0),  # they took turns
        ("a?q1,A1 b?q2,B1 a:q1 b:q2,B1 a!q1 b!q2", 1),  # a's answer echoed nothing
        ("a?q1,A1 b?q2,B1 a:q1,B1 b:q2,B1 a!q1 b!q2", 1),  # nor is a foreign word an echo
        ("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1^ a!q1 b!q2", 1),  # an earlier run's is none
        ("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B9~ a!q1 b!q2", 1),  # nor is one nobody was given
        ("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,B1 a!q1=timeout b!q2", 1),  # no answer, no chance
        ("a?q1,A1 b?q2,B1 a:q1,/delta,A1<5 a:q1,/delta,A1>5 b:q2,B1 a!q1 b!q2", 2),  # in pieces
    ],
)
def test_overlap_is_an_echo_while_a_stranger_was_served(script, count):
    """An answer that held its own user's canary while another's query was open."""
    assert count == counted(script)["overlap"].count


def test_the_number_that_is_still_needed_is_named():
    """299 opportunities put the rate under one percent; two are 297 too few."""
    overlap = counted(MET)["overlap"]
    assert (0.01, 297) == (overlap.wanted, overlap.needed)
    none = counted("")["overlap"]
    assert (None, 299) == (none.bound, none.needed)
    modest = counted(MET, plan={"isolation": {"bound": 0.8}})["overlap"]
    assert modest.needed is None
    assert modest.bound < 0.8


def test_only_the_class_of_overlaps_decides():
    """No other has a bound that the plan wants."""
    wanted = {name: each.wanted for name, each in counted(TWINS).items() if each.wanted}
    assert {"overlap": 0.01} == wanted


def test_strangers_are_those_who_share_nothing():
    """Neither a tenant's mates where they may see answers, nor two tokens of one user."""
    mates = {
        "tenants": {"a": "blue", "b": "blue"},
        "plan": {"sharing": [{"scope": "user"}, {"scope": "tenant"}]},
    }
    assert 0 == counted(MET, **mates)["overlap"].count
    assert 2 == counted(MET, tenants=mates["tenants"])["overlap"].count
    others = mates | {"tenants": {"a": "blue", "b": "red"}}
    assert 2 == counted(MET, **others)["overlap"].count
    tokens = {
        "subjects": {"a": "user-0042", "b": "user-0042"},
        "plan": {"auth": {"source": "file", "path": "tokens.txt"}},
    }
    assert 0 == counted(MET, **tokens)["overlap"].count


def test_times_of_two_machines_are_not_compared():
    """Meeting, or coming behind, counts only where one clock saw both."""
    assert 0 == counted(MET, elsewhere="b")["overlap"].count
    assert 0 == counted(APART, elsewhere="b")["successor"].count


@pytest.mark.parametrize(
    ("name", "script", "expected"),
    [
        ("overlap", MET + "b:A1", (2, 1)),  # out of an answer that overlapped
        ("overlap", APART + "b:A1", (0, 0)),  # they never met: that is no overlap's
        ("successor", APART, (1, 0)),
        ("successor", APART + "b?q3,B2 b:q3,B2,A1 b!q3", (1, 1)),  # behind b's own, a's words
        ("successor", APART.replace("b?q2", "+6s b?q2"), (0, 0)),  # too long behind
        ("successor", MET + "b:A1", (0, 0)),
        ("cut", "a?q1,A1 a!q1=dropped b?q2,B1 b:q2,B1 b!q2", (1, 0)),
        ("cut", "a?q1,A1 a!q1=dropped b?q2,B1 b:q2,B1,A1 b!q2", (1, 1)),
        ("cut", "a?q1,A1 a!q1=dropped c?q9 b?q2,B1 b:q2,B1,A1 b!q2", (0, 0)),  # c's was the next
        ("cut", "a?q1,A1 a!q1=dropped a?q2,A2 a:q2,A2 a!q2", (0, 0)),  # its own
        ("cut", APART, (0, 0)),
        ("twins", TWINS, (1, 0)),  # whoever asked first had no twin yet
        ("twins", TWINS.replace("b:q2,B1", "b:q2,B1,A1"), (1, 1)),
        ("twins", MET, (0, 0)),  # nobody asks the same
        ("return", "a?q1,A1 a- a!q1=dropped a+", (1, 0)),
        ("return", "a?q1,A1 a- a!q1=dropped b: a+ a:B1", (1, 1)),
        ("return", "a?q1,A1 a!q1 a- a+", (0, 0)),  # nothing was cut off
        ("return", "a?q1,A1 a> a:q1,A1 a!q1", (1, 0)),
        ("return", "a?q1,A1 b: a> a:q1,A1,B1 a!q1", (1, 1)),
        ("connect", "a?q1,A1 b+ a:q1,A1 a!q1", (1, 0)),
        ("connect", "a?q1,A1 b+ b:A1 a:q1,A1 a!q1", (1, 1)),
        ("connect", "a?q1,A1 a:q1,A1 a!q1 b+ b:A1", (0, 0)),  # it came behind
        ("bystander", "a?q1,A1 a:q1,A1 a!q1 b:A1", (0, 1)),
        ("bystander", "a?q1,A1 b?q2,B1 b!q2 a!q1", (1, 0)),
        ("read", "a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a b:-", (1, 0)),
        ("read", "a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a b:@x,A1", (1, 1)),
        ("read", "a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a", (0, 0)),  # nothing was answered
        ("read", "a?q1@x,A1 a:q1,@x,A1 a!q1 b*read@x,a b%A1", (1, 1)),
        ("row", "a?q1,A1 b?q2,B1 messages|a,q1,A1 messages|b,q2,B1", (2, 0)),
        ("row", "a?q1,A1 b?q2,B1 messages|a,q1,A1 messages|b,q2,B1 messages|b,A1", (3, 1)),
    ],
)  # fmt: skip
def test_each_class_counts_its_own_chances_and_its_own_bleeds(name, script, expected):
    """What was seen in another class does not take its bound away."""
    assert expected == both(script, name)


@pytest.mark.parametrize(("before_s", "count"), [(0.05, 1), (-0.05, 0)])
def test_a_cancelled_answer_is_cut_off_when_it_is_cancelled(before_s, count):
    """Whenever the platform says that it has given it up."""
    run = told("a?q1~cancelled,A1 b?q2,B1 b:q2,B1 b!q2 +6s a!q1=agent_cancelled", "duckdb")
    query, behind = run.history.queries.values()
    act = {"kind": "cancel", "principal": "a", "other": "b", "session": query.session}
    run.history.provocations.append(
        Provocation(**act, detail=query.id, at_s=behind.sent_s - before_s)
    )
    (cut,) = [each for each in opportunities.of(run, outcomes(run)) if each.name == "cut"]
    assert count == cut.count


def test_bleeding_of_one_class_leaves_the_bounds_of_the_others():
    """Rows were clean, whatever the wire did."""
    script = MET + "b:A1 messages|a,q1,A1 messages|b,q2,B1"
    seen = counted(script)
    assert None is seen["overlap"].bound is seen["overlap"].alike
    assert seen["row"].bound is not None


def test_what_the_plan_does_not_do_is_no_class():
    """Twins that are never sent, rows without a database, conversations that may mix."""
    never = ("twins", "reconnect", "resume", "read", "cancel", "abandon", "give_up")
    quiet = {"provocations": dict.fromkeys(never, "0s")}
    assert {"overlap", "bystander", "successor", "connect"} == set(counted(MET, plan=quiet))
    assert "conversations" in counted(MET, plan=KEPT_APART)


def test_one_users_conversations_are_a_class_where_they_must_be_kept_apart():
    """What was told in one must not come up in the other."""
    two = "a?q1@x,A1 a:q1,@x,A1 a!q1 a?q2@y,A2 a:q2,@y,A2 a!q2"
    assert (1, 0) == both(two, "conversations", plan=KEPT_APART)
    stale = two.replace("a:q2,@y,A2", "a:q2,@y,A2,A1")
    assert (1, 1) == both(stale, "conversations", plan=KEPT_APART)


def test_how_many_users_they_were_of_is_said():
    """All of one user's may be one and the same: then there are as many trials as users."""
    overlap = counted(MET)["overlap"]
    assert (2, pytest.approx(1 - 0.05**0.5)) == (overlap.users, overlap.alike)


def test_every_class_says_in_a_sentence_what_it_is():
    """And has a name of its own."""
    names = [each.name for each in CLASSES]
    assert len(names) == len({*names, opportunities.ROWS}) - 1
    assert all(each.meaning[0].islower() and "." not in each.meaning for each in CLASSES)
