"""doctor, checks, faults, demo: what the command tells of itself and of its machine."""

from __future__ import annotations

import json
import subprocess
import sys

from isolation_checks.checks import CHECKS


def test_every_check_is_told_with_what_it_catches(crosstalk):
    """Name, part, question and docstring."""
    said = crosstalk("checks")
    assert said.code == 0
    for check in CHECKS:
        assert f"{check.name}  ({check.part}" in said.out
        assert check.asks in said.out
    assert said.out.count("Blind to:") == len(CHECKS)


def test_every_fault_is_told_with_its_opportunity(crosstalk):
    """As the platform itself lists them."""
    asked = [sys.executable, "-m", "reference_platform", "--faults"]
    known = json.loads(subprocess.check_output(asked))
    said = crosstalk("faults")
    assert said.code == 0
    for fault in known:
        assert f"{fault['name']}\n  {fault['sentence']}" in said.out
        assert f"per {fault['opportunity']}, at a rate of {fault['default_rate']}" in said.out


def doctored(broken="pass"):
    """What `doctor` says, in a process of its own: it imports Locust, which patches Python."""
    code = (
        f"import sys; {broken}; from crosstalk.main import main; sys.argv[1:] = ['doctor']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_a_good_machine_is_well():
    """0, and nothing is marked but what is optional."""
    code, lines = doctored()
    assert code == 0, lines
    assert all("for the tests" in line for line in lines if line.startswith("--"))
    assert "ok  Python 3." in lines[0]


def test_a_bad_machine_is_told_what_to_do():
    """4, and the advice stands below what is missing."""
    code, lines = doctored(
        "import shutil, resource; from types import SimpleNamespace as N;"
        "shutil.disk_usage = lambda _: N(total=1, used=1, free=1_000);"
        "resource.getrlimit = lambda _: (256, 1_024);"
        "from crosstalk.commands import doctor;"
        "doctor._PACKAGES = (*doctor._PACKAGES, 'no_such_package');"
        "sys.executable = '/bin/false'"
    )
    assert code == 4
    told = {lines[at + 1].strip() for at, line in enumerate(lines) if line.startswith("--")}
    assert {
        "run `make setup` again",
        "pip install -e docker/reference",
        "raise it: ulimit -Hn 16384",
        "make room, or choose another folder with --runs",
    } <= told


def test_a_machine_without_locust_is_told_so():
    """What is missing is what a doctor is asked about."""
    code, lines = doctored(
        "from importlib import metadata;"
        "from crosstalk.commands import doctor;"
        "doctor._PACKAGES = ('no_such_package',);"
        "doctor.metadata.version = lambda name: (_ for _ in ()).throw("
        "metadata.PackageNotFoundError(name))"
    )
    assert (4, "--  no_such_package cannot be imported: No module named 'no_such_package'") == (
        code,
        lines[1],
    )


def test_a_demo_says_what_it_cannot_do(crosstalk, tmp_path):
    """One sentence, before anything is announced; exit 2, and no run."""
    said = crosstalk("demo", "--fault", "hub,shared_sock", "--seconds", "1", "--runs", tmp_path)
    assert said.code == 2
    (sentence,) = said.err.splitlines()
    assert sentence.startswith("crosstalk: unknown fault 'hub'; the nearest known is ")
    assert not list(tmp_path.glob("*/run.json"))
