"""Reads every recorded frame again: what the dialect says, which query, which canaries.

One pass over each process's stream, batch by batch, in the order of receipt; what it
yields are columns of the relations `frames` and `sightings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from isolation_checks.dialects.correlate import By, Correlator, answering, our_conversation
from isolation_checks.dialects.reading import SILENT, Dialect, Reading
from isolation_checks.history.stream import Evidence
from isolation_checks.loading import words
from isolation_checks.loading.history import Process, Query, Session, seconds
from isolation_checks.loading.identities import Identities
from isolation_checks.loading.ownership import Claimed, Ownership
from isolation_checks.records import Opcode, PrincipalId, SessionId

FRAMES = pa.schema(
    [
        pa.field("stream", pa.string()),
        pa.field("index", pa.int64()),
        pa.field("session", pa.int64()),
        pa.field("principal", pa.string()),
        pa.field("at_s", pa.float64()),
        pa.field("late_s", pa.float64()),
        pa.field("opcode", pa.int8()),
        pa.field("channel", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("query", pa.string()),
        pa.field("placed_by", pa.string()),
        pa.field("ending", pa.string()),
        pa.field("label_query", pa.string()),
        pa.field("query_owner", pa.string()),
        pa.field("conversation", pa.string()),
        pa.field("label_owner", pa.string()),
        pa.field("sequence", pa.int64()),
        pa.field("open", pa.bool_()),
    ]
)
SIGHTINGS = pa.schema(
    [
        pa.field("stream", pa.string()),
        pa.field("index", pa.int64()),
        pa.field("channel", pa.string()),
        pa.field("session", pa.int64()),
        pa.field("principal", pa.string()),
        pa.field("at_s", pa.float64()),
        pa.field("kind", pa.string()),
        pa.field("query", pa.string()),
        pa.field("label_owner", pa.string()),
        pa.field("canary", pa.string()),
        pa.field("owner", pa.string()),
        pa.field("planted_query", pa.string()),
        pa.field("planted", pa.bool_()),
        pa.field("earlier", pa.bool_()),
        pa.field("how", pa.string()),
        pa.field("foreign", pa.bool_()),
        pa.field("identity", pa.bool_()),
    ]
)
TAIL = 160
"""Characters of a streamed answer that are kept to join a word that was cut: a canary in
JSON's escapes takes 132."""
_READABLE = (Opcode.TEXT, Opcode.BINARY)


@dataclass(slots=True)
class _SessionState:
    """What is remembered of a session while its frames go by."""

    correlator: Correlator
    waiting: list[Query]
    ours: str | None = None
    """The run, where it is we who name conversations."""
    running: list[Query] = field(default_factory=list)
    tails: dict[str | None, str] = field(default_factory=dict)

    def advance(self, at_s: float) -> None:
        """Ask and end queries up to a moment, in the order in which it happened."""
        while self.waiting and self.waiting[-1].sent_s <= at_s:
            query = self.waiting.pop()
            known = self.correlator.conversations.get(query.conversation)
            if known is None and self.ours is not None:
                known = our_conversation(self.ours, query.conversation)
            self.correlator.asked(query.id, query.conversation, known)
            self.running.append(query)
        for query in [q for q in self.running if q.over_s is not None and q.over_s < at_s]:
            self.end(query)

    def end(self, query: Query) -> None:
        """End a query: when its time is over, or its last event has come."""
        self.correlator.ended(query.id)
        self.running.remove(query)


