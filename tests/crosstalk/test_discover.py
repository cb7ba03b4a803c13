"""`crosstalk discover`: what it prints and writes, and what it says of bad input.

The drives that it starts are tests/end_to_end's.
"""

from __future__ import annotations

import tomllib

import pytest
from click.testing import CliRunner

from crosstalk.commands import discover
from isolation_checks.errors import UsageError
from tests.isolation_checks.discovery import stored
from tests.isolation_checks.discovery.test_discover import OWNER, PLAN
from tests.isolation_checks.language import written
from tests.isolation_checks.recording import RUN


@pytest.fixture
def platform(tmp_path, monkeypatch):
    """A plan whose rows have only a url, a run, and the database in which it left its traces."""
    url = f"sqlite:///{tmp_path / 'platform.db'}"
    stored.fill(url)
    monkeypatch.setenv("ROWS", url)
    (tmp_path / "plan.toml").write_text(f'{PLAN}\n[rows]\nurl = "env:ROWS"\n')
    written(stored.script(), tmp_path / "runs")
    return tmp_path


def invoked(platform, *options, plan="plan.toml", run=RUN):
    asked = [str(platform / plan), "--runs", str(platform / "runs"), "--run", run, *options]
    return CliRunner().invoke(discover.command, asked, standalone_mode=False)


def test_a_part_of_a_plan_is_printed(platform):
    """With the address as the plan says it, and comments; what was left out is said apart."""
    done = invoked(platform)
    assert 0 == done.return_value
    rows = tomllib.loads(done.stdout)["rows"]
    assert "env:ROWS" == rows["url"]
    assert OWNER in {table.get("owner") for table in rows["tables"]}
    assert "left out: accounts names principals" in done.stderr
    assert str(platform) not in done.stdout


def test_a_file_is_written_once(platform):
    """And never over what is there."""
    file = platform / "rows.toml"
    assert 0 == invoked(platform, "--write", str(file)).return_value
    text = file.read_text()
    assert "messages" in {table["name"] for table in tomllib.loads(text)["rows"]["tables"]}
    refused = invoked(platform, "--write", str(file)).exception
    assert isinstance(refused, UsageError)
    assert "there is such a file already" in str(refused)
    assert text == file.read_text()


def test_another_database_may_hold_nothing(platform):
    """One more is looked into, by its reference."""
    done = invoked(platform, "--also", "env:NOWHERE")
    assert "NOWHERE is not set" in str(done.exception)


def test_an_address_with_a_password_is_refused(platform):
    """It would be printed."""
    done = invoked(platform, "--also", "redis://:s3cr3t@127.0.0.1:1/0")
    assert isinstance(done.exception, UsageError)
    assert "rows.url holds a password" in str(done.exception)
    assert "s3cr3t" not in str(done.exception)


def test_what_the_plan_says_of_rows_besides_is_kept(platform):
    """But for how owners are named: that is said of each table."""
    with (platform / "plan.toml").open("a") as plan:
        plan.write('settle = "5s"\nowner_is = "email"\nplaceholders = ["system", "0"]\n')
        plan.write('[[rows.tables]]\nname = "old"\nurl = "env:ROWS"\n')
    rows = tomllib.loads(invoked(platform).stdout)["rows"]
    assert ("5s", ["system", "0"]) == (rows["settle"], rows["placeholders"])
    assert "owner_is" not in rows
    assert "old" not in {table["name"] for table in rows["tables"]}


def test_where_nothing_is_seen_nothing_is_proposed(platform, monkeypatch):
    """That is nothing to rely on: 3, and why it may be."""
    with stored.writing(f"sqlite:///{platform / 'other.db'}") as execute:
        execute("CREATE TABLE messages (id, content)")
    monkeypatch.setenv("ROWS", f"sqlite:///{platform / 'other.db'}")
    done = invoked(platform, "--write", str(platform / "rows.toml"))
    assert (3, "") == (done.return_value, done.stdout)
    assert "nothing of the run was seen in any table" in done.stderr
    assert not (platform / "rows.toml").exists()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (None, "cannot read the plan"),
        ("= 1", "is not valid TOML"),
        (PLAN, "names no database; add .rows. with its url"),
        (PLAN + "rows = 1", "names no database"),
        (PLAN + "[rows]\nurl = 'oracle://x'", "rows.url must begin with"),
        (PLAN + "[rows]\nurl = 'sqlite:////nowhere/at.db'", "there is no file /nowhere/at.db"),
        (PLAN + "[wrkload]\n[rows]\nurl = 'env:ROWS'", "no key 'wrkload'"),
    ],
)
def test_what_is_wrong_is_one_sentence(platform, plan, said):
    """Before anything is driven."""
    (platform / "plan.toml").unlink()
    if plan is not None:
        (platform / "plan.toml").write_text(plan)
    with pytest.raises(UsageError, match=said):
        raise invoked(platform).exception


def test_a_run_that_is_not_there_is_the_users_mistake(platform):
    assert isinstance(invoked(platform, run="nothing").exception, UsageError)
