from __future__ import annotations

import pytest

from isolation_checks.rows.patterns import Patterns, glob, holes


@pytest.mark.parametrize(
    ("patterns", "key", "said"),
    [
        (["session:{owner}:*"], "session:ana:1:2", {"owner": "ana"}),
        (["session:{owner}:*"], "session::1", {"owner": ""}),  # no owner, and still meant
        (["session:{owner}:*"], "cache:ana:1", None),
        (["run:{conversation}:{query}"], "run:c:q:1", {"conversation": "c", "query": "q:1"}),
        (["{owner}/{owner}"], "ana/ana", {"owner": "ana"}),
        (["{owner}/{owner}"], "ana/ben", None),
        (["state:{owner}:*", "state:*"], "state:ana:1", {"owner": "ana"}),
        (["state:{owner}:*", "state:*"], "state:1", {}),  # the second, which names nobody
        (["a.b[c]?"], "a.b[c]?", {}),
        (["a.b[c]?"], "axbc", None),
        (["user:{owner}"], "user:zoë\n", {"owner": "zoë\n"}),
    ],
)
def test_the_first_pattern_that_fits_says_what_stands_in_a_key(patterns, key, said):
    """A hole ends where what follows begins; what no pattern means is no row."""
    assert said == Patterns(patterns).read(key)


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("session:{owner}:*", "session:*:*"),
        ("a[b]?^c\\{query}", r"a\[b\]\?\^c\\*"),
        ("plain", "plain"),
    ],
)
def test_redis_is_asked_for_no_less(pattern, asked):
    """What would mean something else to it is escaped."""
    assert asked == glob(pattern)


def test_the_holes_of_a_pattern():
    assert ["owner", "zone"] == list(holes("x:{owner}:*:{zone}"))
