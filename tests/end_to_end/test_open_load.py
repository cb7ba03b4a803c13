"""Load that does not wait for answers, at a target of which everything is known.

The same stall of two seconds is met by two kinds of users at once: Crosstalk's, whose queries
are due when the clock says so, and a plain Locust user, who asks, waits, and tells Locust how
long that took.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import fold
from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.records import Reason
from isolation_checks.verdicts import verdict
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
LIMIT_SECONDS = 240
RATE, SERVED = 60, 400
"""What is asked in a second, and what the target's four servers of 10 ms can answer."""
PLAN = """
[target]
websocket = "ws://127.0.0.1:{port}/ws"
[auth]
source = "mint"
secret = "env:QUEUE_SECRET"
carry = {{ headers = {{ Authorization = "Bearer {{token}}" }} }}
[dialect]
ask = {{ id = "{{query}}", thread = "{{conversation}}", text = "{{text}}" }}
conversations = "ours"
ends = {{ answer = "ok" }}
[dialect.where]
query = ["id"]
conversation = ["thread"]
text = ["text"]
[cast]
observers = 0
twins = false
visitors = 0
decoys = 0
[provocations]
{never}
[workload]
{workload}
[[objectives]]
indicator = "completion"
quantile = 0.97
limit = "{limit}"
"""
SECRET = {"QUEUE_SECRET": "a secret that is long enough for HS256"}
NEVER = "\n".join(f'{key} = "0s"' for key in Provocations.__struct_fields__)
PLAIN = '''
import json, time
from locust import User, constant, events, task
from websockets.sync.client import connect
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.lifecycle import install

install()

class Agent(AgentUser):
    fixed_count = 10

    @task
    def talk(self):
        self.converse()

class Plain(User):
    """Asks, waits, and says how long it took, as locustfiles do."""
    fixed_count = 2
    wait_time = constant(0.02)

    def on_start(self):
        self.ws = connect("ws://127.0.0.1:PORT/ws")

    @task
    def ask(self):
        sent = time.perf_counter()
        self.ws.send(json.dumps({"id": "plain", "text": "hello"}))
        self.ws.recv()
        events.request.fire(
            request_type="PLAIN", name="plain", response_length=0, exception=None, context={},
            response_time=(time.perf_counter() - sent) * 1000,
        )

@events.quitting.add_listener
def keep(environment, **_):
    own = environment.stats.get("plain", "PLAIN")
    print("KEPT", own.num_requests, own.get_response_time_percentile(0.97), own.max_response_time)
'''


@contextlib.contextmanager
def target(*options: str) -> Iterator[int]:
    """The queueing server's port."""
    program = [sys.executable, str(HERE / "queueing.py"), *options]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.terminate()


def drive(folder: Path, plan: str, scenario: Path, *options: str) -> tuple[str, RunDirectory]:
    """Drive the plan headless; what was said, and the run."""
    (folder / "plan.toml").write_text(plan, "utf-8")
    command = [sys.executable, "-m", "locust", "-f", str(scenario), "--headless", "--only-summary"]
    command += ["--plan", str(folder / "plan.toml"), "--runs", str(folder / "runs"), *options]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env={**os.environ, **SECRET},
    )
    described = list((folder / "runs").glob("*/run.json"))
    assert len(described) == 1, done.stdout + done.stderr
    return done.stdout + done.stderr, RunDirectory(described[0].parent)


def test_a_stall_shows_in_open_load_and_not_in_locusts_statistics(tmp_path):
    """A fifth of what was due met the stall; of what waiting users asked, one answer each."""
    workload = 'model = "open"\nrate = "60/s"\nconcurrent = 20\ndrain = "3s"'
    scenario = tmp_path / "plain.py"
    with target("--stall-at", "3", "--stall-for", "2") as port:
        scenario.write_text(PLAIN.replace("PORT", str(port)), "utf-8")
        plan = PLAN.format(port=port, never=NEVER, workload=workload, limit="500ms")
        said, run = drive(tmp_path, plan, scenario, "-u", "12", "-r", "12", "-t", "10s")
    [line] = [line for line in said.splitlines() if line.startswith("KEPT")]
    requests, p97, longest = (float(word) for word in line.split()[1:])
    assert requests > 220, said
    assert p97 < 400, said  # both of its users met the stall, and it says that all is well
    assert longest > 1500
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None, said
    judged = verdict.decode((folder / "verdict.json").read_bytes())
    [completion] = judged.objectives
    assert completion.verdict is not verdict.Verdict.PASS
    assert completion.measured is not None
    queries = list(fold.load(run).queries.values())
    assert 450 < len(queries) < 800, said  # ten seconds at sixty
    dues = sorted(query.due_s for query in queries)
    # in the stall's first 3 % of the time: what is left of it, and then the queue's turn
    late_s = 0.03 * (dues[-1] - dues[0])
    assert 2.0 - late_s * (1 - RATE / SERVED) == pytest.approx(completion.measured, rel=0.15)
    met = [q for q in queries if q.done_s is not None and q.done_s - q.due_s > 1.0]
    assert 30 < len(met) < 120  # due in the first second of the stall, at sixty a second


