"""Rows that lose the canary of what users said and keep who they are: summaries of its own.

The platform is the reference one; its database has one table more, which a trigger fills from
its messages, as a job that summarises would.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from importlib import resources

import pytest

import locustfiles
from isolation_checks.history.directory import RunDirectory
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.platforms import platform

pytestmark = pytest.mark.slow
SUMMARIES = """
CREATE TABLE summaries (id TEXT PRIMARY KEY, user_id TEXT, content TEXT, at REAL);
CREATE TRIGGER summarise AFTER INSERT ON messages BEGIN
    INSERT INTO summaries VALUES (
        NEW.id, NEW.user_id, replace(NEW.content, 'CX', 'order '), NEW.created_at
    );
END;
"""
ROWS = """
[rows]
url = "env:CROSSTALK_ROWS_URL"
[[rows.tables]]
name = "summaries"
owner = "user_id"
text = ["content"]
time = "at"
time_is = "epoch"
[[rows.tables]]
name = "memories"
owner = "user_id"
text = ["content"]
time = "created_at"
time_is = "epoch"
"""
"""What users told it to remember is told by its canaries; summaries have nothing but facts."""


def driven(folder, monkeypatch, *faults):
    """The judgement of a drive of the reference platform of which the summaries are read."""
    path = folder / "platform.db"
    url = f"sqlite:///{path}"
    options = [word for fault in faults for word in ("--fault", fault)]
    with platform("--database", url, *options) as announced:
        with sqlite3.connect(path, timeout=10) as database:
            database.executescript(SUMMARIES)
        text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
        for name, there in (("ws", "ws://127.0.0.1:1/ws"), ("http", "http://127.0.0.1:1")):
            text = text.replace(f'"{there}"', f'"{announced[name]}"')
        plan = folder / "plan.toml"
        plan.write_text(text[: text.index("[probes]")] + ROWS, "utf-8")
        monkeypatch.setenv("CROSSTALK_ROWS_URL", url)
        command = [sys.executable, "-m", "locust", "-f", f"{locustfiles.__path__[0]}/agents.py"]
        command += ["--plan", str(plan), "--headless", "-u", "8", "-r", "8", "-t", "7s"]
        done = subprocess.run(
            [*command, "--runs", folder / "runs"], capture_output=True, timeout=120, check=False
        )
    (described,) = (folder / "runs").glob("*/run.json")
    run = RunDirectory(described.parent)
    judged = run.latest_in(run.judgements, "verdict.json")
    assert judged is not None, done.stdout
    return verdict.decode((judged / "verdict.json").read_bytes())


def said(judgement):
    """What the check of rows says."""
    return next(check for check in judgement.checks if check.name == "foreign row")


def test_summaries_with_another_users_facts_are_found_and_honest_ones_accuse_nobody(
    tmp_path, monkeypatch
):
    """No canary is left in them: two facts of one persona tell whose they are."""
    (tmp_path / "honest").mkdir()
    (tmp_path / "broken").mkdir()
    honest = said(driven(tmp_path / "honest", monkeypatch))
    assert (Verdict.PASS, 0, "") == (honest.verdict, honest.found, honest.note)
    assert honest.examined >= 5
    judgement = driven(tmp_path / "broken", monkeypatch, "wrong_owner_row")
    broken = said(judgement)
    assert Verdict.FAIL is broken.verdict
    assert broken.found >= 3
    [*found] = [each for each in judgement.findings if each.check == "foreign row"]
    assert {("foreign-fact", "row")} == {(each.kind, each.channel) for each in found}
    assert all(each.victim != each.recipient for each in found)
    assert found[0].sentence.startswith("a row of summaries that belongs to ")
