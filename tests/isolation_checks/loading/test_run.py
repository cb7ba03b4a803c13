from __future__ import annotations

import pytest

from isolation_checks.loading.run import count, groups_of, records
from tests.isolation_checks.language import told, word
from tests.isolation_checks.recording import ENGINES

SCRIPT = "a?q1,A1 a:q1,A1 b:q1 b:- messages|a,q1,A1,A2 messages|b"


@pytest.mark.parametrize("engine", ENGINES)
def test_relations_are_asked_alike_on_every_engine(engine):
    """Counted, sorted, cut off; nothing that is null becomes anything else."""
    run = told(SCRIPT, engine)
    assert (3, 2) == (count(run.frames), count(run.rows))
    assert ["b", "b", "a"] == [r["principal"] for r in records(run.frames, "at_s")][::-1]
    assert ["a"] == [r["principal"] for r in records(run.frames, "at_s", limit=1)]
    assert [None, None] == [
        records(run.frames, "at_s")[-1]["label_query"],
        records(run.rows, "index")[1]["asker"],
    ]


def test_what_stands_at_a_place_can_be_shown():
    """A frame's text, a row's texts together; nothing where the evidence is gone."""
    run = told(SCRIPT)
    assert word("A1") in run.content("history/p0/frames", 0)
    assert "\ufffdnothing that anybody reads" == run.content("history/p0/frames", 2)
    assert f"said {word('A1')} said {word('A2')}" == run.content("rows/1/messages", 0)
    assert "" == run.content("rows/1/messages", 1)
    assert "" == run.content("history/p0/frames", 99)
    assert "" == run.content("history/p9/frames", 0)


def test_a_frame_names_a_query_of_this_run_or_none():
    """Whoever received it."""
    run = told(SCRIPT)
    named = [run.query_named_in(frame) for frame in records(run.frames, "at_s")]
    assert ["q1", "q1", None] == named
    assert None is run.query_named_in({"label_query": "q9"})


def test_what_was_asked_for_by_its_id_is_remembered():
    """Who asked, and for which conversation."""
    run = told("b*read@x,a c*twins,a")
    assert {("b", "thread-xxxxxxxx")} == run.asked_for


def test_groups_keep_the_order_in_which_they_came():
    """Records with equal keys together, null being a key like any other."""
    found = [{"k": 2, "n": 1}, {"k": None, "n": 2}, {"k": 2, "n": 3}, {"k": None, "n": 4}]
    assert [[1, 3], [2, 4]] == [[r["n"] for r in group] for group in groups_of(found, "k")]
    assert [] == groups_of([], "k")
