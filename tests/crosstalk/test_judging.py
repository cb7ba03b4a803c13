"""judge, explain, control and collect, on recorded runs."""

from __future__ import annotations

import json
import shutil

import pytest

from isolation_checks.history.directory import RunDirectory
from isolation_checks.verdicts import verdict


def judgement(run, number):
    return verdict.decode((run / "judgements" / str(number) / "verdict.json").read_bytes())


def test_a_run_is_judged_twice_and_explained(crosstalk, recorded):
    """The second judgement stands beside the first; each finding can be told whole."""
    run = recorded("shared_socket")
    first = crosstalk("judge", "latest", "--runs", run.parent)
    assert first.code == 1, first.err
    assert "FAIL" in first.out
    content = (run / "judgements" / "1" / "verdict.json").read_bytes()
    second = crosstalk("judge", run)  # by its path
    assert second.code == 1
    assert f"report {run / 'judgements' / '2' / 'report' / 'index.html'}" in second.out
    assert content == (run / "judgements" / "1" / "verdict.json").read_bytes()
    assert judgement(run, 1).findings == judgement(run, 2).findings
    assert not list((run / "cache").iterdir())

    told = crosstalk("explain", "latest", "--runs", run.parent)
    assert told == crosstalk("explain", "latest", "f1", "--runs", run.parent)
    assert told.code == 0
    assert judgement(run, 2).findings[0].sentence[:40] in " ".join(told.out.split())
    unknown = crosstalk("explain", "latest", "F999", "--runs", run.parent)
    assert unknown.code == 2
    assert "has no finding 'F999': there are F1," in unknown.err


def test_a_judgement_without_a_report_is_drawn_later(crosstalk, recorded):
    """The verdict stands; nothing is drawn until it is asked for."""
    run = recorded("shared_socket")
    judged = crosstalk("judge", run, "--no-report")
    assert (1, True) == (judged.code, "FAIL" in judged.out), judged.err
    assert [run / "judgements" / "1" / "verdict.json"] == list((run / "judgements" / "1").iterdir())
    assert "index.html" not in judged.out
    assert crosstalk("report", run).out.strip().endswith("index.html")
    assert (run / "judgements" / "1" / "report" / "index.html").exists()


@pytest.mark.parametrize("octets", [0, 5_000])
def test_a_truncated_stream_is_judged_as_far_as_it_goes(crosstalk, recorded, octets):
    """UNKNOWN, with the reason; whatever the length, no crash."""
    run = recorded("honest")
    stream = run / "history" / "p0" / "frames.arrow"
    stream.write_bytes(stream.read_bytes()[:octets])
    said = crosstalk("judge", "latest", "--runs", run.parent)
    assert said.code == 3, said.err
    checks = {check.name: check for check in judgement(run, 1).checks}
    assert "its stream frames was cut" in checks["history complete"].note


def test_a_run_that_was_not_judged_cannot_be_explained(crosstalk, recorded):
    """The sentence says what does it."""
    run = recorded("honest")
    said = crosstalk("explain", "latest", "--runs", run.parent)
    assert said.code == 2
    assert "`crosstalk judge` does that" in said.err


def test_a_control_counts_what_is_found_again(crosstalk, recorded):
    """By kind, with a bound, and the run stays as it was."""
    run = recorded("honest")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    said = crosstalk("control", "latest", "--runs", run.parent)
    assert said.code == 0, said.err
    assert "of such breaks are found" in said.out
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_control_without_anything_to_plant_says_so(crosstalk, recorded):
    """Nothing is measured by nothing."""
    run = recorded("honest")
    (run / "history" / "p0" / "frames.arrow").write_bytes(b"")
    shutil.rmtree(run / "rows")
    said = crosstalk("control", "latest", "--runs", run.parent)
    assert said.code == 2
    assert "nothing can be planted" in said.err


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql://127.0.0.1:1/none", "", "rubbish"]
)
def test_rows_that_cannot_be_read_are_recorded_as_that(crosstalk, recorded, monkeypatch, url):
    """3, one sentence, and a reading that says why; the next judgement is UNKNOWN by it."""
    run = recorded("honest")
    if url:
        monkeypatch.setenv("CROSSTALK_ROWS_URL", url)
    else:
        monkeypatch.delenv("CROSSTALK_ROWS_URL", raising=False)
    before = len(list((run / "rows").iterdir()))
    said = crosstalk("collect", "latest", "--runs", run.parent)
    assert said.code == 3, said.err
    assert said.out.startswith("the rows could not be read: ")
    newest = RunDirectory(run).latest_in(run / "rows", "reading.json")
    assert newest is not None
    assert newest.name == str(before + 1)
    assert json.loads((newest / "reading.json").read_bytes())["problem"]


def test_a_plan_without_rows_has_nothing_to_collect(crosstalk, recorded):
    """The sentence says what is missing."""
    run = recorded("honest")
    described = json.loads((run / "run.json").read_bytes())
    described["plan"]["rows"] = None
    (run / "run.json").write_text(json.dumps(described), encoding="utf-8")
    said = crosstalk("collect", "latest", "--runs", run.parent)
    assert said.code == 2
    assert "names no database; add [rows] to it" in said.err