class FrameReader:
    """Reads the frames of a run."""

    def __init__(self, ownership: Ownership, dialect: Dialect) -> None:
        self._ownership = ownership
        self._dialect = dialect
        self._states: dict[SessionId, _SessionState] = {}
        self._conversations: dict[PrincipalId, dict[Any, str]] = {}
        self._identities = Identities(list(ownership.history.principals.values()))
        dialect_says = ownership.history.plan.dialect
        self._answering = frozenset((*dialect_says.protocol, *dialect_says.ends))
        self._users = frozenset((*ownership.by_subject, *ownership.by_email))
        ours = ownership.history.plan.dialect.conversations == "ours"
        self._ours: str | None = ownership.history.description["run"] if ours else None
        self._asked: dict[SessionId, list[Query]] = {}
        for query in ownership.history.queries.values():
            self._asked.setdefault(query.session, []).append(query)
            if self._ours is not None:
                ownership.learn(our_conversation(self._ours, query.conversation), query.principal)
        self.unread = 0
        """Frames that no session is known for."""

    def read(
        self, process: Process, evidence: Evidence
    ) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """The columns of frames and sightings of one process, batch by batch."""
        stream = f"history/{process.id}/frames"
        for batch in evidence(stream):
            frames: list[dict[str, Any]] = []
            sightings: list[dict[str, Any]] = []
            columns = [batch.column(name).to_pylist() for name in batch.schema.names]
            for index, session, received_ns, late_ns, opcode, content in zip(*columns, strict=True):
                known = self._ownership.history.sessions.get(SessionId(session))
                if known is None:
                    self.unread += 1
                    continue
                frame, reading = self._frame(known, seconds(process, received_ns), opcode, content)
                frame |= {"stream": stream, "index": index, "late_s": late_ns / 1e9}
                frames.append(frame)
                sightings.extend(self._sightings(frame, reading, content))
                sightings.extend(self._named(frame, reading, content))
            yield (
                pa.RecordBatch.from_pylist(frames, schema=FRAMES),
                pa.RecordBatch.from_pylist(sightings, schema=SIGHTINGS),
            )

    def _frame(
        self, session: Session, at_s: float, opcode: int, content: bytes
    ) -> tuple[dict[str, Any], Reading]:
        state = self._state(session)
        state.advance(at_s)
        reading = self._dialect.read(content) if opcode in _READABLE else SILENT
        query, by = state.correlator.place(reading)
        ownership = self._ownership
        anothers = state.correlator.is_anothers(reading.user)
        if query is not None and by is By.QUERY and not anothers:
            label = ownership.history.queries[query].conversation
            if state.correlator.conversations.get(label) == reading.conversation:
                ownership.learn(reading.conversation, session.principal)
        running = next((q for q in state.running if q.id == query), None)
        if running is not None and reading.ending is not None:
            state.end(running)  # what was read together with its end came behind it
        return {
            "session": session.id,
            "principal": session.principal,
            "at_s": at_s,
            "opcode": opcode,
            "channel": "http" if opcode == Opcode.HTTP else "frame",
            "kind": reading.kind,
            "query": query,
            "placed_by": by,
            "ending": reading.ending,
            "label_query": reading.query,
            "query_owner": ownership.asker(reading.query),
            "conversation": reading.conversation,
            "label_owner": ownership.labelled(reading.user),
            "sequence": reading.sequence,
            "open": running is not None,
        }, reading

    def _state(self, session: Session) -> _SessionState:
        state = self._states.get(session.id)
        if state is None:
            principal = self._ownership.history.principals.get(session.principal)
            asked = self._asked.get(session.id, [])
            state = self._states[session.id] = _SessionState(
                Correlator(
                    subject=principal.subject if principal else None,
                    known=self._ownership.history.queries,
                    users=self._users,
                    answering=answering(self._ownership.history.plan.dialect),
                    conversations=self._conversations.setdefault(session.principal, {}),
                ),
                sorted(asked, key=lambda query: query.sent_s, reverse=True),
                self._ours,
            )
        return state

    def _sightings(
        self, frame: dict[str, Any], reading: Reading, content: bytes
    ) -> Iterator[dict[str, Any]]:
        if frame["opcode"] in (Opcode.PING, Opcode.PONG, Opcode.CLOSE) and not content:
            return
        text = content.decode("utf-8", "replace")
        found: dict[str, tuple[Claimed, str]] = {}
        for word in (*words.everywhere(text), *self._joined(frame, reading)):
            claimed = self._ownership.claim(word)
            if claimed is not None:
                found.setdefault(claimed.canary, (claimed, word.how))
        query = self._ownership.history.queries.get(frame["query"])
        label = query.conversation if query else None
        for claimed, how in found.values():
            yield {
                **{name: frame[name] for name in _SHARED},
                "canary": claimed.canary,
                "owner": claimed.owner,
                "planted_query": claimed.planting.query if claimed.planting else None,
                "planted": claimed.planting is not None,
                "earlier": claimed.earlier,
                "how": how,
                "identity": False,
                "foreign": self._ownership.foreign(
                    claimed, frame["principal"], frame["channel"], label
                ),
            }

    def _named(
        self, frame: dict[str, Any], reading: Reading, content: bytes
    ) -> Iterator[dict[str, Any]]:
        """Other principals' credentials in any frame, and their ids in the text of answers."""
        named = dict.fromkeys(self._identities.by_credential(content.decode("utf-8", "replace")))
        if reading.text and (reading.delta or reading.kind in self._answering):
            named |= dict.fromkeys(self._identities.by_name(reading.text))
        recipient = frame["principal"]
        for name in named:
            owner = name.principal
            if owner == recipient or self._ownership.may_share(owner, recipient, frame["channel"]):
                continue
            yield {
                **{column: frame[column] for column in _SHARED},
                "canary": name.words,
                "owner": owner,
                "planted": False,
                "earlier": False,
                "how": name.how,
                "foreign": False,
                "identity": True,
            }

    def _joined(self, frame: dict[str, Any], reading: Reading) -> Iterator[words.Word]:
        """Words that a streamed answer holds only when its pieces are put together."""
        if not reading.delta or not reading.text:
            return
        tails = self._states[frame["session"]].tails
        for key in {reading.query or reading.run or frame["query"], "session"}:
            tail = tails.get(key, "")
            whole = tail + reading.text
            for word in words.everywhere(whole):
                if word.start < len(tail) < word.end:
                    yield words.Word(word.word, 0, len(reading.text), "reassembled")
            tails[key] = whole[-TAIL:]


_SHARED = tuple(name for name in SIGHTINGS.names if name in FRAMES.names)
