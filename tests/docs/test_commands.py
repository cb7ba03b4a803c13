"""The README's commands, as they stand there, are run: shorter, and with fewer users.

Everything else of them is kept: what is shortened stands in `SHORTER`.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import msgspec
import pytest
import yaml

from isolation_checks.history.directory import RunDirectory
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement
from tests.docs import pages
from tests.docs.test_examples import readme_plan
from tests.end_to_end.platforms import platform

SHORTER = {"-u": "6", "-r": "6", "-t": "5s", "--processes": "2", "--users": "8", "--seconds": "6"}
BIN = Path(sys.executable).parent
LIMIT_SECONDS = 120


def commands() -> list[str]:
    """Every command of the README: those in fences, and `make` where it is indented."""
    text = pages.read(pages.README)
    lines = [line for fence in pages.fenced(text, "sh") for line in fence.splitlines()]
    return [*re.findall(r"^    (make .*)$", text, re.MULTILINE), *filter(None, lines)]


def of(program: str) -> list[str]:
    return [command for command in commands() if command.split()[0] == program]


def of_a_run() -> list[str]:
    return [c for c in of("crosstalk") if c.split()[-1] in ("latest", "F1") and "cleanup" not in c]


def argv(command: str, *more: str) -> list[str]:
    """A command with this environment's programs, as short as a test needs it."""
    words = [*shlex.split(command), *more]
    for place, word in enumerate(words[:-1]):
        words[place + 1] = SHORTER.get(word, words[place + 1])
    return [str(BIN / Path(words[0]).name), *words[1:]]


def behind(target: str) -> list[str]:
    """What a `make` of the README runs, by make's own account."""
    words = shlex.split(target)
    dry = [words[0], "--dry-run", "--assume-old=.venv/for-use", *words[1:]]
    said = subprocess.check_output(dry, cwd=pages.ROOT, text=True)
    return [" ".join(line.split()) for line in said.replace("\\\n", " ").splitlines()]


