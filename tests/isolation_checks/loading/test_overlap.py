from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.loading import overlap
from isolation_checks.loading.history import Query
from isolation_checks.records import Reason
from tests.isolation_checks.language import told


def query(principal, sent, over, reason=None):
    return Query(
        id=f"{principal}{sent}",
        principal=principal,
        session=1,
        process="p0",
        conversation="c",
        kind="question",
        text="",
        index=0,
        due_s=sent,
        sent_s=sent,
        over_s=over,
        reason=reason,
    )


def marked(*groups, circle=str):
    """Which queries of these groups met a stranger's."""
    overlap.mark(groups, circle)
    return [each.overlapped for group in groups for each in group]


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        ((0, 2), (1, 3), True),
        ((0, 9), (1, 3), True),
        ((0, 1), (1, 3), True),  # they touch
        ((0, 1), (2, 3), False),
        ((0, None), (1, 3), False),  # nobody wrote its end down
        ((2, None), (1, 3), True),  # it was sent while the other was open
    ],
)
def test_two_meet_when_both_were_open_at_once(one, other, met):
    """The same for either of the two."""
    assert [met, met] == marked([query("a", *one), query("b", *other)])


def test_ones_own_queries_are_no_meeting():
    """Several conversations of one principal at once are no opportunity to bleed."""
    assert [False, False] == marked([query("a", 0, 5), query("a", 1, 3)])


def test_principals_of_one_circle_do_not_count():
    """Those who may share by the plan cannot show that others are kept apart."""
    mates = [query("a", 0, 5), query("b", 1, 3)]
    assert [False, False] == marked(mates, circle=lambda _: "tenant 1")
    assert [True, True] == marked(mates, circle=str)


def test_times_of_two_clocks_do_not_compare():
    """Each group has a clock of its own."""
    assert [False, False] == marked([query("a", 0, 5)], [query("b", 1, 3)])


def test_a_query_that_was_never_sent_was_never_open():
    """A platform that is down opens nothing."""
    unsent = query("b", 1, 3, reason=Reason.NOT_SENT)
    assert [False, False] == marked([query("a", 0, 5), unsent])


def test_nothing_asked_is_nothing_met():
    """An empty group is no error."""
    assert [] == marked([])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 10)), max_size=25)
)
def test_the_quick_way_agrees_with_looking_at_every_pair(drawn):
    """Sorted ends count the same meetings as comparing everyone with everyone."""
    queries = [query(who, sent, sent + length) for who, sent, length in drawn]
    expected = [
        any(
            o.principal != q.principal and o.sent_s <= q.over_s and q.sent_s <= o.over_s
            for o in queries
        )
        for q in queries
    ]
    assert expected == marked(queries)


def test_a_user_may_have_queries_open_in_two_sessions():
    """Two in one session are none, nor are those of two principals, nor one behind the other."""
    both = told("a?q1 a+ a?q2 a!q2 a!q1 b?q3 b?q4 b!q3 b!q4 c?q5 c!q5 c+ c?q6 c!q6")
    assert {"q1", "q2"} == overlap.in_two_sessions(both.history)
