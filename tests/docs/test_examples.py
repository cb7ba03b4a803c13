"""The code that the documentation shows is code that runs."""

from __future__ import annotations

import ast
import json
import sqlite3
import sys
import tomllib
import types
from pathlib import Path

import msgspec
import pytest

from isolation_checks.errors import UsageError
from isolation_checks.judging.judge import judge
from isolation_checks.loading.load import loaded
from isolation_checks.plan import read
from isolation_checks.rows import collect, sources, ways
from isolation_checks.verdicts.lattice import Verdict
from reports import write
from tests.docs import pages
from tests.end_to_end import drives
from tests.reports import samples

WITH_PYTHON = [page for page in pages.pages() if pages.fenced(pages.read(page), "python")]


def readme_plan() -> str:
    """The example of a whole plan."""
    (plan,) = pages.fenced(pages.read(pages.README), "toml")
    return plan


def module(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A page's code as the module that the page calls it."""
    made = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    package, _, last = name.rpartition(".")
    monkeypatch.setattr(sys.modules[package], last, made, raising=False)
    exec(compile(code, f"{last}.py", "exec"), made.__dict__)
    return made


def run_shown(code: str) -> None:
    """Run the tests that a page shows, with every set of parameters."""
    names: dict = {"__name__": "shown"}
    exec(compile(code, "shown.py", "exec"), names)
    ran = 0
    for name, function in list(names.items()):
        if name.startswith("test_"):
            marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
            for values in marks[0].args[1] if marks else [()]:
                function(*values)
                ran += 1
    assert ran


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_python_can_be_read(page):
    """Every fence is a whole module."""
    for code in pages.fenced(pages.read(page), "python"):
        ast.parse(code)


def test_the_readmes_plan_is_complete():
    """It is read as it stands, needs nothing that it does not say, and asks for rows."""
    plan = read.parse(readme_plan(), "README.md")
    assert plan.rows is not None
    assert plan.dialect.protocol
    assert plan.target.allow_hosts == ("agents.staging.example",)


@pytest.mark.parametrize("page", ["staging.md"])
def test_parts_of_plans_fit_into_a_plan(page):
    """Laid over the README's."""
    parts = pages.fenced(pages.read(page), "toml")
    assert parts
    for part in parts:
        read.parse(readme_plan(), page, tomllib.loads(part))


def test_a_bare_secret_is_refused_and_not_repeated():
    """As the page on staging says."""
    with pytest.raises(UsageError) as refused:
        read.parse(readme_plan(), "a plan", {"auth": {"secret": "hunter2hunter2hunter2"}})
    assert "hunter2" not in str(refused.value)


def test_the_check_that_is_written_can_be_added(monkeypatch):
    """Its file, its test, and its line where the page says."""
    file, line, test = pages.fenced(pages.read("writing-a-check.md"), "python")
    made = module("isolation_checks.checks.sequence_once", file, monkeypatch)
    run_shown(test)
    names: dict = {}
    exec(line, names)
    assert names["sequence_number_once"] is made.sequence_number_once
    listed = (pages.ROOT / "isolation_checks/checks/__init__.py").read_text("utf-8")
    tree = ast.parse(listed)
    assert any(
        isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CHECKS"
        for node in tree.body
    )
    assert "    event_protocol,\n" in listed


@pytest.mark.slow
def test_the_check_that_is_written_finds_its_fault(monkeypatch, tmp_path):
    """With the fault it fails, and points at both frames; without, it passes."""
    file, *_ = pages.fenced(pages.read("writing-a-check.md"), "python")
    made = module("isolation_checks.checks.sequence_once", file, monkeypatch)
    check = made.sequence_number_once
    both = [
        drives.demo(tmp_path / "broken", "out_of_order", users=8, seconds=6),
        drives.demo(tmp_path / "honest", users=8, seconds=6),
    ]
    verdicts = []
    for drive in [each.ended() for each in both]:
        with loaded(drive.directory) as run:
            judged = judge(run, checks=[check])
        verdicts += [outcome.verdict for outcome in judged.checks]
        for finding in judged.findings:
            assert len([moment.place for moment in finding.witness]) == 2
    assert verdicts == [Verdict.FAIL, Verdict.PASS]


def test_the_renderer_that_is_written_can_be_added(monkeypatch, tmp_path):
    """Its file, its test, and its file beside the others in a report."""
    file, test = pages.fenced(pages.read("writing-a-renderer.md"), "python")
    made = module("reports.metrics", file, monkeypatch)
    run_shown(test)
    assert made.render(samples.hostile())
    renderers = {"index.html": lambda _: b"", "metrics.prom": made.render}
    monkeypatch.setattr(write, "RENDERERS", renderers)
    judgement = msgspec.json.encode(samples.failing())
    (tmp_path / "verdict.json").write_bytes(judgement)
    folder = write.write(tmp_path).parent
    assert (folder / "metrics.prom").read_bytes().startswith(b"crosstalk_exit_code 1\n")


def test_the_row_source_that_is_written_reads_rows(monkeypatch, tmp_path):
    """Read-only, in the shape that every reading has."""
    duckdb = pytest.importorskip("duckdb")
    (code,) = pages.fenced(pages.read("writing-a-row-source.md"), "python")
    names: dict = {}
    exec(compile(code, "sources.py", "exec"), names)
    monkeypatch.setattr(sources, "_OPENERS", {"duckdb": names["_duckdb"]})
    monkeypatch.setattr(sources, "engine_of", lambda _: "duckdb")
    path = tmp_path / "rows.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE messages (id INT, user_id TEXT, request_id TEXT, "
            "content TEXT, created_at DOUBLE)"
        )
        connection.execute(
            "INSERT INTO messages VALUES (1, 'u', 'q', 'words', 1e12), (2, NULL, NULL, NULL, 5)"
        )
    monkeypatch.setenv("STAGING_DATABASE_URL", f"duckdb:///{path}")
    said = collected(tmp_path / "run")
    assert said.get("problem") is None
    assert said["tables"]["messages"]["records"] == 1
    with (
        sources.snapshot(f"duckdb:///{path}") as cursor,
        pytest.raises(Exception, match="read-only"),
    ):
        cursor.execute("DELETE FROM messages")


