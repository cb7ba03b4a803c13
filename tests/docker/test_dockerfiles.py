"""What the Dockerfiles promise, read from the files: no engine is needed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("docker/*/Dockerfile"))
EACH = pytest.mark.parametrize("file", FILES, ids=[file.parent.name for file in FILES])


def test_every_image_has_one():
    """The platform, Locust, and the two stores."""
    assert [file.parent.name for file in FILES] == ["locust", "platform", "postgres", "redis"]


@EACH
def test_hadolint_has_nothing_to_say(file):
    """hadolint, where it is installed, finds no fault."""
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists() and shutil.which("hadolint") is None:
        pytest.skip("not installed: hadolint")
    command = [str(program) if program.exists() else "hadolint", "--no-color", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@EACH
def test_the_base_is_one_argument(file):
    """Every stage stands on BASE_IMAGE, whose default has a tag that is not latest."""
    text = file.read_text("utf-8")
    assert re.findall(r"^ARG BASE_IMAGE=(.*)$", text, re.MULTILINE) == ["python:3.12-slim"]
    assert {"${BASE_IMAGE}"} == set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))


@EACH
def test_nothing_is_fetched_to_read_it(file):
    """No `# syntax=` line: it would fetch an image to parse the file."""
    assert "syntax=" not in file.read_text("utf-8")


@EACH
def test_the_last_user_is_not_root(file):
    """The image itself runs as somebody, with or without Compose."""
    users = re.findall(r"^USER (\S+)$", file.read_text("utf-8"), re.MULTILINE)
    assert users[-1].partition(":")[0] not in ("0", "root")


@EACH
def test_no_secret_is_baked_in(file):
    """No ARG and no ENV is called like a secret."""
    named = re.findall(r"^\s*(?:ARG|ENV)\s(.*)$", file.read_text("utf-8"), re.MULTILINE)
    assert not [line for line in named if re.search(r"SECRET|PASSWORD|TOKEN|KEY", line)]


def test_the_build_sees_no_secret_and_no_run():
    """The context is a list of what is let in, and secrets are not on it."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert "docker/.env" in rules
    assert not {"!runs", "!.git", "!.venv", "!tests"} & set(rules)
