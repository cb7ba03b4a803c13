"""What the tests of foreign servers share: a server, a drive of it by an example's plan alone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks import canary
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import load
from isolation_checks.loading.run import records
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import CheckOutcome
from isolation_checks.verdicts.verdict import Judgement

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
SERVERS = Path(__file__).parent / "servers"
LIMIT_SECONDS = 120
QUICK = """
[isolation]
bound = 0.1

[workload]
think = "0.05s..0.3s"
timeout = "3s"
drain = "2s"

[provocations]
twins = "0.4s"
connect = "0.25s"
abandon = "0.5s"
reconnect = "0.7s"
burst = "2s"
tabs = "0.6s"
"""
"""What makes a drive of seconds tell enough; a real plan would take its time."""

Pair = tuple[str, str]


@dataclass
class Stranger:
    """A running foreign server."""

    port: int
    folder: Path
    env: Mapping[str, str]

    def notes(self, name: str) -> list[dict[str, Any]]:
        """What it wrote down."""
        path = self.folder / f"{name}.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def leaked(self) -> set[Pair]:
        """Whose words it really gave to whom: what it confesses, as far as a canary was in it."""
        return {
            (note["victim"], note["recipient"])
            for note in self.notes("leaks")
            if canary.PATTERN.search(note["text"].encode())
        }


@dataclass
class Drive:
    """A drive that is over."""

    code: int
    output: str
    directory: RunDirectory | None = None
    judgement: Judgement | None = None

    def part(self, name: str) -> Verdict:
        """The verdict of a part."""
        assert self.judgement is not None, self.output
        return next(part.verdict for part in self.judgement.parts if part.name == name)

    def check(self, name: str) -> CheckOutcome:
        """The outcome of a check."""
        assert self.judgement is not None, self.output
        return next(check for check in self.judgement.checks if check.name == name)

    def kinds(self) -> set[str]:
        """The kinds of what was found by what gates isolation."""
        assert self.judgement is not None, self.output
        return {f.kind for f in self.judgement.findings if f.part == "isolation"}

    def looks_like(self) -> str:
        """The mechanism of the weightiest finding."""
        assert self.judgement is not None, self.output
        return self.judgement.findings[0].mechanism

    def kinds_of_frames(self) -> set[str]:
        """The platform's own names of the events in which anything foreign was."""
        assert self.directory is not None, self.output
        with load.loaded(self.directory) as run:
            foreign = run.sightings.filter(nw.col("foreign") & (nw.col("channel") == "frame"))
            return {record["kind"] for record in records(foreign.select("kind").unique())}

    def accused(self) -> set[Pair]:
        """Everybody whose words were found with somebody else, by the platform's names."""
        assert self.directory is not None, self.output
        with load.loaded(self.directory) as run:
            foreign = run.sightings.filter(
                nw.col("foreign") & nw.col("channel").is_in(("frame", "http"))
            )
            subjects = {p.id: p.subject or p.id for p in run.history.principals.values()}
            return {
                (subjects[record["owner"]], subjects[record["principal"]])
                for record in records(foreign)
            }


@contextlib.contextmanager
def stranger(name: str, folder: Path, bug: str = "", **settings: str) -> Iterator[Stranger]:
    """A foreign server; it ends with the context, or with this process."""
    folder.mkdir(exist_ok=True)
    env = {f"{name.upper()}_SECRET": secrets.token_hex(32)}
    command = [sys.executable, str(SERVERS / f"{name}.py"), str(folder), "--bug", bug]
    for pair in settings.items():
        command += ["--set", "=".join(pair)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **env}
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, f"{name} did not start"
            yield Stranger(json.loads(line)["port"], folder, env)
        finally:
            process.kill()


def drive(
    server: Stranger,
    plan: str,
    *,
    users: int = 8,
    seconds: int = 4,
    scheme: str = "http",
    changes: Mapping[str, str] | None = None,
    more: str = QUICK,
    env: Mapping[str, str] | None = None,
) -> Drive:
    """Drive a foreign server by an example's plan, changed as little as the test needs.

    `changes` replaces whole lines that begin so; `more` is appended.
    """
    text = (EXAMPLES / f"{plan}.toml").read_text(encoding="utf-8")
    for begin, line in (changes or {}).items():
        text, times = re.subn(rf"(?m)^{re.escape(begin)}.*$", lambda _, line=line: line, text)
        assert times == 1, begin
    if "read_conversation" in text:  # a plan that asks for what it has no words for is refused
        more = more.replace("[provocations]", '[provocations]\nread = "0.5s"')
    path = server.folder / "plan.toml"
    path.write_text(f'required = ["evidence", "isolation"]\n{text}\n{more}', encoding="utf-8")
    host = f"{scheme}://127.0.0.1:{server.port}"
    arguments = ["--plan", str(path), "--host", host, "-u", str(users), "-r", str(users)]
    return locust(
        server.folder / "runs", *arguments, "-t", f"{seconds}s", env={**server.env, **(env or {})}
    )


def locust(runs: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Drive:
    """Run the main scenario as a person would, and read what it left behind."""
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/agents.py", "--headless"]
    process = subprocess.Popen(
        [*command, *arguments, "--runs", str(runs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return left_behind(runs, process.returncode, output.decode("utf-8", "replace"))


def left_behind(runs: Path, code: int, output: str = "") -> Drive:
    """What the only drive in a folder left there."""
    over = Drive(code, output)
    found = [path.parent for path in runs.glob("*/run.json")]
    if found:
        over.directory = RunDirectory(found[0])
        folder = over.directory.latest_in(over.directory.judgements, "verdict.json")
        if folder is not None:
            over.judgement = verdict.decode((folder / "verdict.json").read_bytes())
    return over
