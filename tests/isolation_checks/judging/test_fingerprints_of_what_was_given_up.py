"""Mechanisms that runs which were cancelled or have failed leave their traces by."""

from __future__ import annotations

import pytest

from tests.isolation_checks.judging.judging import found
from tests.isolation_checks.judging.meetings import answered

EVENT = "event protocol"
ROWS = "row accounting"

TALKS_ON = "a run that was given up talks on"
SENDERS = "several senders without an order"
TOGETHER = "one transaction shared by overlapping runs"
NEVER = "answered, never stored"


def behind_its_end(number, how="cancelled"):
    """A query that ended before an event of it came."""
    query = f"q{number}"
    ended = f"a:{query},/started a:{query},/{how} a!{query}=agent_{how}"
    return f"a?{query} {ended} a:{query},/thinking"


def out_of_order(number):
    """An answer whose events overtook one another."""
    events = ("thinking", "started", "tool_executing", "tool_completed", "completed")
    said = " ".join(f"a:q{number},/{event}" for event in events)
    return f"a?q{number} {said} a!q{number}"


@pytest.mark.parametrize(
    ("script", "mechanism"),
    [
        (" ".join(map(behind_its_end, (1, 2, 3))), TALKS_ON),
        (" ".join(map(behind_its_end, (1, 2))), SENDERS),  # twice is no pattern yet
        # where others are out of order, too, something sends without an order
        (" ".join([*map(behind_its_end, (1, 2, 3)), out_of_order(4), out_of_order(5)]), SENDERS),
    ],
)
def test_events_behind_a_cancel_tell_that_nobody_stopped(script, mechanism):
    """Where nothing else is out of its order."""
    assert {mechanism} == {each.mechanism for each in found(script, EVENT).shown}


def stored(number, *, failed, lost):
    """Two ask; then one's run fails or is answered, and then the other's is answered."""
    one, two = f"q{number}", f"q{number + 1}"
    rows = "" if failed else f"messages|b,{two}"
    rows += "" if lost else f" messages|a,{one}"
    ended = f"b!{two}=agent_error" if failed else answered("b", two, "B0~")
    return f"a?{one} b?{two} {ended} {answered('a', one, 'A0~')} {rows}"


@pytest.mark.parametrize(
    ("failed", "mechanism"),
    [(lambda lost, _: lost, TOGETHER), (lambda _, number: number % 3 == 0, NEVER)],
)
def test_what_a_rollback_took_is_told_by_who_failed_behind_the_question(failed, mechanism):
    """Where rows are lost whoever fails, they are only lost."""
    script = " ".join(
        stored(2 * number + 1, failed=failed(number < 8, number), lost=number < 8)
        for number in range(24)
    )
    kinds = {each.mechanism for each in found(script, ROWS).shown if each.kind == "lost-row"}
    assert {mechanism} == kinds
