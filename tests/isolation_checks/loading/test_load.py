"""Runs from their directories: whole ones, broken ones, and ones with hardly anything in them."""

from __future__ import annotations

import itertools
import json
import shutil

import pytest

from isolation_checks.checks import CHECKS
from isolation_checks.checks.foreign_canary import foreign_canary_in_a_frame
from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.checks.history_complete import history_complete
from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.history import stream as streams
from isolation_checks.history.directory import add, add_json
from isolation_checks.judging.judge import judge
from isolation_checks.loading.load import loaded
from isolation_checks.loading.run import count
from isolation_checks.verdicts.lattice import Verdict
from tests.isolation_checks.language import told, written

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
SCRIPT = (
    "a?q1@x,A1 b?q2@y,B1 a:q1,@x,A1 b:q2,@y,B1 b:A1 a!q1 b!q2 "
    "messages|a,q1,A1 messages|b,q2,B1 messages|b,A1"
)


def gaps(run):
    with loaded(run) as opened:
        assert UNKNOWN == history_complete(opened).decided
        return opened.history.processes[0].gaps


def test_a_run_from_its_directory_is_the_run_that_was_told(tmp_path):
    """The same outcome of every check, from files over DuckDB as from memory."""
    known = told(SCRIPT)
    with loaded(written(SCRIPT, tmp_path)) as opened:
        for check in CHECKS:
            from_files, from_memory = check(opened), check(known)
            assert from_memory.decided == from_files.decided
            assert (from_memory.examined, from_memory.note) == (
                from_files.examined,
                from_files.note,
            )
            assert [found.witness() for found in from_memory.found] == [
                found.witness() for found in from_files.found
            ]


def test_derived_columns_go_when_the_run_is_closed(tmp_path):
    """The cache is no evidence: nothing of it stays, and nothing else is touched."""
    run = written(SCRIPT, tmp_path)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with loaded(run) as opened:
        assert 5 == count(opened.frames) + count(opened.rows) - 1
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    shutil.rmtree(run.cache)
    with loaded(run) as opened:
        assert 3 == count(opened.rows)


def test_progress_is_told(tmp_path):
    """Loading may take long: it says what it does."""
    said = []
    with loaded(written(SCRIPT, tmp_path), said.append):
        pass
    assert ["reading the history", "reading the frames", "reading the rows"] == said


def test_an_empty_directory_is_no_run(tmp_path):
    """Without run.json there is nothing to judge, and nothing like PASS is said."""
    run = written("", tmp_path)
    run.description.unlink()
    with pytest.raises(UsageError, match="is no run: cannot read"), loaded(run):
        pass


def test_a_run_of_which_only_the_plan_is_there_is_unknown(tmp_path):
    """The process that was expected never began."""
    run = written("", tmp_path)
    for folder in (run.joined, run.history):
        shutil.rmtree(folder)
    assert ["it never began"] == gaps(run)
    with loaded(run) as opened:
        assert UNKNOWN == judge(opened).verdict


def test_a_process_that_wrote_nothing_is_whole_and_proves_nothing(tmp_path):
    """It joined, and sealed empty streams: complete, and everything is unknown."""
    with loaded(written("", tmp_path)) as opened:
        judgement = judge(opened)
        assert PASS == history_complete(opened).decided
    assert (UNKNOWN, 3) == (judgement.verdict, judgement.exit_code)
    assert {UNKNOWN} == {part.verdict for part in judgement.parts}


def test_a_process_without_a_seal_was_killed(tmp_path):
    """What it wrote is read all the same: a leak is a leak."""
    run = written(SCRIPT, tmp_path)
    (run.history / "p0" / "seal.json").unlink()
    assert ["it was not sealed: it was killed, or could not write"] == gaps(run)
    with loaded(run) as opened:
        assert FAIL == foreign_canary_in_a_frame(opened).decided


def test_a_process_whose_beginning_cannot_be_read_is_not_whole(tmp_path):
    """By what clock it wrote nobody knows; what it wrote is read all the same."""
    run = written(SCRIPT, tmp_path)
    (run.joined / "p0.json").unlink()
    add(run.joined / "p0.json", b'{"boot": ')
    assert ["what it said when it began cannot be read"] == gaps(run)
    with loaded(run) as opened:
        assert FAIL == foreign_canary_in_a_frame(opened).decided


@pytest.mark.parametrize("length", [0, 8, 600])
def test_a_stream_that_was_cut_is_told_by_its_seal(tmp_path, length):
    """Anywhere, between two batches as well as in the middle of one."""
    run = written(SCRIPT, tmp_path)
    path = run.history / "p0" / "frames.arrow"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 8 - length if length < 600 else 0])
    [gap] = gaps(run)
    assert gap.startswith("its stream frames was cut: ")


def test_a_stream_that_was_altered_is_told_by_its_seal(tmp_path):
    """One byte suffices, and so does one more."""
    run = written(SCRIPT, tmp_path)
    path = run.history / "p0" / "health.arrow"
    octets = path.read_bytes()
    path.write_bytes(octets[:-20] + bytes([octets[-20] ^ 1]) + octets[-19:])
    assert ["its stream health is not what was sealed"] == gaps(run)
    path.write_bytes(octets + b"\0")
    assert ["its stream health is not what was sealed"] == gaps(run)
    path.unlink()
    assert ["its stream health is missing"] == gaps(run)


