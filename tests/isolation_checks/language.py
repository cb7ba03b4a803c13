"""A language for histories, small enough to be read aloud, and the run that it tells.

A script is a row of words; each happens a tenth of a second after the one before.
Small letters are principals, `q1`, `q2` … their queries, `@x` the platform's id of a
conversation, and `A1`, `A2` … the canaries of a:

    a?q1,A1         a asks q1, and gives it the canary A1 (a conversation of its own)
    a?q1@x,A1       … in its conversation x
    a?q1~failing    … as one of this kind
    a?q1=hello      … in these words (`_` is a space): twins ask the same
    a!q1            q1 has ended well; or =timeout, =lost, =cut (by the run's end), =unsent,
                    =dropped (by us), =agent_error or =agent_cancelled (nobody knows),
                    =error (it failed)
    a:A1            a receives a frame that holds A1; its parts, joined by commas, are
        q1 @x =b /completed    a query, a conversation, b's user id, a kind of event
        =b... =?               a user id cut short; one that nobody knows
        A1<9 A1>9              the first 9 symbols of A1, or all behind them
        A1~ A1^                a canary that was never planted; one of an earlier run
        $7 $n7         the platform's id of the session; a bare number
        'sorry         a word of the platform's own
        b# b#mail b#key        words that name b: its id, its email; a credential's mark
        &A1 &A2 &A3 &A9        what is known of a: name, firm, street, and a motto (queries too)
        -                      nothing that could be read
        …                      the message breaks off before its end
    a%A1            the same as the body of an HTTP answer
    a+  a-          a opens one more session, where its frames arrive from now on; a closes it
    a>              a's connection is lost, and its session goes on over another
    a+3  a+3!  a+3? it took 3 seconds until ready; until it failed; nobody saw how it ended
                    (the upgrade itself took no time); a+3^ a+3!^: while we made everybody connect
    +5s             five seconds pass
    a*read@x,b      a had asked for b's conversation x by its id; or *twins,b  *connect,b
    messages|a,q1,A1    a row of the table: whose, about what, with which words; also
        @x >b .over .open #7   its conversation, that one's owner, its state, its key
        !system  ?             an owner as stated; none
        a# a#mail a#key        words that name a, and a credential's mark
        &A2 ^5 ^-30            what is known of a; written so many seconds behind the run's begin

Frames are of the kind `thinking` unless they say otherwise; kinds are those of the
reference platform, and `agent_` need not be said; `/refused` is its `error`.  Whatever
canary no query gives is planted before the first word.  Nothing here judges: it only says
what was recorded.
"""

from __future__ import annotations

import re
from datetime import timedelta

import orjson

from isolation_checks import canary
from isolation_checks.records import Opcode
from tests.isolation_checks.recording import BEGAN, ENGINES, KEY, RUN, Recording

TICK_NS = 100_000_000
SECOND = 10
"""Ticks."""
INFO = "info"
ENDS = {"completed": "ok", "error": "fail"}
REASONS = {
    "lost": "session lost",
    "cut": "run ended",
    "dropped": "given up by us",
    "unsent": "not sent",
}
PLAIN = {"refused": "error"}
KINDS = ("started", "thinking", "completed", "error", "cancelled")
CANARY = re.compile(r"([A-Z]\d+)([~^<>]?)(\d*)")


def subject(name):
    """What the platform calls a principal."""
    return f"{name}-user-{name * 6}"


def conversation(name):
    """The platform's id of a conversation."""
    return f"thread-{name * 8}"


def word(text, run=RUN):
    """The canary that `A1` stands for."""
    owner, serial = ord(text[0]) - ord("A") + 1, int(text[1:])
    parts = canary.Parts(run=canary.run_number(run), owner=owner, serial=serial)
    return canary.make(KEY, parts)


def fact(text):
    """What `A1` stands for where it is known of a persona."""
    name = text[0] * 4
    return {
        "1": f"Persona {name}",
        "2": f"{name} Trading House",
        "3": f"17 {name} Street",
        "9": f"{name.lower()} otters keep seven lanterns",
    }[text[1]]


def ask(check, script="", **how):
    """What a check says of a script: the same on every engine, or the test fails."""
    outcomes = [check(told(script, engine, **how)) for engine in ENGINES]
    first, *others = [_plain(outcome) for outcome in outcomes]
    assert all(first == other for other in others)
    return outcomes[0]


def told(script="", engine="duckdb", **how):
    """The loaded run that a script tells, held by this engine."""
    return recorded(script, **how).loaded(engine)


def written(script, folder, **how):
    """The directory of the run that a script tells, as a drive would have left it."""
    return recorded(script, **how).written(folder)