def test_the_functions_whose_sql_differs_are_there():
    """As the page on row sources names them."""
    rows = pages.table(pages.section(pages.read("writing-a-row-source.md"), "2. Its SQL"))
    named = [pages.names(row[0])[0] for row in rows]
    assert [
        name for name in named if not hasattr(ways._Joins, name) and not hasattr(ways, name)
    ] == []


def collected(folder: Path) -> dict:
    """What a reading of the README's plan says of itself."""
    folder.mkdir()
    plan = read.parse(readme_plan(), "README.md", {"rows": {"settle": "0s"}})
    said = {
        "run": folder.name,
        "plan": read.encode(plan),
        "expected": [],
        "started_at": "2026-01-01T00:00:00+00:00",
        "started_ns": 0,
        "canary_key": "00" * 32,
    }
    (folder / "run.json").write_text(json.dumps(said))
    reading = collect.collect(collect.RunDirectory(folder))
    assert reading is not None
    return collect.read_said(reading)


def test_rows_of_the_readmes_plan_are_read(monkeypatch, tmp_path):
    """By the same way, from SQLite, which needs no writing."""
    path = tmp_path / "rows.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE messages (id, user_id, request_id, content, created_at)")
        connection.execute("INSERT INTO messages VALUES (1, 'u', 'q', 'words', 1e12)")
    connection.close()
    monkeypatch.setenv("STAGING_DATABASE_URL", f"sqlite:///{path}")
    assert collected(tmp_path / "run")["tables"]["messages"]["records"] == 1
