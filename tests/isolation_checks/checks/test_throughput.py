from __future__ import annotations

from isolation_checks.checks.authenticated_time import authenticated_time
from isolation_checks.checks.event_gaps import event_gaps
from isolation_checks.checks.throughput import throughput_kept
from isolation_checks.checks.tool_time import tool_time
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import ask, told

PASS, FAIL = Verdict.PASS, Verdict.FAIL


def asked(indicator, **how):
    return {"plan": {"objectives": [{"indicator": indicator, **how}]}}


def test_answers_a_second_are_counted():
    """A hundred a minute pass a limit of one a second; the same is too few for three."""
    queries = " ".join(f"a?q{n} a!q{n} +0.4s" for n in range(1, 101))
    outcome = ask(throughput_kept, queries, **asked("throughput", limit="1/s"))
    assert (PASS, 100) == (outcome.decided, outcome.examined)


def test_a_tenant_is_judged_for_itself():
    """What one tenant's users waited is not made good by another's."""
    script = "a+1 b+3"
    every = {"limit": "2s", "every": True}
    tenants = {"a": "red", "b": "blue"}
    for tenant, verdict in (("red", PASS), ("blue", FAIL)):
        objective = asked("authenticated", cohort={"tenant": tenant}, **every)
        assert verdict == ask(authenticated_time, script, tenants=tenants, **objective).decided


def test_silences_and_tools_are_judged():
    """The four of a sample, an objective, a verdict and a distribution to draw."""
    script = "a?q1 a:q1,/tool_executing +3s a:q1,/tool_completed a!q1"
    for check, indicator in ((event_gaps, "gap"), (tool_time, "tool_call")):
        outcome = ask(check, script, **asked(indicator, limit="2s", every=True))
        assert (FAIL, 1, indicator) == (outcome.decided, outcome.total, outcome.latency.phase)


def test_without_an_objective_none_of_them_is_asked():
    plan = told("").history.plan
    for check in (authenticated_time, event_gaps, tool_time, throughput_kept):
        assert "tool call, throughput" in check.not_asked(plan)
