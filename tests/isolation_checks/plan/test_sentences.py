from __future__ import annotations

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import read
from tests.isolation_checks.recording import PLAN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the plan lacks the key 'target'"),
        ("[target]\n[auth]", "[target] lacks the key 'websocket'"),
        (
            "[rows]\nurl = 'sqlite:///x'",
            "[rows] lacks the key 'tables'; `crosstalk discover` proposes them",
        ),
        ("target = 'x'", "target: expected a table, got text"),
        ("dialect = 7", "dialect: expected a table, got a whole number"),
        ("[cast]\nobservers = 1.5", "cast.observers: expected a whole number, got a number"),
        ("[cast]\ntwins = 'yes'", "cast.twins: expected true or false, got text"),
        ("[workload]\nfailing = 'x'", "workload.failing: expected a list, got text"),
        ("[dialect.where]\nuser = 'id'", "dialect.where.user: expected a list, got text"),
        (
            "[auth]\nsource = 'minty'",
            "auth.source: 'minty' is none of login, mint, file, oauth2 (did you mean 'mint'?)",
        ),
        ("required = ['rows']", "required[0]: 'rows' is none of evidence, isolation, objectives"),
        ("[dialect.ends]\nx = 'good'", "dialect.ends[...]: 'good' is none of ok, fail, info"),
        (
            "[[sharing]]\nscope = 'user'\nchannels = ['wire']",
            "sharing[0].channels[0]: 'wire' is none of frame, http, row",
        ),
        ("[workload]\nthinks = '1s'", "[workload] has no key 'thinks' (did you mean 'think'?)"),
        ("[[rows.tables]]\nownr = 'x'", "[rows.tables[0]] has no key 'ownr'"),
    ],
)
def test_what_has_the_wrong_shape_is_said_in_words_of_a_plan(text, said):
    """What stands there, what should, and what there is to choose from."""
    with pytest.raises(UsageError) as refused:
        read.parse(text, "my.toml")
    assert str(refused.value).startswith(f"my.toml: {said}")


def test_a_plan_of_a_run_says_so():
    """Somebody changed it, or a newer version wrote it."""
    plan = read.encode(read.parse(PLAN, "a plan"))
    with pytest.raises(UsageError, match="the plan of the run: the plan has no key 'novelty'"):
        read.decode(plan | {"novelty": 1})
