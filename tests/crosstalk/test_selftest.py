from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import sys
import time

import msgspec
import pytest

from crosstalk import rejudging, trials
from crosstalk.commands import selftest as command
from isolation_checks.errors import UsageError
from isolation_checks.history.directory import add_json
from isolation_checks.selftest import scores
from isolation_checks.selftest.nouns import Result, Selftest, Told, Trial

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LIMIT_SECONDS = 280


def selftest(state, *options):
    """Two faults and none; the exit code, what was said, and how long it took."""
    faults = ["--fault", "none", "--fault", "wrong_owner_row", "--fault", "lost_row=0.15"]
    load = ["--users", "8", "--seconds", "9", "--jobs", "2", "--state", str(state)]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "crosstalk", "selftest", *faults, *load, *options],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return done, time.monotonic() - began


def test_a_selftest_notices_two_faults_accuses_nobody_and_is_resumed(tmp_path):
    """What was done is not done again; without `--resume` it is not overwritten either."""
    done, took = selftest(tmp_path / "state")
    said = done.stdout + done.stderr
    whole = msgspec.json.decode((tmp_path / "state" / "selftest.json").read_bytes(), type=Selftest)
    assert whole.exit_code == done.returncode, said
    assert (tmp_path / "state" / "selftest.md").read_text() == done.stdout
    assert not whole.broken, said
    assert not whole.missed, said
    scores = {score.fault: score for score in whole.scores}
    assert "foreign row" in scores["wrong_owner_row"].caught
    assert "row accounting" in scores["lost_row"].caught
    assert Told(rightly=1) == scores["wrong_owner_row"].told
    assert scores["lost_row"].opportunities > 10
    assert [1, 2] == [honest.trial.workers for honest in whole.honest]
    for honest in whole.honest:
        assert "FAIL" != honest.parts["isolation"], said
    assert "4 of 4" in done.stderr

    again, soon = selftest(tmp_path / "state", "--resume")
    assert done.returncode == again.returncode, again.stderr
    assert soon < took / 2
    results = tmp_path / "state" / "results"
    forgotten = results / "lost_row-sqlite-1.json"
    kept = msgspec.json.decode(forgotten.read_bytes(), type=Result)
    forgotten.write_bytes(msgspec.json.encode(msgspec.structs.replace(kept, detecting=())))
    anew, _ = selftest(tmp_path / "state", "--judge-again")
    assert done.returncode == anew.returncode, anew.stderr
    assert kept == msgspec.json.decode(forgotten.read_bytes(), type=Result)
    runs = tmp_path / "state" / "runs"
    assert 4 == len(list(runs.glob("*/run.json")))  # nothing more was driven
    shutil.rmtree(runs / "lost_row-sqlite-1")
    gone, _ = selftest(tmp_path / "state", "--judge-again")
    assert "its run is not" in gone.stderr
    assert kept == msgspec.json.decode(forgotten.read_bytes(), type=Result)
    assert 4 == gone.returncode
    refused, _ = selftest(tmp_path / "state")
    assert 2 == refused.returncode
    assert "--resume" in refused.stderr


def test_the_platform_tells_of_its_faults_itself():
    """With what each needs."""
    faults = trials.known_faults()
    assert ("postgresql",) == faults["pool_residue"].needs
    assert all(fault.opportunity for fault in faults.values())


def on_postgresql(fault):
    return Trial(fault=fault, rate=1, database="postgresql", seed=1, seconds=9, users=9)


def test_trials_on_postgresql_have_servers_of_their_own(monkeypatch, tmp_path):
    """As many are started as trials go on; one that is given is all there is."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def started():
        yield f"postgresql://{next(numbers)}"

    monkeypatch.setattr(command, "_START", {"postgresql": started})
    with contextlib.ExitStack() as stack:
        own, _ = command._servers(stack, {"postgresql": 2}, {"postgresql": None})
        given, _ = command._servers(stack, {"postgresql": 2}, {"postgresql": "postgresql://x"})
    assert ["postgresql://x"] == given["postgresql"]
    stands = [trials.Stand(runs=tmp_path, postgresql=url, redis=None) for url in own["postgresql"]]
    maker = command._Maker({}, stands, tmp_path, {}, 2)
    for _ in range(2):
        with maker._stand(on_postgresql("a")) as one, maker._stand(on_postgresql("b")) as other:
            assert {"postgresql://1", "postgresql://2"} == {one.postgresql, other.postgresql}


def test_only_what_was_made_as_it_is_asked_for_is_resumed(tmp_path):
    """A trial with fewer users would stand for one with more."""
    trial = on_postgresql("a")
    add_json(tmp_path / f"{trial.id}.json", Result(trial=trial))
    assert {trial.id: Result(trial=trial)} == command._kept(tmp_path, [trial, on_postgresql("b")])
    with pytest.raises(UsageError, match="made with other users, seconds or rates"):
        command._kept(tmp_path, [msgspec.structs.replace(trial, users=90)])
    (tmp_path / f"{on_postgresql('c').id}.json").write_bytes(b"{")
    with pytest.raises(UsageError, match="is no result"):
        command._kept(tmp_path, [on_postgresql("c")])


def test_what_is_no_whole_selftest_is_not_judged_again(tmp_path):
    """One sentence, and nothing of it is touched."""
    with pytest.raises(UsageError, match="no whole selftest"):
        rejudging.rejudged(tmp_path, {}, 1, "again", print)
    whole = scores.whole({}, [], [], "crosstalk selftest")
    (tmp_path / "selftest.json").write_bytes(msgspec.json.encode(whole))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_bytes(b"{")
    with pytest.raises(UsageError, match="is no result"):
        rejudging.rejudged(tmp_path, {}, 1, "again", print)
    assert b"{" == (tmp_path / "results" / "a.json").read_bytes()


def test_one_server_may_be_given_by_its_address_or_where_it_stands(monkeypatch):
    """Never with a password that others could read, nor as one that is none."""
    monkeypatch.setenv("CROSSTALK_TEST_URL", "postgresql://me:s3cret@127.0.0.1/x")
    asked = ("sqlite", "env:CROSSTALK_TEST_URL")
    assert ["sqlite", "postgresql"] == [command._kind(each) for each in asked]
    assert "postgresql://me:s3cret@127.0.0.1/x" == command._given(asked)
    assert command._given(("sqlite", "postgresql")) is None
    for wrong, said in {
        ("postgresql://me:s3cret@127.0.0.1/x",): "--database holds a password",
        ("oracle",): "--database is sqlite, postgresql or",
        ("postgresql://a/b", "postgresql://c/d"): "one at the most",
    }.items():
        with pytest.raises(UsageError, match=said):
            command._given(wrong)


def test_a_platform_that_never_says_where_it_is_breaks_its_trial_alone(monkeypatch, tmp_path):
    """It is given up and ended, so that the others go on."""
    monkeypatch.setattr(trials, "START_SECONDS", 0)
    stand = trials.Stand(runs=tmp_path, postgresql=None, redis=None)
    trial = msgspec.structs.replace(on_postgresql("broadcast"), database="sqlite")
    assert "the platform did not start" in trials.made(trial, None, stand).problem
