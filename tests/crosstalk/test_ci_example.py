from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
import yaml

from crosstalk.commands.ci_example import EXAMPLES
from isolation_checks.verdicts import verdict

ROOT = Path(__file__).parents[2]
DRIVE = "-u 50 -r 10 -t 60s"
SHORT = "-u 4 -r 4 -t 4s"
SCREENS = ("junit.xml", "crosstalk.sarif")


def printed(where):
    """An example as the command prints it."""
    command = [sys.executable, "-m", "crosstalk", "ci-example", where]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def steps():
    """The steps of the workflow for GitHub, by name or action."""
    job = yaml.safe_load(EXAMPLES["github"])["jobs"]["crosstalk"]
    return {step.get("name", step.get("uses")): step for step in job["steps"]}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A checkout in which the workflow for GitHub has driven, for a short while, and reported.

    Installing is left out: what would be installed is what runs these tests.
    """
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("locustfiles", "docker", "constraints.txt", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("locust", "crosstalk"):
        (folder / ".venv" / "bin" / name).symlink_to(Path(sys.executable).parent / name)
    ends = {name: shell(folder, steps()[name]["run"]) for name in ("Drive and judge", "Report")}
    return folder, ends


def shell(folder, script):
    """Run a script as a runner of GitHub does, in less time."""
    env = os.environ | {
        "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "CROSSTALK_RUNS": "runs",
    }
    return subprocess.run(
        ["bash", "-e", "-c", script.replace(DRIVE, SHORT)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def judgement(folder):
    """What was judged in a checkout."""
    (path,) = folder.glob("runs/*/judgements/1/verdict.json")
    return verdict.decode(path.read_bytes())


@pytest.mark.parametrize("where", EXAMPLES)
def test_an_example_is_printed_whole_and_is_yaml(where):
    """What is printed can be saved as it is."""
    assert printed(where) == EXAMPLES[where]
    assert isinstance(yaml.safe_load(EXAMPLES[where]), dict)


@pytest.mark.parametrize("where", EXAMPLES)
def test_both_install_as_make_does_and_drive_for_a_minute(where):
    """The same packages under the same constraints."""
    flat = re.sub(r"\\\s+|\n\s+", " ", EXAMPLES[where])
    assert f"locust -f locustfiles/agents.py --headless {DRIVE}" in flat
    made = (ROOT / "Makefile").read_text()
    for part in ("-c constraints.txt", "--no-build-isolation", "docker/reference[postgres,redis]"):
        assert part in flat
        assert part in made


def test_the_verdict_is_the_exit_code_of_the_step_that_drives(workspace):
    """Whatever it is after four seconds, it is the judgement's, and there is a judgement."""
    folder, ends = workspace
    assert judgement(folder).exit_code == ends["Drive and judge"].returncode
    assert judgement(folder).scale.answered > 0


def test_reporting_fills_the_ci_s_own_screens(workspace):
    """Job summary, annotations, JUnit and SARIF, whatever the verdict is."""
    folder, ends = workspace
    assert ends["Report"].returncode == 0, ends["Report"].stderr
    word = judgement(folder).verdict
    assert word in (folder / "summary").read_text().splitlines()[0]
    assert f"title=Crosstalk%3A {word}::" in ends["Report"].stdout.splitlines()[0]
    assert ET.parse(folder / "junit.xml").getroot().tag == "testsuites"
    assert msgspec.json.decode((folder / "crosstalk.sarif").read_bytes())["version"] == "2.1.0"


def test_gitlab_reports_the_same(workspace):
    """Its last commands do on the same run what the workflow for GitHub does."""
    folder, _ = workspace
    before = {name: (folder / name).read_bytes() for name in SCREENS}
    for line in yaml.safe_load(EXAMPLES["gitlab"])["crosstalk"]["after_script"]:
        done = shell(folder, line)
        assert done.returncode == 0, done.stderr
    assert before == {name: (folder / name).read_bytes() for name in SCREENS}
    assert (folder / "summary.md").read_bytes() == (folder / "summary").read_bytes()


def test_evidence_and_reports_are_kept_whatever_happened():
    """Nothing after the drive waits for its success, and the keys stay at home."""
    names = list(steps())
    after = names[names.index("Drive and judge") + 1 :]
    assert after
    assert all(steps()[name]["if"].startswith("always()") for name in after)
    kept = steps()["Keep the evidence and the reports"]["with"]["path"].split()
    assert kept == ["runs/", *SCREENS]
    artifacts = yaml.safe_load(EXAMPLES["gitlab"])["crosstalk"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"]["junit"] == "junit.xml"
    assert {"runs/", "crosstalk.sarif"} <= set(artifacts["paths"])
    assert artifacts["exclude"] == ["runs/.canary-key", "runs/.account-key"]


def test_every_script_is_shell():
    """Installing too, which is not run here."""
    for step in steps().values():
        if "run" in step:
            subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
