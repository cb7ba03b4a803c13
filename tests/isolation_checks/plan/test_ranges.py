from __future__ import annotations

import math

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import read
from tests.isolation_checks.recording import PLAN


def rows(**table):
    """A plan that reads one table, which has this too."""
    return {"rows": {"url": "sqlite:///x", "tables": [{"name": "t"} | table]}}


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"cast": {"observers": -1}}, "cast.observers is at least 0"),
        ({"cast": {"tenants": -2}}, "cast.tenants is at least 0"),
        ({"workload": {"words": -1}}, "workload.words is at least 0"),
        ({"workload": {"turns": 0}}, "workload.turns must be more than nothing"),
        ({"workload": {"concurrent": 0}}, "workload.concurrent must be more than nothing"),
        ({"workload": {"timeout": "0s"}}, "workload.timeout must be more than nothing"),
        ({"target": {"connect_timeout": "0ms"}}, "target.connect_timeout must be more"),
        ({"auth": {"pace": 0}}, "auth.pace must be more than nothing"),
        ({"auth": {"pace": math.nan}}, "auth.pace must be more than nothing"),
        ({"dialect": {"extends": "netra-a", "alive": {"every": "0s"}}}, "dialect.alive.every must"),
        ({"rows": {"url": "sqlite:///x", "limit": 0, "tables": [{"name": "t"}]}}, "rows.limit"),
        (rows(query="q", each_query=-1), "each_query of table t is at least 0"),
    ],
)
def test_numbers_that_nobody_can_mean_are_refused(over, said):
    """A query that times out before it is sent, or minus three observers."""
    with pytest.raises(UsageError, match=said):
        read.parse(PLAN, "a plan", over)


def test_noughts_that_can_be_meant_are_taken():
    """Nobody there but users, and questions without chatter."""
    none = {"observers": 0, "visitors": 0, "burst": 0, "decoys": 0, "phantoms": 0}
    over = {"cast": none, "workload": {"words": 0, "pool": 0, "drain": "0s"}, "lag": {"share": 0.0}}
    assert 0 == read.parse(PLAN, "a plan", over | rows(query="q", each_query=0)).cast.observers
