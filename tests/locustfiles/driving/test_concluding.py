import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from isolation_checks.history import directory
from isolation_checks.records import ProcessId, RunId
from locustfiles.driving import concluding
from locustfiles.driving.concluding import conclude, sealed

P0, P1 = ProcessId("p0"), ProcessId("p1-abc")


@pytest.fixture
def run(tmp_path):
    """A run in which nothing has happened."""
    return directory.create(tmp_path, RunId("told"))


@pytest.fixture
def judging(run, monkeypatch):
    """Stands in for the process that judges: it ends with a code and leaves what it leaves."""
    asked = []

    def judge(code, verdict=None, said=b"PASS\n"):
        def answer(command, *, stdout, check):
            asked.append((command, stdout, check))
            if verdict is not None:
                folder = run.next_in(run.judgements)
                directory.add(folder / "verdict.json", verdict)
            return subprocess.CompletedProcess(command, code, said)

        monkeypatch.setattr(
            concluding, "subprocess", SimpleNamespace(run=answer, PIPE=subprocess.PIPE)
        )
        return asked

    return judge


def seal(run, process):
    folder = run.of_process(process)
    folder.mkdir(parents=True)
    directory.add_json(folder / "seal.json", {"streams": {}})


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_code_is_the_judgements(run, judging, code):
    """With what it says, what it found and where the report is; asked of our own interpreter."""
    asked = judging(code, b'{"verdict": "PASS"}')
    over = conclude(run, lambda: True, 0.0)
    assert (code, "PASS", {"verdict": "PASS"}) == (over.code, over.text, over.verdict)
    assert run.judgements / "1" / "report" == over.report
    assert asked == [
        ([sys.executable, "-m", "crosstalk", "conclude", str(run.path)], subprocess.PIPE, False)
    ]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(0, None), (1, None), (3, None), (2, b"{}"), (4, b"{}"), (-9, b"{}"), (130, b"{}")],
)
def test_without_a_judgement_it_is_four_whatever_the_process_said(run, judging, code, verdict):
    """A 1 without a verdict on disk is no FAIL, and a 0 no PASS."""
    judging(code, verdict, said=b"\xff half a sentence \n\n")
    over = conclude(run, lambda: True, 0.0)
    assert (4, None, None) == (over.code, over.verdict, over.report)
    assert over.text == "\ufffd half a sentence"


def test_it_is_judged_when_everybody_has_sealed_and_no_later_than_that(run, judging):
    """A process that was killed will never seal."""
    asked = judging(3, b"{}")
    looks = iter((False, False, True))
    began = time.monotonic()
    conclude(run, lambda: next(looks), 60.0)
    assert list(looks) == []
    conclude(run, lambda: False, 0.2)
    assert len(asked) == 2
    assert time.monotonic() - began < 10


def test_everybody_has_sealed_when_every_seal_is_there(run):
    """One that never began has none; nobody at all has nothing to seal."""
    assert sealed(run, ())
    assert not sealed(run, {P0})
    seal(run, P0)
    assert sealed(run, {P0})
    assert not sealed(run, {P0, P1})
    seal(run, P1)
    assert sealed(run, {P0, P1})
