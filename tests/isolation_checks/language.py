"""A language for histories, small enough to be read aloud, and the run that it tells.

A script is a row of words; each happens a tenth of a second after the one before.
Small letters are principals, `q1`, `q2` … their queries, `@x` the platform's id of a
conversation, and `A1`, `A2` … the canaries of a:

    a?q1,A1         a asks q1, and gives it the canary A1 (a conversation of its own)
    a?q1@x,A1       … in its conversation x
    a?q1=hello      … in these words (`_` is a space): twins ask the same
    a!q1            q1 has ended well; or =timeout, =lost, =cut (by the run's end), =unsent,
                    =dropped (by us), =agent_error (nobody knows), =error (it failed)
    a:A1            a receives a frame that holds A1; its parts, joined by commas, are
        q1 @x =b /completed    a query, a conversation, b's user id, a kind of event
        =b... =?               a user id cut short; one that nobody knows
        A1<9 A1>9              the first 9 symbols of A1, or all behind them
        A1~ A1^                a canary that was never planted; one of an earlier run
        b# b#mail b#key        words that name b: its id, its email; a credential's mark
        -                      nothing that could be read
    a%A1            the same as the body of an HTTP answer
    a+  a-          a opens one more session, where its frames arrive from now on; a closes it
    a+3  a+3!  a+3? it took 3 seconds until ready; until it failed; nobody saw how it ended
    +5s             five seconds pass
    a*read@x,b      a had asked for b's conversation x by its id; or *twins,b  *connect,b
    messages|a,q1,A1    a row of the table: whose, about what, with which words; also
        @x >b .over .open #7   its conversation, that one's owner, its state, its key
        !system  ?             an owner as stated; none

Frames are of the kind `thinking` unless they say otherwise; kinds are those of the
reference platform, and `agent_` need not be said.  Whatever canary no query gives is
planted before the first word.  Nothing here judges: it only says what was recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb
import narwhals.stable.v2 as nw
import orjson
import pyarrow as pa

from isolation_checks import canary
from isolation_checks.loading import fold
from isolation_checks.loading.derive import derived
from isolation_checks.loading.history import Process
from isolation_checks.loading.load import SCHEMAS
from isolation_checks.loading.rows import Reading
from isolation_checks.plan import read
from isolation_checks.records import STREAMS, Opcode
from isolation_checks.rows.collect import ROW_SCHEMA

KEY = b"t" * 32
TICK_NS = 100_000_000
SECOND = 10
ENDS = {
    "completed": "ok",
    "error": "fail",
    "timeout": "info",
    "session lost": "info",
    "run ended": "info",
    "given up by us": "info",
    "not sent": "info",
    "agent_error": "info",
}
REASONS = {
    "lost": "session lost",
    "cut": "run ended",
    "dropped": "given up by us",
    "unsent": "not sent",
}
KINDS = ("started", "thinking", "completed", "error", "cancelled")
PLAN = """
dialect = "reference"
[target]
websocket = "ws://127.0.0.1:1/ws"
http = "http://127.0.0.1:1"
[auth]
source = "login"
login = { path = "/login", send = { email = "{email}" } }
carry = { headers = { Authorization = "Bearer {token}" } }
"""
TABLES = [
    {
        "name": "messages",
        "owner": "user_id",
        "conversation": "thread_id",
        "conversation_owner": "thread_id -> threads.id -> user_id",
        "query": "request_id",
        "text": ["content"],
        "each_query": 1,
        "finished": {"column": "status", "values": ["over"]},
    }
]
ENGINES = ("duckdb", "pandas")


def subject(name):
    """What the platform calls a principal."""
    return f"{name}-user-{name * 6}"


def conversation(name):
    """The platform's id of a conversation."""
    return f"thread-{name * 8}"


def word(text, run="told"):
    """The canary that `A1` stands for."""
    owner, serial = ord(text[0]) - ord("A") + 1, int(text[1:])
    parts = canary.Parts(run=canary.run_number(run), owner=owner, serial=serial)
    return canary.make(KEY, parts)


