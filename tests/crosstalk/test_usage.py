"""What every subcommand has in common: examples, `latest`, and a sentence for what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from crosstalk.main import _HIDDEN, COMMANDS
from tests.crosstalk.conftest import RECORDED

OPEN = [name for name in COMMANDS if name not in _HIDDEN]
OF_A_RUN = ["collect", "judge", "report", "explain", "control", "cleanup", "capacity"]
READ_THE_EVIDENCE = ["collect", "judge", "control", "cleanup"]


def sentence(said):
    """The one line that was said on standard error, without its name."""
    (line,) = said.err.splitlines()
    assert line.startswith("crosstalk: ")
    assert not said.out
    return line.removeprefix("crosstalk: ")


@pytest.mark.parametrize("name", OPEN)
def test_every_help_has_an_example(crosstalk, name):
    """And says what the command does."""
    said = crosstalk(name, "--help")
    assert said.code == 0
    assert f"crosstalk {name}" in said.out.partition("Example")[2]


def test_the_whole_command_lists_every_subcommand(crosstalk):
    """But for what only a drive calls."""
    said = crosstalk("--help")
    listed = [line.split()[0] for line in said.out.partition("Commands:")[2].splitlines() if line]
    assert listed[: len(OPEN)] == OPEN


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_run_that_is_not_there_is_the_users_mistake(crosstalk, tmp_path, name):
    """By its name, or as the latest of none."""
    said = crosstalk(name, "nowhere", "--runs", tmp_path)
    assert said.code == 2
    assert "'nowhere' is no run" in sentence(said)
    said = crosstalk(name, "latest", "--runs", tmp_path)
    assert said.code == 2
    assert "`make demo` makes one" in sentence(said)


@pytest.mark.parametrize("name", READ_THE_EVIDENCE)
@pytest.mark.parametrize(
    ("description", "told"),
    [("{not json", "is no run: cannot read"), ("{}", "its run.json holds no plan")],
)
def test_a_folder_of_rubbish_is_no_run(crosstalk, tmp_path, name, description, told):
    """Not a crash of ours: one sentence."""
    (tmp_path / "rubbish").mkdir()
    (tmp_path / "rubbish" / "run.json").write_text(description, encoding="utf-8")
    said = crosstalk(name, "rubbish", "--runs", tmp_path)
    assert said.code == 2, said.err
    assert told in sentence(said)


def test_a_plan_of_another_version_is_named(crosstalk, recorded):
    """What stands in `run.json` may have been written by a later Crosstalk."""
    run = recorded("honest")
    described = json.loads((run / "run.json").read_bytes())
    described["plan"]["target"]["teleport"] = True
    (run / "run.json").write_text(json.dumps(described), encoding="utf-8")
    said = crosstalk("judge", "latest", "--runs", run.parent)
    assert said.code == 2
    assert "the plan of the run: [target] has no key 'teleport'" in sentence(said)


@pytest.mark.parametrize("name", ["report", "explain"])
@pytest.mark.parametrize("content", ['{"schema": "crosstalk.verdict/99"}', "[]", "{"])
def test_a_judgement_of_another_schema_is_said(crosstalk, recorded, name, content):
    """And what makes a new one."""
    run = recorded("honest")
    (run / "judgements" / "1").mkdir(parents=True)
    (run / "judgements" / "1" / "verdict.json").write_text(content, encoding="utf-8")
    said = crosstalk(name, "latest", "--runs", run.parent)
    assert said.code == 2, said.err
    assert "`crosstalk judge RUN` makes a new one" in sentence(said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_elses_run_is_no_crash(tmp_path):
    """A run is its driver's alone: who may not read it is told so, with 2."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        folder.chmod(0o755)
        shutil.copytree(RECORDED / "honest", folder / "theirs")
        (folder / "theirs").chmod(0o700)
        code = (
            "import os, sys; from crosstalk.main import main; import crosstalk.commands.judge;"
            "os.setgid(65534); os.setuid(65534);"
            f"sys.argv = ['crosstalk', 'judge', 'theirs', '--runs', {str(folder)!r}]; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
        )
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 2, done.stderr
    assert "no permission for" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("judge",), "missing argument 'RUN'; `crosstalk judge --help` says what is right"),
        (("nothing",), "there is no command 'nothing'; `crosstalk --help` lists them"),
        (("judgement",), "there is no command 'judgement' (did you mean 'judge'?)"),
        (("--nothing",), "no such option '--nothing'"),
        (("compare", "base.json", "latest"), "there is no file base.json; `crosstalk baseline"),
        (("demo", "--users", "0"), "not in the range"),
        (("demo", "--seconds", "soon"), "not a valid integer"),
        (("report", "latest", "--format", "pdf-a"), "is not one of"),
        (("ci-example", "jenkins"), "is not one of"),
    ],
)
def test_a_wrong_command_line_ends_in_two(crosstalk, arguments, told):
    """With one sentence, and where more of it stands."""
    said = crosstalk(*arguments)
    assert said.code == 2
    assert told in sentence(said)


def test_without_a_word_the_commands_are_shown(crosstalk):
    """It is no answer to anything, and so no success."""
    said = crosstalk()
    assert said.code == 2
    assert "Commands:" in said.err


def test_an_example_is_never_broken(crosstalk, monkeypatch):
    """Each on a line of its own, to be copied, however narrow the terminal is."""
    monkeypatch.setenv("COLUMNS", "60")
    said = crosstalk("discover", "--help")
    assert "  crosstalk discover my-platform.toml --also env:REDIS_URL" in said.out
    assert "  crosstalk discover my-platform.toml\n" in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("baseline", "honest", "-o", "/nowhere/at/all.json"), "there is no such folder"),
        (("baseline", "honest", "-o", "/proc/self/x.json"), "it may not be written"),
        (("discover", "plan.toml", "--write", "/nowhere/rows.toml"), "there is no such folder"),
        (("selftest", "--fault", "none", "--state", "/proc/version/x"), "name another folder"),
        (("selftest", "--database", "postgresql://a:b@c/d"), "--database holds a password"),
        (("demo", "--redis", "redis://:b@c"), "--redis holds a password"),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_done(crosstalk, recorded, arguments, told):
    """With 2, and no run is made for it."""
    runs = recorded("honest").parent
    where = () if arguments[0] == "selftest" else ("--runs", runs)
    said = crosstalk(*arguments, *where)
    assert said.code == 2, said.err
    assert told in sentence(said)
    assert ["honest"] == [path.name for path in runs.iterdir()]


def test_nobody_who_reads_is_no_verdict():
    """`crosstalk checks | true`: 1 is FAIL, and nothing was judged."""
    reading, writing = os.pipe()
    os.close(reading)
    asked = [sys.executable, "-m", "crosstalk", "checks"]
    done = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (141, b"") == (done.returncode, done.stderr)
