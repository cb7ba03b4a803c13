from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.loading.run import records
from tests.isolation_checks.language import conversation, told
from tests.isolation_checks.recording import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_queries_are_a_relation_too(engine):
    """With what their frames told of them."""
    run = told("a?q1,A1 b?q2 a:q1,A1 a!q1 b!q2=timeout", engine)
    assert [("q1", True, True, "ok"), ("q2", False, True, "info")] == [
        (q["query"], q["echoed"], q["overlapped"], q["ending"])
        for q in records(run.queries, "query")
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_conversations_with_one_owner_are_a_relation(engine):
    """The others are left out."""
    run = told("a?q1@x a:q1,@x b?q2@y b:q2,@y c:@z", engine)
    assert [(conversation("x"), "a"), (conversation("y"), "b")] == [
        (c["conversation"], c["conversation_owner"])
        for c in records(run.conversations, "conversation")
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_run_has_empty_relations(engine):
    """Silence is no error."""
    run = told("", engine)
    relations = (run.frames, run.sightings, run.queries, run.conversations, run.rows)
    assert [[]] * 5 == [records(relation) for relation in relations]


def test_queries_of_two_machines_are_told_apart_by_their_clock():
    """They do not overlap, and each machine's do."""
    run = told("a?q1 b?q2 c?q3 a!q1 b!q2 c!q3", elsewhere="bc")
    assert {"q1": False, "q2": True, "q3": True} == {
        q.id: q.overlapped for q in run.history.queries.values()
    }


def test_a_dialect_that_cannot_be_found_is_the_plans_mistake():
    """The plan names a class of somebody's."""
    with pytest.raises(UsageError, match=r"no\.such:Dialect"):
        told("", plan={"dialect": {"class": "no.such:Dialect"}})