def ask(check, script="", **how):
    """What a check says of a script: the same on every engine, or the test fails."""
    outcomes = [check(told(script, engine, **how)) for engine in ENGINES]
    first, *others = [_plain(outcome) for outcome in outcomes]
    assert all(first == other for other in others)
    return outcomes[0]


def told(script="", engine="duckdb", **how):
    """The loaded run that a script tells, held by this engine."""
    return _Teller(**how).tell(script, engine)


def _plain(outcome):
    return (
        outcome.decided,
        outcome.examined,
        outcome.total,
        outcome.note,
        outcome.blind,
        outcome.objectives,
        outcome.opportunities,
        [
            {name: getattr(found, name) for name in type(found).__slots__ if name != "witness"}
            | {"witness": found.witness()}
            for found in outcome.found
        ],
    )


@dataclass
class _Teller:
    """Turns a script into the streams that a process would have written."""

    tenants: dict = field(default_factory=dict)
    subjects: dict = field(default_factory=dict)
    """Subjects that are not the usual ones."""
    plan: dict = field(default_factory=dict)
    """Keys of the plan that are not the usual ones."""
    gaps: tuple = ()
    """What is wrong with the history, by its seal."""
    elsewhere: str = ""
    """Principals who were driven from another machine."""
    settled: bool = True
    left_out: tuple = ()
    problem: str | None = None
    """Why the rows could not be read."""
    unseated: str = ""
    """Principals of whose sessions nothing was written down."""
    rows: bool | None = None
    """Whether the plan asks for rows; by default if the script has any."""

    def __post_init__(self):
        self.now = 10
        self.streams = {}
        self.seats = {}
        self.conversations = {}
        self.frames = {"p0": 0, "p1": 0}
        self.told = set()

    def tell(self, script, engine):
        words = script.split()
        self._introduce(words)
        for each in words:
            self.now += 1
            pause = re.fullmatch(r"\+([\d.]+)s", each)
            if pause:
                self.now += int(float(pause[1]) * SECOND)
            else:
                self._one(each)
        asks_rows = self.rows if self.rows is not None else "|" in script or bool(self.problem)
        description = {
            "run": "told",
            "plan": read.encode(self._planned(asks_rows=asks_rows)),
            "canary_key": KEY.hex(),
            "started_at": "2026-11-22T09:41:00+00:00",
            "target": "ws://127.0.0.1:1/ws",
            "seed": 1,
        }
        history = fold.folded(description, self._processes(), self._evidence)
        return derived(history, self._evidence, self._reading(), _Held(engine))

    def _planned(self, *, asks_rows):
        over = {"rows": {"url": "sqlite:///x", "tables": TABLES}} if asks_rows else {}
        for key, value in self.plan.items():
            both = isinstance(value, dict) and isinstance(over.get(key), dict)
            over[key] = over[key] | value if both else value
        return read.parse(PLAN, "the test", over)

    def _processes(self):
        def process(name, *, comparable):
            return Process(
                id=name, joined=True, comparable=comparable, offset_ns=0, gaps=list(self.gaps)
            )

        there = [process("p0", comparable=True)]
        return [*there, process("p1", comparable=False)] if self.elsewhere else there

    def _evidence(self, name):
        records = self.streams.get(name)
        if not records:
            return []
        kind = name.rpartition("/")[2]
        schema = ROW_SCHEMA if name.startswith("rows/") else STREAMS[kind]
        full = [{column: record.get(column) for column in schema.names} for record in records]
        half = len(full) // 2
        pieces = (full[:half], full[half:])
        return [pa.RecordBatch.from_pylist(piece, schema=schema) for piece in pieces if piece]

    def _reading(self):
        tables = {name for name in self.streams if name.startswith("rows/")}
        if not tables and self.problem is None and not self.rows:
            return None
        return Reading(
            number=1,
            problem=self.problem,
            settled=self.settled,
            counts={name.rpartition("/")[2]: len(self.streams[name]) for name in tables},
            left_out=tuple(self.left_out),
        )

    def _write(self, stream, process="p0", **record):
        name = f"history/{process}/{stream}"
        self.streams.setdefault(name, []).append({"at_ns": self.now * TICK_NS, **record})

    def _introduce(self, words):
        """Everybody who is named has an account, a session, and what was planted before."""
        text = " ".join(words)
        names = set(re.findall(r"(?:^| )([a-z])[?!:%+*-]", text))
        names |= set(re.findall(r"[=>|,:%]([a-z])(?=[,. #]|$)", text))
        canaries = re.findall(r"\b([A-Z]\d+)(?![~^\d])", text)
        names |= {each[0].lower() for each in canaries}
        for name in sorted(names):
            self._write(
                "principals",
                self._process(name),
                principal=name,
                owner=ord(name) - ord("a") + 1,
                role="user",
                tenant=self.tenants.get(name),
                subject=self.subjects.get(name, subject(name)),
                email=f"{name}@example.org",
            )
            self._sit(name)
        asked = {
            each for query in words if re.match(r"[a-z]\?", query) for each in query.split(",")[1:]
        }
        for each in dict.fromkeys(canaries):
            if each not in asked:
                self._plant(each, place="profile")

    def _plant(self, text, **where):
        name = text[0].lower()
        self._write(
            "plantings",
            self._process(name),
            canary=word(text),
            kind="token",
            principal=name,
            **where,
        )

    def _process(self, name):
        return "p1" if name in self.elsewhere else "p0"

    def _sit(self, name, channel="websocket", took=""):
        due = self.now * TICK_NS
        seconds, end = re.fullmatch(r"([\d.]*)([!?]?)", took).groups()
        self.now += int(float(seconds or 0) * SECOND)
        seat = len(self.seats) + 1
        if channel == "websocket":
            self.seats[name] = seat
        self.seats[f"{name} on {seat}"] = seat
        if name not in self.unseated:
            about = {"session": seat, "principal": name, "channel": channel}
            last = {"": "ready", "!": "failed", "?": None}[end]
            if channel == "http":
                self._write("sessions", self._process(name), step="answered", **about)
            else:
                about |= {"due_ns": due}
                self._write("sessions", self._process(name), step="opening", at_ns=due, **about)
            if channel == "websocket" and last is not None:
                self._write("sessions", self._process(name), step=last, detail="why", **about)
        return seat

    def _one(self, text):
        if "|" in text:
            table, _, parts = text.partition("|")
            self._row(table, parts.split(","))
            return
        name, sign, rest = text[0], text[1], text[2:]
        parts = rest.split(",") if rest else []
        if sign == "?":
            self._ask(name, parts[0], parts[1:])
        elif sign == "!":
            self._end(name, *rest.partition("=")[::2])
        elif sign in ":%":
            self._receive(name, parts, http=sign == "%")
        elif sign == "+":
            self._sit(name, took=rest)
        elif sign == "-":
            self._write(
                "sessions",
                self._process(name),
                session=self.seats[name],
                principal=name,
                channel="websocket",
                step="closed",
                code=1000,
                by="us",
            )
        elif sign == "*":
            kind, _, asked = parts[0].partition("@")
            self._write(
                "provocations",
                self._process(name),
                kind=kind,
                principal=name,
                other=parts[1],
                detail=conversation(asked) if asked else None,
            )
        else:
            raise ValueError(text)

    def _ask(self, name, query, canaries):
        query, _, said = query.partition("=")
        query, _, own = query.partition("@")
        for each in canaries:
            self._plant(each, place="query", query=query, conversation=f"{name}/{own or query}")
        text = said.replace("_", " ") or f"hello {' '.join(map(word, canaries))}".strip()
        self._write(
            "queries",
            self._process(name),
            step="asked",
            text=text,
            due_ns=self.now * TICK_NS,
            sent_ns=self.now * TICK_NS,
            **self._about(name, query, own),
        )

    def _about(self, name, query, own=None):
        label = self.conversations.setdefault(query, f"{name}/{own or query}")
        return {
            "query": query,
            "session": self.seats[name],
            "principal": name,
            "conversation": label,
            "kind": "question",
        }

    def _end(self, name, query, how):
        reason = REASONS.get(how, how or "completed")
        seen = ENDS[reason] in ("ok", "fail") or reason == "agent_error"
        self._write(
            "queries",
            self._process(name),
            step="ended",
            ending=ENDS[reason],
            reason=reason,
            first_ns=self.now * TICK_NS if seen else None,
            done_ns=self.now * TICK_NS if seen else None,
            **self._about(name, query),
        )

    def _receive(self, name, parts, *, http):
        message = {"type": "agent_thinking", "payload": {}}
        held = []
        for part in parts:
            if part.startswith("@"):
                message["thread_id"] = conversation(part[1:])
            elif part.startswith("="):
                message["user_id"] = self._labelled(part[1:])
            elif part.startswith("/"):
                kind = part[1:]
                message["type"] = f"agent_{kind}" if kind in KINDS else kind
            elif re.fullmatch(r"[A-Z]\d+.*", part):
                held.append(self._held(part))
            elif "#" in part:
                held.append(self._naming(*part.split("#")))
            elif part != "-":
                message["request_id"] = part
        if held:
            place = "delta" if message["type"] == "delta" else "content"
            message["payload"][place] = " ".join(held)
        seat = self._sit(name, "http") if http else self.seats[name]
        process = self._process(name)
        self._write(
            "frames",
            process,
            index=self.frames[process],
            session=seat,
            received_ns=self.now * TICK_NS,
            late_ns=0,
            opcode=Opcode.HTTP if http else Opcode.TEXT,
            content=b"\xffnothing" if parts == ["-"] else orjson.dumps(message),
        )
        self.frames[process] += 1

    def _labelled(self, name):
        if name == "?":
            return "somebody-else"
        whole = self.subjects.get(name[0], subject(name[0]))
        return f"{whole[:8]}..." if name.endswith("...") else whole

    def _naming(self, name, how):
        mark = f"credential.{name}.{'0123456789abcdef'}"
        known = self.subjects.get(name, subject(name))
        return {"": f"for {known}:", "mail": f"<{name}@example.org>", "key": mark}[how]

    def _held(self, part):
        name, sign, rest = re.fullmatch(r"([A-Z]\d+)([~^<>]?)(\d*)", part).groups()
        whole = word(name, "earlier" if sign == "^" else "told")
        if sign == "<":
            return whole[: int(rest)]
        return whole[int(rest) :] if sign == ">" else whole

    def _row(self, table, parts):
        row = {"key": str(self.now), "texts": []}
        for part in parts:
            if part.startswith("@"):
                row["conversation"] = conversation(part[1:])
            elif part.startswith(">"):
                row["conversation_owner"] = self._stated(part[1:])
            elif part.startswith("."):
                row["finished"] = part[1:]
            elif part.startswith("#"):
                row["key"] = part[1:]
            elif re.fullmatch(r"[A-Z]\d+.*", part):
                row["texts"].append(f"said {self._held(part)}")
            elif re.fullmatch(r"q\d+", part):
                row["query"] = part
            elif part != "?":
                row["owner"] = self._stated(part)
        name = f"rows/1/{table}"
        self.streams.setdefault(name, []).append(row)

    def _stated(self, name):
        if name.startswith("!"):
            return name[1:]
        return self.subjects.get(name, subject(name))


class _Held:
    """Relations in memory, over DuckDB or over pandas with its own kinds of null."""

    def __init__(self, engine):
        self._engine = engine
        self._batches = {name: [] for name in SCHEMAS}
        self._connection = duckdb.connect() if engine == "duckdb" else None

    def add(self, name, batch):
        self._batches[name].append(batch)

    def relation(self, name):
        table = pa.Table.from_batches(self._batches[name], schema=SCHEMAS[name])
        held = table.to_pandas() if self._connection is None else self._connection.from_arrow(table)
        return nw.from_native(held).lazy()