def test_a_rate_is_split_over_processes_and_nothing_that_is_due_is_lost(tmp_path):
    """Too few sessions, far too slow a target: what nobody could ask in time is recorded."""
    workload = 'model = "open"\narrivals = "constant"\nrate = "40/s"\nconcurrent = 1\npool = 2\n'
    workload += 'timeout = "1s"\ndrain = "0s"'
    with target("--servers", "8", "--service-ms", "400") as port:
        plan = PLAN.format(port=port, never=NEVER, workload=workload, limit="2s")
        options = ("-u", "4", "-r", "4", "-t", "7s", "--processes", "2")
        said, run = drive(tmp_path, plan, Path("locustfiles/agents.py").resolve(), *options)
    history = fold.load(run)
    queries = sorted(history.queries.values(), key=lambda query: query.due_s)
    unsent = [query for query in queries if query.reason == Reason.NOT_IN_TIME]
    assert len({query.process for query in queries}) == 2, said
    rates = [
        len(dues) / (dues[-1] - dues[0])
        for process in history.processes
        if (dues := [q.due_s for q in queries if q.process == process.id])
    ]
    assert [20.0, 20.0] == pytest.approx(rates, rel=0.1)  # half of it each, all of it recorded
    assert len(unsent) > len(queries) / 3
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None, said
    judged = verdict.decode((folder / "verdict.json").read_bytes())
    [completion] = judged.objectives
    assert completion.verdict is verdict.Verdict.UNKNOWN  # its pool was too small: ours
    late = next(check for check in judged.checks if check.name == "plan kept")
    assert late.verdict is verdict.Verdict.UNKNOWN


def test_visits_come_by_the_clock_and_edit_in_the_web_ui_changes_how_many(tmp_path):
    """Two users, then eight: so many visits a second, each of two turns with a pause between."""
    workload = 'model = "partly open"\narrivals = "constant"\nrate = "1/s per user"\n'
    workload += 'turns = 2\nthink = "300ms"\nconcurrent = 4\ndrain = "1s"'
    web = drives.free_port()
    url = f"http://127.0.0.1:{web}"
    with target("--servers", "50", "--service-ms", "100") as port:
        plan = PLAN.format(port=port, never=NEVER, workload=workload, limit="5s")
        (tmp_path / "plan.toml").write_text(plan, "utf-8")
        options = ("--web-host", "127.0.0.1", "--web-port", f"{web}", "--plan", "plan.toml")
        driven = drives.Drive(tmp_path, *options, env=SECRET)
        with drives.side_by_side(driven):
            drives.until(lambda: drives.request(url))
            assert drives.request(f"{url}/swarm", user_count="2", spawn_rate="10")
            drives.until(driven.all_runs)
            drives.until(lambda: asked(driven.run) >= 16)
            assert drives.request(f"{url}/swarm", user_count="8", spawn_rate="10")  # "Edit"
            before = asked(driven.run)
            drives.until(lambda: asked(driven.run) >= before + 64)
            assert drives.request(f"{url}/stop", all="1")
            drives.until(lambda: driven.run.latest_in(driven.run.judgements, "report"))
    history = fold.load(driven.run)
    came = sorted(
        session.ready_s
        for session in history.sessions.values()
        if session.ready_s is not None and history.principals[session.principal].role == "user"
    )
    turns = defaultdict(list)
    for query in sorted(history.queries.values(), key=lambda query: query.due_s):
        turns[query.conversation].append(query)
    visits = sorted(queries[0].due_s for queries in turns.values())
    assert {1, 2} >= {len(queries) for queries in turns.values()}  # the last were cut off
    few = [due for due in visits if came[1] + 0.5 < due < came[2] - 0.5]
    many = [due for due in visits if due > came[7] + 1.0]
    for dues, rate in ((few, 2.0), (many, 8.0)):
        assert rate == pytest.approx((len(dues) - 1) / (dues[-1] - dues[0]), rel=0.2)
    pauses = [
        two[1].due_s - two[0].done_s
        for two in turns.values()
        if len(two) == 2 and two[0].done_s is not None
    ]
    assert 0.3 == pytest.approx(statistics.median(pauses), abs=0.05)
    assert min(pauses) >= 0.299  # the second turn waits for the answer to the first
    assert verdict.Verdict.PASS is drives.complete(driven.run), driven.output


def asked(run: RunDirectory) -> int:
    """How many queries were asked so far."""
    return sum(record["step"] == "asked" for record in drives.records(run, "queries"))
