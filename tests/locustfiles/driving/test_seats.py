"""Who asks what is due: users' seats, spare ones, and nobody when there are none."""

import collections
import itertools

import gevent
import pytest

from isolation_checks.records import Reason
from locustfiles.driving.provocations.stage import Actor
from locustfiles.driving.seats import Seats

QUICK = "/agent?answer=completed"
SILENT = "/agent?answer=nothing"


class User(Actor):
    """As far as seats know of one."""

    def __init__(self, rig):
        super().__init__(rig, "user")

    def connected(self):
        """The session."""
        return self.session()


@pytest.fixture
def seated(drive, server):
    """A rig whose seats are driven, with so many users on them."""
    driving = []

    def make(path, workload, users=1):
        driven = drive(server.ws(path), more=workload)
        driven.seats = Seats(driven.rig)
        driven.driving = gevent.spawn(driven.seats.drive, 1, driven.rig)
        driving.append(driven.driving)
        driven.users = [User(driven.rig) for _ in range(users)]
        for user in driven.users:
            user.connected()
            driven.seats.join(user)
        return driven

    yield make
    gevent.killall(driving)
    for each in driving:
        assert each.successful(), each.exception


def asked(driven):
    return [row for row in driven.rows("queries") if row["step"] == "asked"]


def unsent(driven):
    return [row for row in driven.rows("queries") if row["reason"] == Reason.NOT_IN_TIME]


def test_what_is_due_is_asked_when_the_clock_says_so(seated, until):
    """Evenly, by whoever is free, in conversations of the plan's turns."""
    workload = (
        'model = "open"\nrate = "40/s"\narrivals = "constant"\nturns = 2\nconcurrent = 1\npool = 0'
    )
    driven = seated(QUICK, workload, users=2)
    until(lambda: len(asked(driven)) >= 20)
    rows = asked(driven)
    gaps = [(b["due_ns"] - a["due_ns"]) / 1e9 for a, b in itertools.pairwise(rows)]
    assert [0.025] * len(gaps) == pytest.approx(gaps, abs=1e-6)
    assert len({row["principal"] for row in rows}) == 2
    turns = collections.Counter(row["conversation"] for row in rows)
    assert max(turns.values()) == 2
    assert driven.broken == []


def test_a_visitor_stays_for_a_conversation(seated, until):
    """Partly open: it comes when the clock says, and then waits for its answers."""
    workload = 'model = "partly open"\nrate = "20/s"\nturns = 3\nthink = "20ms"\nconcurrent = 1'
    driven = seated(QUICK, workload, users=3)
    until(lambda: len(asked(driven)) >= 24)
    by_conversation = collections.defaultdict(list)
    for row in asked(driven):
        by_conversation[row["conversation"]].append(row)
    whole = [rows for rows in by_conversation.values() if len(rows) == 3]
    assert len(whole) >= 4
    for rows in whole:
        pauses = [b["due_ns"] - a["sent_ns"] for a, b in itertools.pairwise(rows)]
        assert min(pauses) >= 20_000_000
    assert max(map(len, by_conversation.values())) == 3


def test_sessions_are_opened_while_there_are_too_few_and_no_more_than_may_be(seated, until):
    """A target that never answers takes every seat; what then is due waits, and is not lost.

    What waited at the end is recorded as not sent in time, with when it was due.
    """
    workload = 'model = "open"\nrate = "40/s"\narrivals = "constant"\nconcurrent = 1\npool = 2'
    driven = seated(SILENT, workload)
    until(lambda: len(driven.rig.sessions) == 3)
    gevent.sleep(0.6)
    assert len(driven.rig.sessions) == len(asked(driven)) == 3
    driven.driving.kill()
    rows, late = asked(driven), unsent(driven)
    assert len(late) == len(rows) - 3 > 12
    dues = sorted(row["due_ns"] for row in rows)
    assert [25_000_000] * (len(dues) - 1) == pytest.approx(
        [b - a for a, b in itertools.pairwise(dues)], abs=1000
    )
    assert {row["principal"] for row in late}.isdisjoint(row["principal"] for row in rows[:3])


def test_without_users_a_share_of_the_rate_is_asked_all_the_same(seated, until):
    """A process that Locust gave nobody opens sessions of its own."""
    driven = seated(QUICK, 'model = "open"\nrate = "40/s"\npool = 0', users=0)
    until(lambda: len(asked(driven)) >= 5)
    assert len({row["principal"] for row in asked(driven)}) == 1


def test_who_leaves_is_asked_for_nothing_more(seated, until):
    """Others take over."""
    driven = seated(QUICK, 'model = "open"\nrate = "60/s"\nconcurrent = 1\npool = 0', users=2)
    until(lambda: len(asked(driven)) >= 6)
    gone = driven.users[0]
    driven.seats.leave(gone)
    before = len(asked(driven))
    until(lambda: len(asked(driven)) >= before + 8)
    assert gone.principal.id not in {row["principal"] for row in asked(driven)[before + 2 :]}
