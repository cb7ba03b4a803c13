"""`crosstalk discover` on a real platform: its proposal judges as what was written by hand does.

An honest platform and one that writes rows with the wrong owner are driven side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from importlib import resources

import pytest

from isolation_checks.checks.foreign_row import foreign_row
from isolation_checks.checks.row_accounting import row_accounting
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading.load import loaded
from isolation_checks.plan import read
from isolation_checks.rows.collect import collect
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.platforms import platform
from tests.servers.postgres import postgres_server

pytestmark = pytest.mark.slow
REFERENCE = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
BEFORE_ROWS, HAND_WRITTEN = REFERENCE.partition("[rows]")[::2]


class Discovering:
    """`crosstalk discover`, while it goes on, for one platform."""

    def __init__(self, folder, announced):
        folder.mkdir()
        self.runs, self.rows = folder / "runs", folder / "rows.toml"
        self.env = os.environ | {"CROSSTALK_ROWS_URL": announced["database"]}
        self._plan = folder / "plan.toml"
        addresses = BEFORE_ROWS.replace("ws://127.0.0.1:1/ws", announced["ws"])
        addresses = addresses.replace("http://127.0.0.1:1", announced["http"])
        self._plan.write_text(f'{addresses}\n[rows]\nurl = "env:CROSSTALK_ROWS_URL"\n')
        self._process = self._begun("--seconds", "6", "--write", str(self.rows))

    def _begun(self, *options):
        asked = [sys.executable, "-m", "crosstalk", "discover", str(self._plan)]
        return subprocess.Popen(
            [*asked, "--runs", str(self.runs), *options],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ended(self):
        """The run, and the tables that were proposed, by name."""
        said, _ = self._process.communicate(timeout=150)
        assert self._process.returncode == 0, said
        (self.run,) = [path.parent for path in self.runs.glob("*/run.json")]
        tables = tomllib.loads(self.rows.read_text())["rows"]["tables"]
        return {table["name"]: table for table in tables}

    def again(self):
        """What it says when it is asked to write the same file."""
        process = self._begun("--write", str(self.rows), "--run", "latest")
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def judged(self, rows, monkeypatch):
        """What the checks of rows say of this run, with these rows in its plan."""
        monkeypatch.setenv("CROSSTALK_ROWS_URL", self.env["CROSSTALK_ROWS_URL"])
        copy = self.run.with_name(f"{self.run.name}-{len(list(self.runs.iterdir()))}")
        shutil.copytree(self.run, copy)
        said = json.loads((copy / "run.json").read_text())
        table = {"rows": tomllib.loads(rows)["rows"] | {"settle": "0s"}}
        plan = read.parse(BEFORE_ROWS, "the plan", table)
        (copy / "run.json").write_text(json.dumps(said | {"plan": read.encode(plan)}))
        directory = RunDirectory(copy)
        collect(directory)
        with loaded(directory) as run:
            assert run.reading.problem is None
            return [check(run).decided for check in (foreign_row, row_accounting)]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_is_discovered_judges_as_what_is_written_by_hand(database, tmp_path, monkeypatch):
    """Honest rows pass, wrong owners fail; and both platforms are described alike."""
    with ExitStack() as stack:
        folders, begun = (tmp_path / "honest", tmp_path / "broken"), []
        for folder, fault in zip(folders, ((), ("--fault", "wrong_owner_row")), strict=True):
            url = stack.enter_context(postgres_server()) if database == "postgresql" else None
            where = ("--database", url) if url else ()
            begun.append(Discovering(folder, stack.enter_context(platform(*fault, *where))))
        honest, broken = begun
        proposed, under_fault = honest.ended(), broken.ended()
        by_hand = {t["name"]: t for t in tomllib.loads("[rows]" + HAND_WRITTEN)["rows"]["tables"]}
        for name in ("messages", "runs", "threads", "tool_calls"):
            for key in ("owner", "conversation", "conversation_owner", "query", "time", "time_is"):
                assert by_hand[name].get(key) == proposed[name].get(key), (name, key)
                assert proposed[name].get(key) == under_fault[name].get(key), (name, key)
        assert {2, 1} == {proposed["messages"]["each_query"], proposed["runs"]["each_query"]}
        rows = honest.rows.read_text()
        passed = [Verdict.PASS, Verdict.PASS]
        assert passed == honest.judged(rows, monkeypatch)
        assert passed == honest.judged("[rows]" + HAND_WRITTEN, monkeypatch)
        assert Verdict.FAIL == broken.judged(rows, monkeypatch)[0]
        code, said = honest.again()
    assert (2, True) == (code, "there is such a file already" in said)
    assert rows == honest.rows.read_text()
