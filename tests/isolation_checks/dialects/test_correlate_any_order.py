"""Whatever comes in whatever order: what a placement may never do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.dialects.correlate import By, Correlator
from isolation_checks.dialects.reading import Reading

QUERIES = [f"q{n}" for n in range(4)]
NAMES = st.none() | st.sampled_from(["x", "y", "z"])
READINGS = st.builds(
    Reading,
    kind=st.none() | st.just("event"),
    query=st.none() | st.sampled_from([*QUERIES, "r1", "foreign"]),
    run=st.none() | st.sampled_from(["r1", "r2"]),
    conversation=NAMES,
    user=st.none() | st.sampled_from(["me", "m...", "other"]),
)
ACTS = st.lists(
    st.tuples(st.just("ask"), st.sampled_from(QUERIES), NAMES)
    | st.tuples(st.just("end"), st.sampled_from(QUERIES))
    | st.tuples(st.just("read"), READINGS),
    max_size=30,
)


def replayed(acts):
    """What each reading was placed at, with what was asked and open when it came."""
    correlator = Correlator(subject="me", known={"foreign", *QUERIES}, users={"me", "other"})
    asked, opened = set(), set()
    for act, what, *more in acts:
        if act == "ask":
            correlator.asked(what, f"label of {what}", *more)
            asked.add(what)
            opened.add(what)
        elif act == "end":
            correlator.ended(what)
            opened.discard(what)
        else:
            yield what, correlator.place(what), frozenset(asked), frozenset(opened)


@given(ACTS)
def test_a_frame_is_placed_at_a_query_of_this_session_or_at_none(acts):
    """Never at one that was not asked here; a query that is named is the one."""
    for reading, (query, by), asked, _ in replayed(acts):
        assert query is None or query in asked
        assert (query is None) == (by is None)
        if reading.query in asked:
            assert (reading.query, By.QUERY) == (query, by)


@given(ACTS)
def test_only_an_open_query_takes_frames_that_do_not_name_it(acts):
    """By its conversation, or because it is the only one."""
    for reading, (query, by), _, opened in replayed(acts):
        if by in (By.CONVERSATION, By.ONLY):
            assert query in opened
        if by is By.ONLY:
            assert {query} == opened
            assert reading.query not in ("foreign", *QUERIES)
            assert reading.user != "other"


@given(ACTS)
def test_the_same_history_gives_the_same_placements(acts):
    """The driver and the judge must see the same."""
    assert list(replayed(acts)) == list(replayed(acts))
