"""The four sentences of the page, and what to do."""

from __future__ import annotations

import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.judging.verdict import Verdict
from reports import advice, brief
from tests.reports import samples


def test_a_broken_run_in_four_sentences():
    """What, for whom, since which load, and what next."""
    pairs = tuple(samples.pair("ana-07", f"user-{number}", 1) for number in range(6))
    sentences = dict(brief.told(samples.failing(pairs=pairs)))
    assert ["What is wrong", "For whom", "Since when", "What to do next"] == list(sentences)
    assert "looks like this: the newest socket wins" in sentences["What is wrong"]
    assert "Content of ana-07 reached user-0, user-1, user-2 and 3 others." == sentences["For whom"]
    assert "with 5 sessions open of 40 at most" in sentences["Since when"]
    assert "Read F1 below" in sentences["What to do next"]


def test_what_could_not_be_judged_is_told_beside_what_failed():
    """A failure of one part says nothing of another."""
    parts = samples.parts(samples.PASS, samples.UNKNOWN, samples.FAIL)
    sentences = dict(brief.told(samples.changed(samples.slow(), parts=parts)))
    assert "Whether isolation holds: " in sentences["What is not known"]
    assert "What is not known" not in dict(brief.told(samples.unknown()))


def test_a_missed_objective_says_what_and_where_to_look():
    """Without a finding nobody is named."""
    sentences = dict(brief.told(samples.slow()))
    assert ["What is wrong", "What to do next"] == list(sentences)
    assert "completion p95 ≤ 5 s was missed: not reached" in sentences["What is wrong"]
    assert advice.OBJECTIVES["completion"] in sentences["What to do next"]


def test_unknown_is_not_good_news_and_says_what_would_do():
    """Nothing wrong was seen, which is not the same as that all is well."""
    sentences = dict(brief.told(samples.unknown()))
    assert "too little was seen" in sentences["What is wrong"]
    assert "299 more opportunities of the class overlap" in sentences["What to do next"]
    assert "Drive longer" in sentences["What to do next"]


def test_a_pass_has_nothing_to_tell():
    """The headline says it all."""
    assert [] == brief.told(samples.passing())


@pytest.mark.parametrize("verdict", Verdict)
def test_every_check_has_something_to_do_where_it_did_not_pass(verdict):
    """One sentence, whatever the check."""
    for each in CHECKS:
        said = samples.check(each.name, 1, part=each.part, verdict=verdict)
        wanted = verdict in (Verdict.FAIL, Verdict.UNKNOWN)
        assert wanted == bool(advice.for_check(said)), each.name


def test_what_is_advised_belongs_to_checks_that_there_are():
    """A check that was renamed is noticed here."""
    assert {*advice.FAILED, *advice.UNSEEN} <= {each.name for each in CHECKS}
