from __future__ import annotations

import os

import pytest

from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.history import directory
from isolation_checks.history.directory import RunDirectory
from isolation_checks.records import RunId


def test_a_file_of_a_run_is_added_once(tmp_path):
    """A run is evidence: what is there stays as it is."""
    path = tmp_path / "rows" / "1" / "reading.json"
    directory.add(path, b"first")
    with pytest.raises(HarnessError, match="File exists"):
        directory.add(path, b"second")
    assert path.read_bytes() == b"first"
    assert [path] == list(path.parent.iterdir())


def test_a_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    """What breaks off before the end leaves nothing under the name, and no rest beside it."""

    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "link", broken)
    with pytest.raises(HarnessError, match="Input/output error"):
        directory.add(tmp_path / "seal.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_a_run(tmp_path):
    """Directories have mode 0700 and files 0600."""
    run = directory.create(tmp_path / "runs", RunId("r"))
    directory.add_json(run.rows / "1" / "reading.json", {"a": 1})
    assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o700
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert run.rows.stat().st_mode & 0o777 == 0o700
    assert (run.rows / "1" / "reading.json").stat().st_mode & 0o777 == 0o600


def test_json_comes_back_as_it_was(tmp_path):
    """What is added can be read; what is missing or half is a sentence."""
    directory.add_json(tmp_path / "a.json", {"n": 1, "text": "ü"})
    (tmp_path / "half.json").write_bytes(b'{"n": ')
    assert directory.read_json(tmp_path / "a.json") == {"n": 1, "text": "ü"}
    for name in ("half.json", "none.json"):
        with pytest.raises(HarnessError, match="cannot read"):
            directory.read_json(tmp_path / name)


def test_two_runs_of_one_name_are_refused(tmp_path):
    """The second must not write into the first's evidence."""
    directory.create(tmp_path, RunId("r"))
    with pytest.raises(HarnessError, match="cannot make the run"):
        directory.create(tmp_path, RunId("r"))


def test_numbered_folders_never_meet(tmp_path):
    """Each is made here and now, one after the newest there is."""
    run = RunDirectory(tmp_path)
    assert [run.next_in(run.judgements).name for _ in range(3)] == ["1", "2", "3"]
    (run.judgements / "10").mkdir()
    (run.judgements / "notes").mkdir()
    assert run.next_in(run.judgements).name == "11"


def test_the_latest_folder_is_the_newest_whole_one(tmp_path):
    """By number, not by name; one without the file was not finished."""
    run = RunDirectory(tmp_path)
    assert run.latest_in(run.rows, "reading.json") is None
    for number in (1, 2, 10):
        (run.rows / str(number)).mkdir(parents=True)
    assert run.latest_in(run.rows, "reading.json") is None
    for number in (2, 1):
        (run.rows / str(number) / "reading.json").touch()
    assert run.rows / "2" == run.latest_in(run.rows, "reading.json")
    (run.rows / "10" / "reading.json").touch()
    assert run.rows / "10" == run.latest_in(run.rows, "reading.json")


def test_a_run_is_found_by_name_by_path_and_as_the_latest(tmp_path):
    """`latest` is the one described last."""
    for age, name in ((200, "old"), (100, "new")):
        run = directory.create(tmp_path / "runs", RunId(name))
        directory.add_json(run.description, {})
        os.utime(run.description, ns=(10**18 - age, 10**18 - age))
    runs = tmp_path / "runs"
    assert directory.find("old", runs).id == "old"
    assert directory.find(str(runs / "old"), tmp_path).id == "old"
    assert directory.find("latest", runs).id == "new"


@pytest.mark.parametrize(("name", "sentence"), [("latest", "no run in"), ("x", "'x' is no run")])
def test_a_run_that_is_not_there_is_the_users_mistake(tmp_path, name, sentence):
    """One sentence says what was looked for."""
    with pytest.raises(UsageError, match=sentence):
        directory.find(name, tmp_path)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"schema": "crosstalk.run/99"}, "written by another version of Crosstalk: its run.json"),
        ({"canary_key": None}, "is no run: in its run.json, Expected `str`, got `null`"),
        ({"canary_key": "abc"}, "is no run: in its run.json"),
        ({"expected": "p0"}, "is no run: in its run.json"),
        ({"started_at": 5}, "is no run: in its run.json"),
        ({"plan": []}, "is no run: in its run.json"),
    ],
)
def test_a_description_of_another_shape_is_the_users_mistake(tmp_path, over, said):
    """Somebody changed it, or another version wrote it; nothing is guessed."""
    run = RunDirectory(tmp_path)
    whole = {"schema": directory.SCHEMA, "plan": {}, "canary_key": "0" * 64, "expected": ["p0"]}
    directory.add_json(run.description, whole | over)
    with pytest.raises(UsageError, match=said):
        run.describe()


def test_the_processes_of_a_run_are_those_that_joined(tmp_path):
    """By name, in order."""
    run = RunDirectory(tmp_path)
    for name in ("p1", "p0"):
        directory.add_json(run.joined / f"{name}.json", {})
    assert run.processes() == ("p0", "p1")
    assert run.history / "p0" == run.of_process(run.processes()[0])


def test_the_installations_key_is_made_once_and_kept(tmp_path):
    """Old runs can be judged again only as long as the key is the same."""
    first = directory.installation_key(tmp_path / "runs")
    assert len(first) == 32
    assert first == directory.installation_key(tmp_path / "runs")
    assert first != directory.installation_key(tmp_path / "others")


def test_a_key_that_is_none_is_refused(tmp_path):
    """A truncated key would make every old canary unreadable, in silence."""
    (tmp_path / ".canary-key").write_bytes(b"abc\xff")
    with pytest.raises(HarnessError, match="holds no canary key"):
        directory.installation_key(tmp_path)


def test_two_processes_that_make_the_key_at_once_agree(tmp_path, monkeypatch):
    """Whoever comes second reads what the first has written."""
    plain = directory.add

    def overtaken(path, content):
        plain(path, b"ab" * 32)
        plain(path, content)

    monkeypatch.setattr(directory, "add", overtaken)
    assert directory.installation_key(tmp_path) == b"\xab" * 32
