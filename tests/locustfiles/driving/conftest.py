import contextlib
import secrets
from dataclasses import dataclass, field

import gevent
import pytest

from isolation_checks.history.stream import batches
from isolation_checks.plan import read
from isolation_checks.records import ConversationLabel, RunId
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session
from locustfiles.driving.wording import Wording

LIMIT_S = 8.0
PLAN = """
[target]
websocket = "{address}"
connect_timeout = "{connect_timeout}"
frame_limit = "1000B"
{http}
[auth]
{auth}
secret = "env:CROSSTALK_TEST_SECRET"
carry = {{ {carry} }}
[workload]
timeout = "{timeout}"
drain = "{drain}"
{workload}
{seeds}
{more}
[dialect]
extends = "reference"
{dialect}
"""
DEFAULTS = {
    "http": "",
    "timeout": "5s",
    "connect_timeout": "5s",
    "drain": "0s",
    "carry": 'headers = { Authorization = "Bearer {token}" }',
    "auth": 'source = "mint"',
    "workload": "",
    "seeds": "",
    "more": "",
    "dialect": "",
}


@dataclass
class Driven:
    """A rig and everything that it told."""

    rig: Rig
    reports: list = field(default_factory=list)
    broken: list = field(default_factory=list)

    def session(self, role="user"):
        """A session that is not open yet."""
        return Session(self.rig, self.rig.principal(role))

    def opened(self, role="user"):
        """A session that is."""
        session = self.session(role)
        assert session.open(), self.rows("sessions")
        return session

    def ask(self, session, text, label="c-1", turn=0, planted=()):
        """Ask what the scripted agent is to do."""
        wording = Wording(kind="question", text=text, planted=planted)
        return session.ask(wording, ConversationLabel(label), turn)

    def rows(self, stream):
        """What was recorded until now."""
        with contextlib.suppress(Exception):
            self.rig.recorder.flush()
        path = self.rig.recorder.folder / f"{stream}.arrow"
        return [row for batch in batches(path) for row in batch.to_pylist()]

    def steps(self, session):
        """The steps of a session's life."""
        return [row["step"] for row in self.rows("sessions") if row["session"] == session.id]


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """Makes rigs for an address; they are finished behind the test."""
    monkeypatch.setenv("CROSSTALK_TEST_SECRET", "a secret that is long enough for HS256")
    made = []

    def make(address, **of):
        given = {name: of.pop(name, default) for name, default in DEFAULTS.items()}
        text = PLAN.format(address=address, **given)
        reports, broken = [], []
        rig = Rig(
            plan=read.parse(text, "a plan"),
            run=RunId("a-run"),
            folder=tmp_path / "history" / f"p{len(made)}",
            key=b"k" * 32,
            account_key=secrets.token_bytes(32),
            mark_key=b"m" * 32,
            report=lambda *sample: reports.append(sample),
            on_broken=broken.append,
            **{"seed": 1, "slot": 0, "processes": 1} | of,
        )
        made.append(Driven(rig, reports, broken))
        return made[-1]

    yield make
    for driven in made:
        if not driven.rig.stopping:
            driven.rig.finish("stopped")


@pytest.fixture
def agent(drive, server):
    """A rig on the scripted agent."""
    return drive(server.ws("/agent"))


@pytest.fixture
def until():
    """Waits for something to be so, with a limit."""

    def wait(condition):
        with gevent.Timeout(LIMIT_S, AssertionError("it did not come to be")):
            while not condition():
                gevent.sleep(0.01)

    return wait
