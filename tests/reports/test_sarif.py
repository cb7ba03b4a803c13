from __future__ import annotations

import json
import re

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from isolation_checks.verdicts.finding import Place
from reports import sarif
from tests.reports import samples


def run(judgement):
    """The only run of a judgement's document."""
    document = json.loads(sarif.render(judgement))
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    return only


def first(judgement):
    """The first result and its rule."""
    document = run(judgement)
    result = document["results"][0]
    return result, document["tool"]["driver"]["rules"][result["ruleIndex"]]


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_document_is_sarif(name):
    """It fits the model that is made from the standard's schema, which allows nothing else."""
    content = sarif.render(samples.EVERY[name]())
    Sarif.model_validate_json(content)
    assert content == sarif.render(samples.EVERY[name]())


def test_a_result_is_a_finding_under_the_rule_of_its_check():
    """Its rule, its class of weakness, its sentence, and between whom it passed."""
    result, rule = first(samples.failing())
    assert rule["id"] == result["ruleId"] == "foreign-canary-in-a-frame"
    assert rule["shortDescription"]["text"].startswith("Did anyone receive words")
    assert "This run examined 9,402 frames and found 37." in rule["help"]["text"]
    assert result["level"] == "error"
    assert result["occurrenceCount"] == 37
    assert result["message"]["text"].startswith("words that only ana-07 was given reached ben-12")
    expected = {"id": "488", "toolComponent": {"name": "CWE", "index": 0}}
    assert [expected] == result["taxa"]
    taxonomy = run(samples.failing())["taxonomies"][0]
    assert [taxon["id"] for taxon in taxonomy["taxa"]] == ["488"]
    logical = result["locations"][0]["logicalLocations"][0]
    expected = ("ana-07 → ben-12", "frame: ana-07 → ben-12")
    assert expected == (logical["name"], logical["fullyQualifiedName"])


def test_the_flow_is_the_witness_in_order():
    """Each moment says when, who and what, and where in the evidence it stands."""
    (flow,) = first(samples.failing())[0]["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [step["executionOrder"] for step in steps] == [1, 2, 3]
    said = [step["location"]["message"]["text"].replace("\u00a0", " ") for step in steps]
    expected = ["4.180 s  ana-07  asked", "4.191 s  ben-12  connected"]
    assert expected == said[:2]
    places = [step["location"]["physicalLocation"] for step in steps]
    expected = ["history/w1/queries.arrow", "run.json", "history/w2/frames.arrow"]
    assert expected == [place["artifactLocation"]["uri"] for place in places]
    assert [place["region"]["startLine"] for place in places] == [213, 1, 1_872]
    assert samples.CANARY in places[2]["region"]["snippet"]["text"]


def test_a_consequence_is_a_warning_and_names_its_root():
    """Roots are errors."""
    results = run(samples.failing())["results"]
    assert [result["level"] for result in results] == ["error", "warning"]
    assert "It follows from F1." in results[1]["message"]["text"]


def test_a_fingerprint_knows_neither_run_nor_people():
    """The same check, kind and mechanism: the same mark; another mechanism: another."""
    one = samples.shared_socket()
    other = samples.shared_socket(
        id="F9", victim="zoe-01", recipient="will-02", times=2, sentence="?", witness=()
    )
    assert sarif.fingerprint(one) == sarif.fingerprint(other)
    assert sarif.fingerprint(one) != sarif.fingerprint(samples.shared_socket(mechanism="unknown"))
    assert sarif.fingerprint(one) != sarif.fingerprint(samples.shared_socket(kind="foreign-row"))
    result, _ = first(samples.failing())
    assert result["fingerprints"] == {"crosstalk/v1": sarif.fingerprint(one)}


def test_places_are_relative_to_the_run_and_safe_in_a_uri():
    """No path of a machine; what is odd in a name is quoted."""
    content = sarif.render(samples.failing()).decode()
    assert not re.search(r'"(file:|/|[A-Z]:\\)', content)
    odd = samples.moment(1.0, "a", "victim", "row", place=Place(stream="rows/1/a b#c", index=0))
    location = sarif._record(odd)["artifactLocation"]
    assert location == {"uri": "rows/1/a%20b%23c.arrow", "uriBaseId": "RUN"}


def test_no_results_are_not_taken_for_a_clean_platform():
    """UNKNOWN is a warning of the run's, a missed objective an error; the exit code is there."""
    told = run(samples.unknown())["invocations"][0]
    assert (told["exitCode"], run(samples.unknown())["results"]) == (3, [])
    expected = "UNKNOWN: foreign canary in a frame: no frame was received"
    notes = told["toolExecutionNotifications"]
    assert expected in [note["message"]["text"] for note in notes]
    assert {"warning"} == {note["level"] for note in notes}
    missed = run(samples.slow())["invocations"][0]["toolExecutionNotifications"]
    texts = [note["message"]["text"] for note in missed if note["level"] == "error"]
    assert any(text.startswith("FAIL: completion p95 ≤ 5 s: not reached") for text in texts)
    assert run(samples.passing())["invocations"][0]["toolExecutionNotifications"] == []


def test_what_a_target_says_is_neither_link_nor_placeholder():
    """Brackets and braces of a message are the characters themselves."""
    expected = r"\[a\](http://evil.example) {{0}}"
    assert expected == sarif.plain("[a](http://evil.example) {0}")
    for text in re.findall(r'"text": "(.*)"', sarif.render(samples.hostile()).decode()):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_check_that_only_a_finding_names_has_a_rule():
    """And two checks whose names look alike have two ids."""
    judgement = samples.failing(checks=(samples.check("A b", 1), samples.check("a-b", 1)))
    rules = run(judgement)["tool"]["driver"]["rules"]
    expected = ["a-b", "a-b-2", "foreign-canary-in-a-frame", "row-of-every-answer"]
    assert expected == [rule["id"] for rule in rules]


@pytest.mark.parametrize(
    ("expected", "stamp"),
    [
        ("2026-11-22T09:41:00Z", "2026-11-22T10:41:00+01:00"),
        (None, "2026-11-22T10:41:00"),
        (None, "yesterday"),
    ],
)
def test_times_are_in_utc_or_absent(expected, stamp):
    """A stamp without a zone says no time."""
    invocation = run(samples.passing(started_at=stamp))["invocations"][0]
    assert expected == invocation.get("startTimeUtc")
