"""What the benchmarks share: a platform that costs next to nothing, and sessions on it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Self

import gevent

from isolation_checks.plan import read
from isolation_checks.records import ConversationLabel, RunId
from locustfiles.driving import wording
from locustfiles.driving.rig import Rig
from locustfiles.driving.session import Session

SECRET = "CROSSTALK_BENCHMARK_SECRET"
PLAN = f"""
dialect = "reference"
[target]
websocket = "ws://127.0.0.1:{{port}}/ws"
[auth]
source = "mint"
secret = "env:{SECRET}"
carry = {{{{ headers = {{{{ Authorization = "Bearer {{{{token}}}}" }}}} }}}}
[workload]
concurrent = 1
think = "{{think}}"
timeout = "1h"
drain = "2s"
"""


class Sender:
    """The cheap platform, in a process of its own."""

    def __init__(self, *options: str) -> None:
        os.environ.setdefault(SECRET, secrets.token_hex(16))
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("sender.py")), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def plan(self, think: str = "1s..2s") -> str:
        """A plan that drives it."""
        return PLAN.format(port=self.port, think=think)

    def tell(self, line: str) -> None:
        """Have it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


def rig_at(sender: Sender, folder: Path, key: bytes) -> Rig:
    """What sessions share, for sessions on the cheap platform."""

    def broken(error: BaseException) -> None:
        sys.exit(f"it broke: {error!r}")

    return Rig(
        plan=read.parse(sender.plan(), "the benchmark's plan"),
        run=RunId(folder.parent.parent.name),
        folder=folder,
        key=key,
        account_key=secrets.token_bytes(32),
        mark_key=secrets.token_bytes(32),
        slot=0,
        processes=1,
        seed=1,
        report=lambda *_: None,
        on_broken=broken,
    )


def connected(rig: Rig, count: int) -> list[Session]:
    """Open sessions."""
    sessions = []
    for number in range(count):
        session = Session(rig, rig.principal("user"))
        if not session.open():
            sys.exit(f"session {number} could not be opened")
        sessions.append(session)
    return sessions


def ask(session: Session, turn: int) -> gevent.event.Event:
    """Ask an ordinary question; what is set when it was answered."""
    rig, principal = session.rig, session.principal
    words = wording.question(principal, rig.roster.canary(principal), 12)
    return session.ask(words, ConversationLabel(f"{principal.id}/0"), turn).done