def run(words: list[str], runs: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=pages.ROOT,
        env={**os.environ, "CROSSTALK_RUNS": str(runs), **env},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def judgement(runs: Path) -> Judgement:
    """Of the newest run."""
    described = max(runs.glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    directory = RunDirectory(described.parent)
    folder = directory.latest_in(directory.judgements, "verdict.json")
    assert folder is not None
    return verdict.decode((folder / "verdict.json").read_bytes())


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The demo that fails, as the README begins: its runs, and what it said."""
    runs = tmp_path_factory.mktemp("broken")
    return runs, demo("make demo FAULT=shared_socket", runs)


def demo(target: str, runs: Path) -> subprocess.CompletedProcess[str]:
    (command,) = [line for line in behind(target) if "crosstalk demo" in line]
    return run(argv(command, "--users", "", "--seconds", ""), runs)


def test_every_command_is_run_by_some_test():
    """A new one in the README needs a test here."""
    tried = {
        *of("make"),
        *of("locust"),
        *of_a_run(),
        *of("docker"),
        *ALONE,
        "crosstalk cleanup latest",
        "crosstalk selftest",  # shorter, in tests/crosstalk/test_selftest.py
        DISCOVER,
    }
    assert sorted(set(commands()) - tried) == []


@pytest.mark.slow
def test_the_demo_with_a_fault_fails(broken):
    """With 1, a first finding that the README's sentence fits, and its report."""
    runs, done = broken
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"F1  words that only \S+ was given reached \S+", done.stdout)
    assert "the newest socket wins" in done.stdout
    assert judgement(runs).findings[0].kind == "foreign-canary"
    assert Path(done.stdout.rsplit("report ", 1)[1].strip()).is_file()


def test_the_output_that_the_readme_shows_can_be_had():
    """Its checks, words and layout are those of today."""
    (shown, passed) = pages.fenced(pages.read(pages.README), "text")
    from isolation_checks.checks import CHECKS  # noqa: PLC0415 - slow to import

    rows = re.split(r"examined +found.*", shown)[1].splitlines()
    named = {row[2:28].strip() for row in rows if row.startswith("  ") and row.strip() != "[…]"}
    assert named <= {check.name for check in CHECKS}
    assert passed.startswith(
        "PASS  nothing of one user's reached another, on the wire and in the rows"
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", of_a_run())
def test_commands_about_a_run(command, broken):
    """On the run of the demo: what they say, or that its platform is gone."""
    runs, _ = broken
    done = run(argv(command), runs)
    expected = {"explain": 0, "judge": 1, "report": 0, "collect": 3, "control": 0}[
        command.split()[1]
    ]
    assert done.returncode == expected, done.stdout + done.stderr
    if "explain" in command:
        assert "what proves it, in order" in done.stdout


@pytest.mark.slow
def test_a_run_json_is_as_the_format_says(broken):
    """Every key has its row, and so have those of the small files."""
    runs, _ = broken
    (described,) = runs.glob("*/run.json")
    text = pages.read("history-format.md")
    rows = pages.table(pages.section(text, "`run.json`"))
    told = [name for row in rows for name in pages.names(row[0])]
    assert sorted(told) == sorted(decoded(described))
    section = set(
        pages.names(pages.section(text, "`joined/<process>.json`, `ended/<process>.json`"))
    )
    for name in ("joined", "ended"):
        assert set(decoded(described.parent / name / "p0.json")) <= section
    section = set(pages.names(pages.section(text, "`history/<process>/seal.json`")))
    seal = decoded(described.parent / "history/p0/seal.json")
    assert {*seal, *seal["streams"]["frames"]} <= section
    section = set(pages.names(pages.section(text, "`rows/<n>/`")))
    reading = decoded(described.parent / "rows/1/reading.json")
    keys = {key for table in reading["tables"].values() for key in table}
    assert {*reading, *keys} <= section


def decoded(path: Path) -> dict:
    return msgspec.json.decode(path.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("target", [c for c in of("make") if "demo" in c and "shared" not in c])
def test_the_other_demos(target, tmp_path):
    """Without a fault nothing is found; with one of rows and one of time, something may be."""
    done = demo(target, tmp_path)
    assert done.returncode in ((0, 1, 3) if "FAULT" in target else (0, 3)), (
        done.stdout + done.stderr
    )
    if "FAULT" not in target:
        assert judgement(tmp_path).findings == ()


def test_make_test_is_every_check_and_every_test():
    """The command stands in the Makefile; to run it here would be to run this test."""
    lines = behind("make test")
    tests = [shlex.split(line) for line in lines if "/pytest" in line]
    assert len(tests) == 1
    assert not {"-m", "-k", "--ignore", "--deselect"} & set(tests[0]), "some tests are left out"
    assert not [word for word in tests[0][1:] if word.startswith("tests")], "only some are run"
    assert any("ruff check" in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [c for c in of("locust") if "--headless" in c and "--plan" not in c]
)
def test_headless_drives(command, tmp_path):
    """Each ends with a verdict on the embedded platform, and nothing is found."""
    done = run(argv(command), tmp_path)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    judged = judgement(tmp_path)
    assert judged.findings == ()
    assert judged.scale.processes == (2 if "--processes" in command else 1)


@pytest.mark.slow
def test_your_own_platform(tmp_path):
    """The README's plan drives a platform that it was not written for, at another address.

    Its rows are read, it is judged again, and its accounts stay: no request removes one.
    """
    plan, runs = tmp_path / "my-platform.toml", tmp_path / "runs"
    plan.write_text(readme_plan(), "utf-8")
    (command,) = [c for c in of("locust") if "--plan" in c]
    assert plan.name in command
    with platform() as announced:
        env = {"STAGING_DATABASE_URL": announced["database"]}
        words = [str(plan) if word == plan.name else word for word in argv(command)]
        done = run([*words, "--host", announced["http"]], runs, **env)
        assert done.returncode in (0, 3), done.stdout + done.stderr
        judged = judgement(runs)
        assert judged.findings == ()
        assert judged.scale.rows
        assert not any(line.startswith("rows") for line in judged.not_asked)
        assert run(argv("crosstalk collect latest"), runs, **env).returncode == 0
        assert run(argv("crosstalk judge latest"), runs, **env).returncode == done.returncode
        cleaned = run(argv("crosstalk cleanup latest"), runs, **env)
        assert cleaned.returncode == 3
        assert "auth.remove" in cleaned.stdout


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.mark.slow
def test_the_web_ui(tmp_path):
    """A run that is started and stopped there is judged, and the verdict printed."""
    (command,) = [c for c in of("locust") if "--headless" not in c]
    port = free_port()
    with (tmp_path / "said").open("w+b") as said:
        process = subprocess.Popen(
            argv(command, "--web-port", str(port)),
            cwd=pages.ROOT,
            env={**os.environ, "CROSSTALK_RUNS": str(tmp_path / "runs")},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            page = f"http://127.0.0.1:{port}"
            until(lambda: asked(f"{page}/") is not None)
            assert asked(f"{page}/swarm", user_count="4", spawn_rate="4") is not None
            time.sleep(4)
            assert asked(f"{page}/stop", now="") is not None
            until(lambda: list(tmp_path.glob("runs/*/judgements/*/report/index.html")))
            time.sleep(1)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=LIMIT_SECONDS)
        said.seek(0)
        text = said.read().decode()
    assert process.returncode in (0, 3), text
    assert judgement(tmp_path / "runs").verdict in (Verdict.PASS, Verdict.UNKNOWN)
    assert "foreign canary in a frame" in text


def asked(url: str, **form: str) -> bytes | None:
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(url, data=data, timeout=10) as answer:
            return answer.read()
    except OSError:
        return None


def until(true) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.2)


ALONE = {
    "crosstalk checks": "foreign canary in a frame",
    "crosstalk faults": "shared_socket",
    "crosstalk doctor": "the reference platform can be started",
    "crosstalk ci-example github": "locust -f locustfiles/agents.py --headless",
}


@pytest.mark.parametrize(("command", "said"), ALONE.items())
def test_commands_that_need_no_run(command, said, tmp_path):
    """They list what there is, and end with 0."""
    assert command in commands()
    done = run(argv(command), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


DISCOVER = "crosstalk discover my-platform.toml"


def test_discovery_says_what_the_plan_refers_to(tmp_path):
    """With the README's plan, on a machine that has no such database; drives are elsewhere."""
    (tmp_path / "my-platform.toml").write_text(readme_plan())
    asked = [word.replace("my-", f"{tmp_path}/my-") for word in argv(DISCOVER)]
    done = run(asked, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("STAGING_DATABASE_URL is not set\n")


@pytest.mark.parametrize("command", of("docker"))
def test_compose_commands_name_what_there_is(command):
    """The file is there, and has the service that is scaled."""
    words = shlex.split(command)
    assert words[:2] == ["docker", "compose"]
    file = pages.ROOT / words[words.index("-f") + 1]
    service, _, many = words[words.index("--scale") + 1].partition("=")
    assert int(many) > 0
    assert service in yaml.safe_load(file.read_text("utf-8"))["services"]
