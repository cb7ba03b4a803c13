"""Published packages that leak are found to, and as they should be used they pass.

What a server confesses is compared with what is found: nobody is accused who did not do it.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from crosstalk.servers import NotInstalledError
from isolation_checks.verdicts.lattice import Verdict
from tests.end_to_end.foreign.strangers import ROOT
from tests.leaky_lab.driving import driven, lacking, standing
from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.running import PLAN
from tests.leaky_lab.scoring import BAD, FIXED, MISUSED, read
from tests.servers.postgres import missing

pytestmark = pytest.mark.slow
OVERLAPS = 29
"""What the plan's bound asks for."""


@pytest.fixture(scope="module")
def url():
    """Where the servers are that some of the lab stand on."""
    with standing() as url:

        def present(need):
            try:
                return url(need)
            except NotInstalledError as error:
                missing(str(error))

        yield present


@pytest.mark.parametrize("name", PAIRS)
def test_a_leak_is_found_and_without_it_nothing_is(tmp_path, url, name):
    """Victim, recipient and mechanism are right; the fixed version passes."""
    pair = PAIRS[name]
    if (program := lacking(pair)) is not None:
        missing(program)
    if pair.needs is not None:
        url(pair.needs)
    with ThreadPoolExecutor() as both:
        drives = [both.submit(driven, pair, mode, tmp_path / mode, url) for mode in (BAD, FIXED)]
    leaks(pair, *drives[0].result())
    passes(pair, *drives[1].result())


def leaks(pair, server, over):
    """Isolation fails; all that is said of victims and recipients the server confesses."""
    said = read(pair, BAD, 1, server, over)
    assert (1, "FAIL") == (said.exit_code, said.isolation), over.output
    assert 0 == said.innocent
    assert said.rightly > said.confessed / 2 or not said.confessed
    assert said.mechanisms[0] in (*pair.looks_like, *pair.taken_for), over.output


def passes(pair, server, over):
    """Nothing is found, nobody accused, and enough was looked at to say so."""
    said = read(pair, FIXED, 1, server, over)
    assert (0, "PASS") == (said.exit_code, said.isolation), over.output
    assert not over.kinds()
    assert set() == over.accused() == server.leaked()
    assert [] == server.notes("rows")
    [overlap] = [o for o in over.judgement.opportunities if o.name == "overlap"]
    assert overlap.count >= OVERLAPS


@pytest.mark.parametrize("name", [pair.name for pair in PAIRS.values() if MISUSED in pair.modes])
def test_a_fixed_version_that_is_used_wrongly_answers_nothing_and_is_unknown(tmp_path, url, name):
    """Who lets nobody in leaks nothing; that is no PASS."""
    server, over = driven(PAIRS[name], MISUSED, tmp_path / MISUSED, url)
    said = read(PAIRS[name], MISUSED, 1, server, over)
    assert said.errors
    assert not said.confessed
    assert (3, "UNKNOWN") == (said.exit_code, said.isolation), over.output
    assert over.part("evidence") is Verdict.UNKNOWN
    assert not over.kinds()


def test_one_command_starts_a_server_and_says_how_to_drive_it():
    """Until it is interrupted."""
    command = [sys.executable, "-m", "tests.leaky_lab", "method_cache", "--fixed"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline(), process.stdout.readline()]
        process.terminate()
    assert said[0].startswith("LAB_SECRET="), said
    assert f"--plan {PLAN} --host http://127.0.0.1:" in said[1]
