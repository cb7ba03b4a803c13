from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from reports import junit
from tests.reports import samples


def suite(judgement):
    """The only suite of a judgement's document."""
    root = ET.fromstring(junit.render(judgement))
    assert root.tag == "testsuites"
    (only,) = root
    return only


def results(judgement):
    """How each case ended: its class and name, the tag of its result, its message."""
    told = {}
    for case in suite(judgement).iter("testcase"):
        ends = [child for child in case if child.tag in {"failure", "error", "skipped"}]
        assert len(ends) <= 1
        end = ends[0] if ends else None
        told[case.get("classname"), case.get("name")] = (
            ("passed", None) if end is None else (end.tag, end.get("message"))
        )
    return told


def test_a_failure_says_the_findings_sentences():
    """The message is the first sentence; the text has every finding, and how to read on."""
    case = "crosstalk.isolation", "foreign canary in a frame"
    expected = ("failure", "words that only ana-07 was given reached ben-12")
    assert expected == results(samples.failing())[case]
    failure = suite(samples.failing()).find(f"testcase[@name='{case[1]}']/failure")
    assert "F1  words that only ana-07 was given reached ben-12\n" in failure.text
    assert "crosstalk explain 1122-0941-k3v F1" in failure.text
    assert "37 found in 9,402 frames" in failure.text


def test_what_is_unknown_is_an_error_and_never_reads_as_passed():
    """Checks, objectives, parts and opportunities that say nothing: errors of type unknown."""
    told = results(samples.unknown())
    assert "passed" not in {how for how, _ in told.values()}
    expected = ("error", "no frame was received")
    assert expected == told["crosstalk.isolation", "foreign canary in a frame"]
    assert told["crosstalk.objective", "completion p95 ≤ 5 s"][0] == "error"
    assert "299 more are needed" in told["crosstalk.opportunities", "overlap"][1]
    errors = suite(samples.unknown()).iter("error")
    assert {error.get("type") for error in errors} == {"unknown"}


def test_too_few_opportunities_are_an_error_though_every_check_passed():
    """The part that says so, and the class that lacks them."""
    few = samples.changed(samples.OPPORTUNITIES[0], count=150, bound=None, needed=149)
    judgement = samples.passing(
        opportunities=(few,), parts=samples.parts(samples.PASS, samples.UNKNOWN, samples.PASS)
    )
    told = results(judgement)
    assert {how for (group, _), (how, _) in told.items() if "isolation" in group} <= {
        "passed",
        "skipped",
    }
    assert told["crosstalk.verdict", "isolation"][0] == "error"
    assert told["crosstalk.opportunities", "overlap"][0] == "error"


@pytest.mark.parametrize(
    ("count", "seen", "bound", "ends"),
    [
        (0, 0, None, "skipped"),
        (1, 0, 0.95, "skipped"),
        (40, 3, None, "skipped"),
        (40, 0, 0.07, "passed"),
    ],
)
def test_a_class_in_which_nothing_could_show_does_not_read_as_passed(count, seen, bound, ends):
    """Though none of it is wanted: a case that is green says that something was looked at."""
    kind = samples.changed(
        samples.OPPORTUNITIES[0],
        name="resume", count=count, seen=seen, bound=bound, wanted=None, needed=None,
    )  # fmt: skip
    told = results(samples.passing(opportunities=(kind,)))
    assert ends == told["crosstalk.opportunities", "resume"][0]


def test_what_was_not_asked_is_skipped_with_its_reason():
    """A check of that verdict, and each reason of the plan's."""
    told = results(samples.passing(not_asked=("rows: the plan names no database",)))
    assert told["crosstalk.isolation", "object access"][0] == "skipped"
    expected = ("skipped", "rows: the plan names no database")
    assert expected == told["crosstalk.not asked", "rows: the plan names no database"]


def test_a_missed_objective_is_a_failure():
    """It says what was measured."""
    expected = ("failure", "not reached (at least 7.91\u00a0s; n = 1,140, 142 unfinished)")
    assert expected == results(samples.slow())["crosstalk.objective", "completion p95 ≤ 5 s"]


def test_the_suite_says_which_run_and_counts_its_cases():
    """Properties for those who compare runs; sums that fit the cases."""
    shown = suite(samples.failing())
    told = {each.get("name"): each.get("value") for each in shown.iter("property")}
    expected = {
        "run": "1122-0941-k3v",
        "target": "ws://127.0.0.1:8123/ws",
        "seed": "7",
        "verdict": "FAIL",
        "headline": "isolation broken: 38 findings, one root",
    }
    assert expected.items() <= told.items()
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        assert int(shown.get(name)) == len(list(shown.iter(tag))) > 0
    assert float(shown.get("time")) == 60.02


@pytest.mark.parametrize("name", samples.EVERY)
def test_the_same_judgement_gives_the_same_legal_bytes(name):
    """A parser reads it, and no character is one that XML 1.0 forbids."""
    content = junit.render(samples.EVERY[name]())
    assert content == junit.render(samples.EVERY[name]())
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", content.decode())
    ET.fromstring(content)


def test_forbidden_characters_are_taken_out():
    """Of what reaches the document by any way; text in any script and emoji stay."""
    expected = "aé東👩"
    assert expected == junit.legal("a\x00\x0bé\ufffe東\ud800👩\uffff")


def test_hostile_words_open_no_element():
    """Markup is text."""
    shown = suite(samples.hostile())
    assert {case.tag for case in shown} <= {"properties", "testcase"}
    assert b"<script" not in junit.render(samples.hostile())
