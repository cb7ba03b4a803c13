"""Real Locust programs for tests: started, waited for, ended by their own ids, and read.

Several may run side by side, each in a folder and on ports of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import locustfiles
from isolation_checks.history.directory import RunDirectory, read_json
from isolation_checks.history.stream import batches
from isolation_checks.verdicts import verdict
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.verdict import Judgement

AGENTS = Path(locustfiles.__path__[0]) / "agents.py"
LIMIT_SECONDS = 150
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.")


class Drive:
    """One Locust and the folder of its runs."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        scenario: Path = AGENTS,
        runs: Path | None = None,
        env: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        """`before` is what starts it instead of us, as `env` or `nice` would."""
        folder.mkdir(parents=True, exist_ok=True)
        self.runs = folder / "runs" if runs is None else runs
        self._said = folder / "output"
        locust = [sys.executable, "-m", "locust", "-f", str(scenario), "--only-summary"]
        command = [*before, *locust]
        with self._said.open("wb") as output:  # no pipe: nobody reads while others are waited for
            self.process = subprocess.Popen(
                [*command, *arguments, "--runs", str(self.runs)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **(env or {})},
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def ended(self) -> int:
        """Wait for it; its exit code."""
        return self.process.wait(timeout=LIMIT_SECONDS)

    def all_runs(self) -> list[RunDirectory]:
        """Its runs, the oldest first."""
        described = sorted(self.runs.glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns)
        return [RunDirectory(path.parent) for path in described]

    @property
    def run(self) -> RunDirectory:
        """Its only run."""
        (run,) = self.all_runs()
        return run

    def tokens(self) -> list[str]:
        """What looks like a credential in what it said."""
        return _JWT.findall(self.output)

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def side_by_side(*drives: Drive) -> Iterator[None]:
    """End what a test leaves running."""
    try:
        yield
    finally:
        for drive in drives:
            drive.kill()


def headless(folder: Path, *arguments: str, **named: object) -> Drive:
    """A drive as CI does it."""
    return Drive(folder, "--headless", *arguments, **named)  # type: ignore[arg-type] # named are Drive's own


def until(condition: Callable[[], object]) -> None:
    """Wait for something to be so, with a limit."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return trying.getsockname()[1]


def request(url: str, **form: str) -> bool:
    """Whether a request is answered with 200; a form makes it a POST."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(url, data=data, timeout=10) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def frames(run: RunDirectory, process: str | None = None) -> int:
    """How many frames stand in a run, of one process or of all."""
    names = [process] if process else [path.name for path in run.history.glob("*")]
    paths = [run.history / name / "frames.arrow" for name in names]
    return sum(batch.num_rows for p in paths if p.exists() for batch in batches(p))


def records(run: RunDirectory, stream: str) -> list[dict]:
    """The records of a small stream, of all processes."""
    paths = sorted(run.history.glob(f"*/{stream}.arrow"))
    return [record for path in paths for batch in batches(path) for record in batch.to_pylist()]


def sealed(run: RunDirectory) -> set[str]:
    """The processes that sealed."""
    return {path.parent.name for path in run.history.glob("*/seal.json")}


def pids(run: RunDirectory) -> list[int]:
    """The processes that began, as the system knows them."""
    return [pid(run, path.stem) for path in run.joined.glob("*.json")]


def pid(run: RunDirectory, process: str) -> int:
    """A process that began, as the system knows it."""
    return int(read_json(run.joined / f"{process}.json")["pid"])


def lives(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def platforms_of(run: RunDirectory) -> list[str]:
    """Reference platforms that still serve the address that a run was driven at."""
    port = run.describe()["target"].rpartition(":")[2].partition("/")[0]
    listening = Path("/proc/net/tcp").read_text(encoding="ascii")
    return [line for line in listening.splitlines() if f":{int(port):04X} 00000000" in line]


def judgement_of(run: RunDirectory) -> Judgement:
    """The newest judgement of a run."""
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None, run.path
    return verdict.decode((folder / "verdict.json").read_bytes())


def complete(run: RunDirectory) -> Verdict:
    """Whether the newest judgement of a run takes its history for whole."""
    checks = {check.name: check.verdict for check in judgement_of(run).checks}
    return checks["history complete"]


def crosstalk(*arguments: object) -> tuple[int, str]:
    """What the `crosstalk` command answers, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "crosstalk", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    return done.returncode, done.stdout.decode()


TERMINATE, KILL = signal.SIGTERM, signal.SIGKILL
