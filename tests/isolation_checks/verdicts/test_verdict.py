from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks.errors import UsageError
from isolation_checks.judging.judge import judge
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict, worst
from tests.isolation_checks.language import told

PASS, FAIL, UNKNOWN, NOT_ASKED = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_ASKED


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], NOT_ASKED),
        ([NOT_ASKED, NOT_ASKED], NOT_ASKED),
        ([PASS, NOT_ASKED], PASS),
        ([PASS, UNKNOWN, NOT_ASKED], UNKNOWN),
        ([PASS, UNKNOWN, FAIL, NOT_ASKED], FAIL),
    ],
)
def test_fail_over_unknown_over_pass(verdicts, expected):
    """What was not asked counts only where there is nothing else."""
    assert expected == worst(verdicts)


@given(st.lists(st.sampled_from(Verdict)), st.lists(st.sampled_from(Verdict)))
def test_the_order_of_verdicts_does_not_matter(some, more):
    """Nor does judging parts first."""
    assert worst([*some, *more]) == worst([*more, *some]) == worst([worst(some), worst(more)])


def test_only_a_pass_ends_in_zero():
    """Nothing that was not asked, and nothing unknown, may look like success to a script."""
    assert {PASS: 0, FAIL: 1, UNKNOWN: 3, NOT_ASKED: 3} == {v: v.exit_code for v in Verdict}


def test_a_judgement_is_read_back_as_it_was_written():
    """Findings, places, unknowns and all."""
    judgement = judge(told("a?q1,A1 a:q1,A1 b:q1,A1 a!q1 messages|a,q1 messages|?,A1"))
    content = verdict.encode(judgement)
    assert judgement == verdict.decode(content)
    assert content.endswith(b"}\n")
    assert judgement.findings


def test_a_judgement_of_another_shape_is_refused():
    """Its fields would mean something else."""
    content = verdict.encode(judge(told(""))).replace(
        b"crosstalk.verdict/1", b"crosstalk.verdict/9"
    )
    with pytest.raises(UsageError, match=r"crosstalk\.verdict/9"):
        verdict.decode(content)
