"""Attempts for tests of what judges them: each adds to a script what a probe would have recorded.

    tried("b", "a", "read", frames=["A1"])      b tried to read a's conversation, and A1 came
    control("a", "own token by …", frames=["A1"])   a read its own by the same way

A frame is told as in `language`: parts joined by commas.  The verdict on any is the checks'.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from isolation_checks import probing
from isolation_checks.probing import Shows
from tests.isolation_checks import language
from tests.isolation_checks.recording import ENGINES

PLAN = {
    "probes": {"every": "1s"},
    "dialect": {"extends": "reference"},
}
BEFORE = 100
"""The first session's number that a script does not use."""


@dataclass
class Attempt:
    """What a probe recorded: of itself, of its session, of what came."""

    by: str
    victim: str
    kind: str
    way: str
    shows: Shows = Shows.WORDS
    expected: str = "refused"
    frames: list = field(default_factory=list)
    """What came; a number is a pause, in seconds."""
    relies_on: str | None = None
    query: str | None = None
    """Its own query; the canary `B9` of its maker's is planted in it."""
    about: str | None = None
    status: int | None = None
    """Of an HTTP answer, or of an upgrade that was refused when there are no frames."""
    closed: int | None = None
    """The platform closed the socket with this code."""
    failed: str | None = None
    code: int | None = None
    """With which it failed."""
    behind: list | None = None
    """What its owner got that looked behind it."""
    looked: int | None = 200
    """The HTTP status of that look; None: it was by a WebSocket."""
    watched: int | None = None
    watched_query: str | None = None
    """What its owner had asked there, and was to be answered."""
    trouble: str | None = None
    at: float = 5.0


def tried(by, victim, kind, way="websocket", **how):
    """An attempt of an intruder's, which rests on the control of its way."""
    how = {"relies_on": f"own token by {way}"} | how
    return Attempt(by, victim, kind, way, **how)


def control(who, way="websocket", **how):
    """The same by its owner, which is granted."""
    return Attempt(who, who, "control", f"own token by {way}", expected="accepted", **how)


def welcome(who="a"):
    """The frame that lets a session in, and says as whom."""
    return f"/connection_established,={who}"


def ask(check, script, attempts, plan=PLAN, **how):
    """What a check says of a script with these attempts: the same on every engine."""
    runs = [told(script, attempts, plan, engine, **how) for engine in ENGINES]
    outcomes = [check(run) for run in runs]
    first, *others = [language._plain(outcome) for outcome in outcomes]
    assert all(first == other for other in others)
    return outcomes[0]


def told(script, attempts, plan=PLAN, engine="duckdb", **how):
    """The run that a script tells, with these attempts."""
    return _recorded(script, attempts, plan, **how).loaded(engine)


def _recorded(script, attempts, plan, **how):
    recording = language.recorded(script, plan=plan, **how)
    teller = language._Teller(recording)
    teller.sessions = BEFORE
    teller.frames = {"p0": len(recording.streams.get("history/p0/frames", [])), "p1": 0}
    for each in attempts:
        _add(teller, each)
    return recording


def _add(teller, each):
    teller.now = int(each.at * language.SECOND)
    session = _session(teller, each.by, each)
    behind = None
    if each.query is not None:
        where = {"place": "query", "query": each.query}
        teller._plant(f"{each.by.upper()}9", **where)
    for frame in each.frames:
        if isinstance(frame, float):
            teller.now += int(frame * language.SECOND)
            continue
        _frame(teller, each.by, session, frame, http=each.status is not None)
    if each.behind is not None:
        behind = _session(
            teller, each.victim, Attempt(each.victim, each.victim, "", "", status=each.looked)
        )
        for frame in each.behind:
            _frame(teller, each.victim, behind, frame, http=each.looked is not None)
    teller._write(
        "probes",
        each.by,
        over_ns=int((each.at + 1) * language.SECOND) * language.TICK_NS,
        kind=each.kind,
        way=each.way,
        principal=each.by,
        victim=each.victim,
        said="what was tried",
        expected=each.expected,
        shows=each.shows.value,
        relies_on=each.relies_on,
        session=None if each.trouble else session,
        query=each.query,
        about=each.about,
        behind=behind,
        watched=each.watched,
        watched_query=each.watched_query,
        trouble=each.trouble,
        at_ns=int(each.at * language.SECOND) * language.TICK_NS,
    )


def _session(teller, who, each):
    teller.sessions += 1
    about = {"session": teller.sessions, "principal": who, "channel": probing.CHANNEL}
    if each.status is not None:
        teller._write("sessions", who, step="answered", code=each.status, **about)
        return teller.sessions
    teller._write("sessions", who, step="opening", **about)
    if each.failed is not None:
        how = {"detail": each.failed, "code": each.code, "by": "them"}
        teller._write("sessions", who, step="failed", **how, **about)
    if each.closed is not None:
        teller._write("sessions", who, step="closed", code=each.closed, by="them", **about)
    return teller.sessions


def _frame(teller, who, session, frame, *, http):
    seat, teller.seats[who] = teller.seats.get(who), session
    before = teller.sessions
    teller.now += 1
    teller._receive(who, frame.split(","), http=False)
    teller.seats[who] = seat
    last = teller.recording.streams[f"history/{teller._process(who)}/frames"][-1]
    last["opcode"] = language.Opcode.HTTP if http else last["opcode"]
    teller.sessions = before
