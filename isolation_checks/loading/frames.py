"""Reads every recorded frame again: what the dialect says, which query, which canaries.

One pass over each process's stream, batch by batch, in the order of receipt; what it
yields are columns of the relations `frames` and `sightings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from isolation_checks import canary, probing
from isolation_checks.dialects.correlate import By, Correlator, answering, our_conversation
from isolation_checks.dialects.framing import framing_of, said
from isolation_checks.dialects.reading import OF_THE_FRAMING, SILENT, Dialect, Reading
from isolation_checks.history.stream import Evidence
from isolation_checks.loading import words
from isolation_checks.loading.columns import FRAMES, SIGHTINGS, Frame, Sighting, table
from isolation_checks.loading.facts import Facts, Told
from isolation_checks.loading.history import Process, Query, Session, seconds
from isolation_checks.loading.identities import MARKED, Identities, Named
from isolation_checks.loading.ownership import Claimed, Ownership
from isolation_checks.records import Opcode, PrincipalId, QueryId, SessionId

TAIL = 200
"""Characters on either side of a seam that are joined to find a word that was cut: a canary
in escapes takes 132, and 176 in base64 of them."""
_EVERYTHING = "session"
"""All that a session gets, whatever it answers."""
_MIXED = "reassembled across answers"


@dataclass(slots=True)
class _SessionState:
    """What is remembered of a session, and of those that resume it, while frames go by."""

    correlator: Correlator
    waiting: list[Query]
    ours: str | None = None
    """The run, where it is we who name conversations."""
    running: list[Query] = field(default_factory=list)
    tails: dict[str | None, str] = field(default_factory=dict)
    pieces: dict[str | None, str] = field(default_factory=dict)
    """The ends of streamed answers, to find facts that were cut."""

    def advance(self, at_s: float) -> None:
        """Ask and end queries up to a moment, in the order in which it happened."""
        while self.waiting and self.waiting[-1].sent_s <= at_s:
            query = self.waiting.pop()
            known = self.correlator.conversations.get(query.conversation)
            if known is None and self.ours is not None:
                known = our_conversation(self.ours, query.conversation)
            self.correlator.asked(query.id, query.conversation, known, query.named)
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
        self._described = ownership.history.plan.dialect
        self._framing = framing_of(self._described)
        self._answering = frozenset((*self._described.protocol, *self._described.ends))
        self._users = frozenset((*ownership.by_subject, *ownership.by_email))
        ours = ownership.history.plan.dialect.conversations == "ours"
        self._ours: str | None = ownership.history.description["run"] if ours else None
        self._asked: dict[SessionId, list[Query]] = {}
        for query in ownership.history.queries.values():
            self._asked.setdefault(query.session, []).append(query)
            if self._ours is not None:
                ownership.learn(our_conversation(self._ours, query.conversation), query.principal)
        self.facts = Facts(ownership)
        """Where others were told what is known of a persona."""
        self._failed: list[str] = []
        """Why frames of the present process cannot be read."""
        self.unread = 0
        """Frames that no session is known for."""

    def read(
        self, process: Process, evidence: Evidence
    ) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """The columns of frames and sightings of one process, batch by batch."""
        stream, seen = f"history/{process.id}/frames", 0
        for batch in evidence(stream):
            seen += batch.num_rows
            frames: list[Frame] = []
            sightings: list[Sighting] = []
            answers: list[tuple[Frame, str]] = []
            told: list[Told] = []
            columns = [batch.column(name).to_pylist() for name in batch.schema.names]
            stretched = words.stretched(columns[-1])
            for index, session, received_ns, late_ns, opcode, content, stretch in zip(
                *columns, stretched, strict=True
            ):
                known = self._ownership.history.sessions.get(SessionId(session))
                if known is None:
                    self.unread += 1
                    continue
                at_s, late_s = seconds(process, received_ns), late_ns / 1e9
                reading = self._reading(content, opcode)
                frame = self._frame(known, reading, at_s, opcode)
                frame.stream, frame.index, frame.late_s = stream, index, late_s
                if frame.kind is None and reading == SILENT and opcode in self._framing.readable:
                    frame.unread = len(content) >= canary.LENGTH
                if reading.kind in self._dialect.opens:
                    frame.named_session = said(
                        self._framing, (content,), self._described.where.session
                    )
                frames.append(frame)
                sightings.extend(self._sightings(frame, reading, content, stretch=stretch))
                sightings.extend(self._by_credential(frame, content))
                if reading.text and (reading.delta or reading.kind in self._answering):
                    answers.append((frame, reading.text))
                if self.facts:
                    told += self._told(frame, reading, content)
            sightings.extend(self._by_name(answers))
            if told:
                self.facts.look(told)
            yield table(frames, FRAMES), table(sightings, SIGHTINGS)
        process.was_read("frames", seen)
        if self._failed:
            process.gaps.append(f"{len(self._failed)} frames cannot be read: {self._failed[0]}")
            self._failed.clear()

    def _reading(self, content: bytes, opcode: int) -> Reading:
        """What the dialect says; a class of somebody's own may raise, and then nothing."""
        if opcode not in self._framing.readable:
            return OF_THE_FRAMING if opcode == Opcode.BINARY else SILENT
        try:
            reading = self._dialect.read(content)
        except Exception as error:  # noqa: BLE001 - it is the plan's code, and a gap in the evidence
            self._failed.append(f"the dialect raised {type(error).__name__}: {error}")
            return SILENT
        if reading.unreadable is not None:
            self._failed.append(reading.unreadable)
        return reading

    def _frame(self, session: Session, reading: Reading, at_s: float, opcode: int) -> Frame:
        state = self._state(session)
        state.advance(at_s)
        query, by = state.correlator.place(reading)
        ownership = self._ownership
        if query is not None and by is By.QUERY:
            label = ownership.history.queries[query].conversation
            named = state.correlator.conversations.get(label) == reading.conversation
            if named and not state.correlator.is_anothers(reading.user):
                ownership.learn(reading.conversation, session.principal)
        running = next((q for q in state.running if q.id == query), None)
        if running is not None and reading.ending is not None:
            state.end(running)  # what was read together with its end came behind it
        return Frame(
            stream="",
            index=0,
            session=session.id,
            principal=session.principal,
            at_s=at_s,
            late_s=0.0,
            opcode=Opcode.PING if reading.control else opcode,
            channel=_channel(session, opcode, ownership.asker(reading.query)),
            kind=reading.kind,
            query=query,
            placed_by=by,
            ending=reading.ending,
            label_query=reading.query,
            query_owner=ownership.asker(reading.query),
            conversation=reading.conversation,
            label_owner=ownership.labelled(reading.user),
            named_session=None,
            sequence=_storable(reading.sequence),
            open=running is not None,
            unread=False,
        )

    def _state(self, session: Session) -> _SessionState:
        state = self._states.get(session.id)
        if state is None:
            principal = self._ownership.history.principals.get(session.principal)
            asked = self._asked.get(session.id, [])
            lost = (
                self._ownership.history.sessions.get(session.resumes) if session.resumes else None
            )
            if lost is not None:
                state = self._states[session.id] = self._state(lost)
                state.waiting = sorted([*state.waiting, *asked], key=_sent, reverse=True)
                return state
            state = self._states[session.id] = _SessionState(
                Correlator(
                    subject=principal.subject if principal else None,
                    known=self._ownership.history.queries,
                    users=self._users,
                    answering=answering(self._ownership.history.plan.dialect),
                    conversations=self._conversations.setdefault(session.principal, {}),
                ),
                sorted(asked, key=_sent, reverse=True),
                self._ours,
            )
        return state

    def _sightings(
        self, frame: Frame, reading: Reading, content: bytes, *, stretch: bool
    ) -> Iterator[Sighting]:
        found: dict[str, tuple[Claimed, str]] = {}
        for word in (*words.within(content, stretch=stretch), *self._joined(frame, reading)):
            claimed = self._ownership.claim(word)
            if claimed is not None and (word.how != _MIXED or claimed.owner != frame.principal):
                found.setdefault(claimed.canary, (claimed, word.how))
        if not found:
            return
        asked = self._ownership.history.queries.get(frame.query) if frame.query else None
        label = asked.conversation if asked else None
        for claimed, how in found.values():
            here = None if self._may_be_for_all(claimed, frame) else label
            yield _sighting(
                frame,
                canary=claimed.canary,
                owner=claimed.owner,
                planted_query=claimed.planting.query if claimed.planting else None,
                planted=claimed.planting is not None,
                earlier=claimed.earlier,
                how=how,
                foreign=self._ownership.foreign(
                    claimed, frame.principal, _wire(frame.opcode), here
                ),
            )

    def _may_be_for_all(self, claimed: Claimed, frame: Frame) -> bool:
        """Whether a word belongs to an answer that its user awaits in another session.

        A platform may send a user's answers to all of the user's sockets, and a frame without
        ids does not say which of them it answers.
        """
        if frame.placed_by is not By.ONLY or claimed.planting is None:
            return False
        told = self._ownership.history.queries.get(claimed.planting.query or QueryId(""))
        if told is None or told.session == frame.session or told.principal != frame.principal:
            return False
        return told.sent_s <= frame.at_s and (told.over_s is None or frame.at_s <= told.over_s)

    def _by_credential(self, frame: Frame, content: bytes) -> Iterator[Sighting]:
        """Other principals' credentials in any frame."""
        if MARKED in content:
            text = content.decode("utf-8", "replace")
            for name in dict.fromkeys(self._identities.by_credential(text)):
                yield from self._named(frame, name)

    def _by_name(self, answers: list[tuple[Frame, str]]) -> Iterator[Sighting]:
        """Other principals' ids in the text of answers."""
        texts = [text for _, text in answers]
        for at, name in dict.fromkeys(self._identities.by_name(texts)) if texts else ():
            yield from self._named(answers[at][0], name)

    def _named(self, frame: Frame, name: Named) -> Iterator[Sighting]:
        owner, channel = name.principal, _wire(frame.opcode)
        if owner == frame.principal or self._ownership.may_share(owner, frame.principal, channel):
            return
        yield _sighting(frame, canary=name.words, owner=owner, how=name.how, identity=True)

    def _joined(self, frame: Frame, reading: Reading) -> Iterator[words.Word]:
        """Words of which a text holds the end, and the texts before it the rest.

        Pieces of one answer are joined, and all that one session gets, in the order of receipt.
        Where its own answers come side by side, the one may end by chance what the other began:
        of words that were joined so nobody can say in which conversation they came.
        """
        text = reading.text
        if not text:
            return
        tails = self._states[frame.session].tails
        searched = None
        for key in (reading.query or reading.run or frame.query, _EVERYTHING):
            tail = tails.get(key, "")
            tails[key] = text[-TAIL:] if len(text) >= TAIL else (tail + text)[-TAIL:]
            if tail == searched:  # most often the session hears but this answer
                continue
            searched = tail
            if tail and words.may_go_on(tail, text):
                seam = tail + text[:TAIL]
                octets = seam.encode("utf-8", "replace")
                for word in words.within(octets, stretch=words.is_stretched(seam)):
                    if word.start < len(tail) < word.end:
                        how = _MIXED if key in (None, _EVERYTHING) else "reassembled"
                        yield words.Word(word.word, 0, len(text), how)

    def _told(self, frame: Frame, reading: Reading, content: bytes) -> Iterator[Told]:
        """The text in which facts may stand, or the pieces of an answer together.

        What answers a query and has no text where the plan looks for one may have it anywhere;
        it is no piece.
        """
        text, seen, piece = reading.text or "", 0, reading.delta and reading.text
        if frame.opcode == Opcode.HTTP or (not text and frame.query is not None):
            text = content.decode("utf-8", "replace")
        if not text:
            return
        if piece:
            pieces = self._states[frame.session].pieces
            key = reading.query or reading.run or frame.query
            before = pieces.get(key, "")
            text, seen = before + text, len(before)
            pieces[key] = text[-TAIL:]
        yield frame, text, seen


def _sent(query: Query) -> float:
    return query.sent_s


def _channel(session: Session, opcode: int, asker: PrincipalId | None) -> str:
    """A probe's, where its session is one; an ordinary user's answer stays what it is."""
    probed = session.channel == probing.CHANNEL and asker is None
    return probing.CHANNEL if probed else _wire(opcode)


def _wire(opcode: int) -> str:
    """How a message came: what the plan lets flow is said by that."""
    return "http" if opcode == Opcode.HTTP else "frame"


def _storable(number: int | None) -> int | None:
    """A number that a column can hold; no sender counts that far."""
    return number if number is None or abs(number) < 1 << 62 else None


def _sighting(frame: Frame, **seen: Any) -> Sighting:  # noqa: ANN401 - the columns of a sighting
    return Sighting(
        stream=frame.stream,
        index=frame.index,
        channel=frame.channel,
        session=frame.session,
        principal=frame.principal,
        at_s=frame.at_s,
        kind=frame.kind,
        query=frame.query,
        label_owner=frame.label_owner,
        **seen,
    )