def recorded(script="", **how):
    """What a script tells, before it is loaded."""
    recording = Recording(**how)
    _Teller(recording).tell(script.split())
    return recording


def _plain(outcome):
    """An outcome with its witnesses worded, so that two can be compared."""
    plain = {name: getattr(outcome, name) for name in type(outcome).__slots__ if name != "found"}
    found = [
        {name: getattr(each, name) for name in type(each).__slots__ if name != "witness"}
        | {"witness": each.witness()}
        for each in outcome.found
    ]
    return plain, found


class _Teller:
    """Turns words into the records that a process would have written."""

    def __init__(self, recording):
        self.recording = recording
        self.now = SECOND
        self.sessions = 0
        self.seats = {}
        self.labels = {}
        self.kinds = {}
        self.frames = {"p0": 0, "p1": 0}

    def tell(self, words):
        self._introduce(words)
        for each in words:
            self.now += 1
            pause = re.fullmatch(r"\+([\d.]+)s", each)
            if pause:
                self.now += int(float(pause[1]) * SECOND)
            elif "|" in each:
                table, _, parts = each.partition("|")
                self._row(table, parts.split(","))
            else:
                self._happens(each[0], each[1], each[2:])

    def _happens(self, name, sign, rest):
        parts = rest.split(",") if rest else []
        if sign == "?":
            self._ask(name, parts[0], parts[1:])
        elif sign == "!":
            self._end(name, *rest.partition("=")[::2])
        elif sign in ":%":
            self._receive(name, parts, http=sign == "%")
        elif sign == "+":
            self._sit(name, took=rest)
        elif sign == ">":
            lost = str(self.seats[name])
            self._sit(name)
            about = {"session": self.seats[name], "channel": "websocket", "principal": name}
            self._write("sessions", name, step="resumes", detail=lost, **about)
        elif sign == "-":
            about = {"session": self.seats[name], "channel": "websocket", "principal": name}
            self._write("sessions", name, step="closed", code=1000, by="us", **about)
        elif sign == "*":
            self._act(name, *parts)
        else:
            raise ValueError(name + sign + rest)

    def _write(self, stream, name, **record):
        """Append to a stream of the process that drives this principal."""
        place = f"history/{self._process(name)}/{stream}"
        record = {"at_ns": self.now * TICK_NS} | record
        self.recording.streams.setdefault(place, []).append(record)

    def _process(self, name):
        return "p1" if name in self.recording.elsewhere else "p0"

    def _subject(self, name):
        return self.recording.subjects.get(name, subject(name))

    def _introduce(self, words):
        """Everybody who is named has an account, a session, and what was planted before."""
        text = " ".join(words)
        canaries = re.findall(r"(?<!&)\b([A-Z]\d+)(?![~^\d])", text)
        names = set(re.findall(r"(?:^| )([a-z])[?!:%+*>-]", text))
        names |= set(re.findall(r"[=>|,:%]([a-z])(?=[,. #]|$)", text))
        names |= {each[0].lower() for each in canaries}
        names |= {each.lower() for each in re.findall(r"&([A-Z])\d", text)}
        for name in sorted(names):
            self._write(
                "principals",
                name,
                principal=name,
                owner=ord(name) - ord("a") + 1,
                role="user",
                tenant=self.recording.tenants.get(name),
                subject=self._subject(name),
                email=f"{name}@example.org",
            )
            self._sit(name)
        asked = {
            each for query in words if re.match(r"[a-z]\?", query) for each in query.split(",")[1:]
        }
        for each in dict.fromkeys(canaries):
            if each not in asked:
                self._plant(each, place="profile")
        for each in dict.fromkeys(re.findall(r"&([A-Z]\d)", text)):
            self._write(
                "plantings",
                each[0].lower(),
                canary=fact(each),
                kind="phrase" if each[1] == "9" else "fact",
                principal=each[0].lower(),
                place={"1": "name", "2": "company", "3": "street", "9": "motto"}[each[1]],
            )

    def _plant(self, text, **where):
        name = text[0].lower()
        self._write("plantings", name, canary=word(text), kind="token", principal=name, **where)

    def _sit(self, name, channel="websocket", took=""):
        seconds, end = re.fullmatch(r"([\d.]*)([!?^]{0,2})", took).groups()
        due = self.now * TICK_NS
        self.now += int(float(seconds or 0) * SECOND)
        self.sessions += 1
        about = {"session": self.sessions, "principal": name, "channel": channel}
        last = {"": "ready", "!": "failed", "?": None}[end.rstrip("^")]
        why = "storm" if "^" in end else None
        if channel == "http":
            last = "answered"
        else:
            self.seats[name] = self.sessions
            about |= {"due_ns": due}
        if name not in self.recording.unseated:
            if channel == "websocket":
                self._write("sessions", name, step="opening", detail=why, **about | {"at_ns": due})
            if took and channel == "websocket":
                self._write("sessions", name, step="upgraded", **about | {"at_ns": due})
            if last is not None:
                self._write("sessions", name, step=last, detail="why", **about)
        return self.sessions

    def _ask(self, name, query, canaries):
        query, _, said = query.partition("=")
        query, _, own = query.partition("@")
        query, _, kind = query.partition("~")
        self.kinds[query] = kind.replace("_", " ") or "question"
        self.labels[query] = f"{name}/{own or query}"
        for each in canaries:
            if not each.startswith("&"):
                place = "memory" if each in self.recording.memories else "query"
                self._plant(each, place=place, query=query, conversation=self.labels[query])
        held = " ".join(fact(each[1:]) if each[0] == "&" else word(each) for each in canaries)
        text = said.replace("_", " ") or f"hello {held}".strip()
        sent = self.now * TICK_NS
        about = self._about(name, query)
        self._write("queries", name, step="asked", text=text, due_ns=sent, sent_ns=sent, **about)

    def _about(self, name, query):
        return {
            "query": query,
            "session": self.seats[name],
            "principal": name,
            "conversation": self.labels.setdefault(query, f"{name}/{query}"),
            "kind": self.kinds.get(query, "question"),
        }

    def _end(self, name, query, how):
        reason = REASONS.get(how, how or "completed")
        said = reason in ENDS or reason in ("agent_error", "agent_cancelled")
        at = self.now * TICK_NS if said else None
        ending = ENDS.get(reason, INFO)
        about = self._about(name, query)
        self._write(
            "queries",
            name,
            step="ended",
            ending=ending,
            reason=reason,
            first_ns=at,
            done_ns=at,
            **about,
        )

    def _act(self, name, kind, other):
        kind, _, asked = kind.partition("@")
        detail = conversation(asked) if asked else None
        self._write("provocations", name, kind=kind, principal=name, other=other, detail=detail)

    def _receive(self, name, parts, *, http):
        message = {"type": "agent_thinking", "payload": {}}
        held = []
        for part in parts:
            if part.startswith("@"):
                message["thread_id"] = conversation(part[1:])
            elif part.startswith("$"):
                message["session_id"] = part[2:] if part[1] == "n" else f"session-{part[1:]}"
            elif part.startswith("="):
                message["user_id"] = self._labelled(part[1:])
            elif part.startswith("/"):
                kind = part[1:]
                message["type"] = f"agent_{kind}" if kind in KINDS else PLAIN.get(kind, kind)
            elif CANARY.fullmatch(part) or part[0] in "&'" or "#" in part:
                held.append(self._held(part))
            elif part not in {"-", "…"}:
                message["request_id"] = part
        if held:
            place = "delta" if message["type"] == "delta" else "content"
            message["payload"][place] = " ".join(held)
        process, packed = self._process(name), self.recording.packed
        content = b"\xffnothing that anybody reads" if parts == ["-"] else orjson.dumps(message)
        content = content[:-2] if "…" in parts else content
        self._write(
            "frames",
            name,
            index=self.frames[process],
            session=self._sit(name, "http") if http else self.seats[name],
            received_ns=self.now * TICK_NS,
            late_ns=0,
            opcode=Opcode.HTTP if http else Opcode.BINARY if packed else Opcode.TEXT,
            content=packed(content) if packed and not http else content,
        )
        self.frames[process] += 1

    def _labelled(self, name):
        if name == "?":
            return "somebody-else"
        whole = self._subject(name[0])
        return f"{whole[:8]}..." if name.endswith("...") else whole

    def _naming(self, name, how):
        mark = f"credential.{name}.0123456789abcdef"
        return {"": f"for {self._subject(name)}:", "mail": f"<{name}@example.org>", "key": mark}[
            how
        ]

    def _held(self, part):
        if part.startswith("&"):
            return fact(part[1:])
        if part.startswith("'"):
            return part[1:]
        if "#" in part:
            return self._naming(*part.split("#"))
        name, sign, rest = CANARY.fullmatch(part).groups()
        whole = word(name, "earlier" if sign == "^" else RUN)
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
            elif part.startswith("^"):
                row["time"] = (BEGAN + timedelta(seconds=int(part[1:]))).isoformat()
            elif part.startswith("&") or CANARY.fullmatch(part) or "#" in part:
                row["texts"].append(f"said {self._held(part)}")
            elif re.fullmatch(r"q\d+", part):
                row["query"] = part
            elif part != "?":
                row["owner"] = self._stated(part)
        self.recording.streams.setdefault(f"rows/1/{table}", []).append(row)

    def _stated(self, name):
        return name[1:] if name.startswith("!") else self._subject(name)
