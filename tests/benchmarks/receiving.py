"""What does a received message cost, and how much of that is recording and reading?

    python tests/benchmarks/receiving.py

One process receives the same messages four ways, by turns, on the same connections: it
only receives them (the bare wire); it also records them; it records and reads them as a
session does; it also looks for foreign words in them, for the live page.  What is printed
is CPU time, and shares of what receiving alone costs.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import gevent
from cheap import Sender, ask, connected, rig_at

from locustfiles.driving.live.digest import Digest
from locustfiles.driving.session import Session

ROUNDS = 3
WAYS = ("receiving", "recording", "session", "watched")


class Counted:
    """Counts what a handler was given."""

    def __init__(self) -> None:
        self.count = 0

    def handlers(self, session: Session, way: str) -> Any:
        """The handler of a session's wire for one way of receiving."""
        whole, record = session.hearing.on_messages, session.rig.recorder.frames

        def receiving(_opcodes: list[int], contents: list[bytes], _at: int, _late: int) -> None:
            self.count += len(contents)

        def recording(opcodes: list[int], contents: list[bytes], at: int, late: int) -> None:
            self.count += len(contents)
            record(session.id, at, late, opcodes, contents)

        def reading(opcodes: list[int], contents: list[bytes], at: int, late: int) -> None:
            self.count += len(contents)
            whole(opcodes, contents, at, late)

        return {
            "receiving": receiving,
            "recording": recording,
            "session": reading,
            "watched": reading,
        }[way]


def cost(
    sender: Sender, sessions: list[Session], way: str, frames: int, kind: str, watching: Digest
) -> float:
    """CPU microseconds per message, all threads of this process counted."""
    counted = Counted()
    recorder = sessions[0].rig.recorder
    recorder.onlooker = watching if way == "watched" else None
    for session in sessions:
        assert session._wire is not None
        session._wire._on_messages = counted.handlers(session, way)
    each = frames // len(sessions)
    wanted = each * len(sessions)
    began = time.process_time()
    sender.tell(f"frames {each} {kind}")
    with gevent.Timeout(120, SystemExit("the messages did not arrive")):
        while counted.count < wanted:
            gevent.sleep(0.02)
    if way != "receiving":
        recorder.flush()
    return (time.process_time() - began) / wanted * 1e6


def watcher(sessions: list[Session]) -> Digest:
    """The live page's eye, which knows whose the sessions are."""
    watching = Digest(run=str(sessions[0].rig.run), process="p0", key=sessions[0].rig.roster._key)
    for session in sessions:
        known = session.principal
        watching.notes("principals", [{"principal": known.id, "owner": known.owner}])
        about = {"session": session.id, "principal": known.id, "channel": "websocket"}
        watching.notes("sessions", [{**about, "step": "opening"}])
    return watching


def measured(sender: Sender, sessions: list[Session], kind: str, frames: int) -> str:
    """All ways by turns: one line of the table."""
    watching = watcher(sessions)
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            costs[way].append(cost(sender, sessions, way, frames, kind, watching))
    alone, recorded, whole, watched = (min(costs[way]) for way in WAYS)
    return (
        f"{len(sessions):>8} {kind + 's':>8} {alone:>10.2f} {recorded:>12.2f} {whole:>10.2f}"
        f" {watched:>11.2f}"
        f" {(recorded - alone) / alone:>10.0%} {(whole - recorded) / alone:>8.0%}"
        f" {(whole - alone) / alone:>6.0%}"
        f" {(watched - whole) / whole:>9.0%}"
    )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, nargs="*", default=[10, 1000])
    parser.add_argument("--frames", type=int, default=20_000, help="messages in every round")
    asked = parser.parse_args()
    print(
        f"CPU microseconds a message, the least of {ROUNDS} rounds; and shares of receiving alone"
    )
    print(
        f"{'sessions':>8} {'in':>8} {'receiving':>10} {'+ recording':>12} {'+ reading':>10}"
        f" {'+ watching':>11} {'recording':>10} {'reading':>8} {'both':>6} {'watching*':>9}"
    )
    for count in asked.sessions:
        with Sender() as sender, tempfile.TemporaryDirectory() as folder:
            rig = rig_at(sender, Path(folder) / "history" / "p0", secrets.token_bytes(32))
            sessions = connected(rig, count)
            for session in sessions:
                ask(session, 0)
            gevent.sleep(0.5)
            for kind in ("burst", "single"):
                print(measured(sender, sessions, kind, asked.frames), flush=True)
    print("* a share of recording and reading together")


if __name__ == "__main__":
    main()
