"""Published packages that leak are found to, and as they should be used they pass.

What a server confesses is compared with what is found: nobody is accused who did not do it.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from isolation_checks.loading import fold
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.foreign.strangers import ROOT, Stranger, locust
from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.running import PLAN, running
from tests.reference_platform.redis_server import redis_server
from tests.servers.postgres import missing, postgres_server

pytestmark = pytest.mark.slow
SECONDS = 5
USERS = 8
OVERLAPS = 29
"""What the plan's bound asks for."""


@pytest.fixture(scope="module")
def urls():
    """Where the servers are that some of the lab stand on; each started when it is wanted."""
    with contextlib.ExitStack() as stack:
        started = {}

        def url(need):
            if need not in started:
                start = {"redis": redis_server, "postgresql": postgres_server}[need]
                started[need] = stack.enter_context(start())
            return started[need]

        yield url


def driven(pair, mode, folder, urls):
    """A server of the lab, and a drive of it by the lab's plan."""
    env = {"LAB_SECRET": secrets.token_hex(32)}
    if pair.needs is not None:
        env[f"LAB_{pair.needs.upper()}"] = database_of(urls(pair.needs), pair, mode)
    with running(pair, mode, folder, env) as (port, rows):
        how = ["--plan", str(PLAN), "--host", f"http://127.0.0.1:{port}"]
        load = ["-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s"]
        over = locust(folder / "runs", *how, *load, env={**env, "LAB_ROWS": rows})
    return Stranger(port, folder, env), over


def database_of(url, pair, mode):
    """A database of its own for each server that wants one."""
    if pair.needs != "postgresql":
        return url
    name = f"{pair.name}_{mode}"
    subprocess.run(["psql", "-qc", f"CREATE DATABASE {name}", url], check=True)
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.mark.parametrize("name", PAIRS)
def test_a_leak_is_found_and_without_it_nothing_is(tmp_path, urls, name):
    """Victim, recipient and mechanism are right; the fixed version passes."""
    pair = PAIRS[name]
    if pair.node and not (shutil.which("node") and shutil.which("npm")):
        missing("node and npm")
    with ThreadPoolExecutor() as both:
        drives = [
            both.submit(driven, pair, mode, tmp_path / mode, urls) for mode in ("bad", "fixed")
        ]
    leaks(*drives[0].result(), pair.looks_like)
    passes(*drives[1].result())


def leaks(server, over, looks_like):
    """Isolation fails; all that is said of victims and recipients the server confesses."""
    assert (1, Verdict.FAIL) == (over.code, over.part("isolation")), over.output
    accused, leaked = over.accused(), server.leaked()
    assert accused <= leaked
    assert len(accused) > len(leaked) / 2 or not leaked
    rows = {(note["victim"], note["recipient"]) for note in server.notes("rows")}
    subjects = {p.id: p.subject for p in fold.load(over.directory).principals.values()}
    shown = [f for f in over.judgement.findings if f.part == "isolation"]
    assert shown
    assert {(subjects[f.victim], subjects[f.recipient]) for f in shown} <= leaked | rows
    assert shown[0].mechanism in looks_like, over.output


def passes(server, over):
    """Nothing is found, nobody accused, and enough was looked at to say so."""
    assert (0, Verdict.PASS) == (over.code, over.part("isolation")), over.output
    assert not over.kinds()
    assert set() == over.accused() == server.leaked()
    assert [] == server.notes("rows")
    [overlap] = [o for o in over.judgement.opportunities if o.name == "overlap"]
    assert overlap.count >= OVERLAPS


@pytest.mark.parametrize("name", [pair.name for pair in PAIRS.values() if "misused" in pair.modes])
def test_a_fixed_version_that_is_used_wrongly_answers_nothing_and_is_unknown(tmp_path, urls, name):
    """Who lets nobody in leaks nothing; that is no PASS."""
    server, over = driven(PAIRS[name], "misused", tmp_path / "misused", urls)
    assert server.notes("errors")
    assert set() == server.leaked()
    assert (3, Verdict.UNKNOWN, Verdict.UNKNOWN) == (
        over.code,
        over.part("evidence"),
        over.part("isolation"),
    ), over.output
    assert not over.kinds()


def test_one_command_starts_a_server_and_says_how_to_drive_it():
    """Until it is interrupted."""
    command = [sys.executable, "-m", "tests.leaky_lab", "method_cache", "--fixed"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline(), process.stdout.readline()]
        process.terminate()
    assert said[0].startswith("LAB_SECRET="), said
    assert f"--plan {PLAN} --host http://127.0.0.1:" in said[1]