@pytest.mark.parametrize("stream", ["frames", "sessions"])
def test_a_stream_that_we_cannot_read_whole_is_not_whole(tmp_path, monkeypatch, stream):
    """Though it is as it was sealed: memory may be short where it is read."""
    run = written(SCRIPT, tmp_path)
    read = streams.batches

    def short(path):
        return itertools.islice(read(path), 1 if path.stem == stream else None)

    monkeypatch.setattr(streams, "batches", short)
    [gap] = gaps(run)
    assert gap.startswith(f"of its stream {stream} ")
    assert gap.endswith(" records could be read")


def test_rows_that_we_cannot_read_whole_end_the_judging(tmp_path, monkeypatch):
    """They are as they were written: it is our fault, and no platform's."""
    run = written(SCRIPT, tmp_path)
    read = streams.batches

    def short(path):
        return itertools.islice(read(path), 1 if path.stem == "messages" else None)

    monkeypatch.setattr(streams, "batches", short)
    with pytest.raises(HarnessError, match="only 1 of 3 rows of messages"), loaded(run):
        pass


def test_a_worker_that_came_late_is_a_process_of_the_run(tmp_path):
    """Whoever joined must be sealed, expected or not."""
    run = written(SCRIPT, tmp_path)
    add_json(run.joined / "p7.json", {"boot": "here", "monotonic_ns": 0, "wall_s": 0.0})
    with loaded(run) as opened:
        assert ["p0", "p7"] == [process.id for process in opened.history.processes]
        assert UNKNOWN == history_complete(opened).decided


def test_another_machines_seconds_are_set_by_its_wall_clock(tmp_path):
    """Its monotonic clock began at another time; overlap is never counted across."""
    run = written("a?q1 b?q2 a!q1 b!q2", tmp_path, elsewhere="b")
    path = run.joined / "p1.json"
    there = json.loads(path.read_bytes())
    path.unlink()
    add_json(path, there | {"monotonic_ns": -7_000_000_000})
    with loaded(run) as opened:
        here, other = opened.history.queries["q1"], opened.history.queries["q2"]
        assert (True, False) == tuple(p.comparable for p in opened.history.processes)
        assert (1.1, 8.2) == (pytest.approx(here.sent_s), pytest.approx(other.sent_s))
        assert not here.overlapped


def test_a_machine_that_knows_no_boot_compares_with_none(tmp_path):
    """Where a clock cannot be told apart it is taken for another."""
    run = written("a?q1 b?q2 a!q1 b!q2", tmp_path)
    for path in (run.description, run.joined / "p0.json"):
        there = json.loads(path.read_bytes())
        path.unlink()
        add_json(path, there | {"boot": None})
    with loaded(run) as opened:
        assert not opened.history.processes[0].comparable


@pytest.mark.parametrize("harm", ["altered", "missing", "never said"])
def test_rows_that_are_not_as_they_were_written_are_a_problem(tmp_path, harm):
    """A table that lost its rows must not look like one that has none."""
    run = written(SCRIPT, tmp_path)
    path = run.rows / "1" / "messages.arrow"
    if harm == "altered":
        path.write_bytes(path.read_bytes()[:-300])
    elif harm == "missing":
        path.unlink()
    else:
        said = run.rows / "1" / "reading.json"
        kept = json.loads(said.read_bytes()) | {"tables": {}}
        said.unlink()
        add_json(said, kept)
    with loaded(run) as opened:
        outcome = foreign_row(opened)
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert outcome.note.startswith("the rows of messages are ")


def test_the_newest_reading_counts(tmp_path):
    """Collected again, the rows are judged again."""
    run = written(SCRIPT, tmp_path)
    add_json(run.rows / "2" / "reading.json", {"tables": {}, "problem": "refused"})
    with loaded(run) as opened:
        assert "refused" == foreign_row(opened).note


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (b'{"tables": {', "cannot read "),
        (b"[]", "cannot read "),
        (b'{"schema": "crosstalk.rows/99"}', "another version of Crosstalk read the rows"),
    ],
)
def test_a_reading_that_cannot_be_understood_is_a_problem(tmp_path, said, note):
    """What it would mean is not guessed, and the wire can be judged all the same."""
    run = written(SCRIPT, tmp_path)
    add(run.rows / "2" / "reading.json", said)
    with loaded(run) as opened:
        outcome = foreign_row(opened)
    assert (UNKNOWN, 0) == (outcome.decided, outcome.examined)
    assert outcome.note.startswith(note)


def test_rows_without_a_plan_for_them_are_no_reading(tmp_path):
    """The plan says what is asked, not what happens to lie there."""
    run = written(SCRIPT, tmp_path, rows=False)
    with loaded(run) as opened:
        assert None is opened.reading
        assert 0 == count(opened.rows)
