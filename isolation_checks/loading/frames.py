"""Reads every recorded frame again: what the dialect says, which query, which canaries.

One pass over each process's stream, batch by batch, in the order of receipt; what it
yields are columns of the relations `frames` and `sightings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from isolation_checks import canary, probing
from isolation_checks.dialects.correlate import By
from isolation_checks.dialects.framing import framing_of, said
from isolation_checks.dialects.reading import OF_THE_FRAMING, SILENT, Dialect, Reading
from isolation_checks.history.stream import Evidence
from isolation_checks.loading import words
from isolation_checks.loading.columns import FRAMES, SIGHTINGS, Frame, Sighting, table
from isolation_checks.loading.facts import Facts, Told
from isolation_checks.loading.history import Process, Session, seconds
from isolation_checks.loading.identities import MARKED, Identities, Named
from isolation_checks.loading.ownership import Claimed, Ownership
from isolation_checks.loading.placing import Placings
from isolation_checks.loading.seams import MIXED, Seams
from isolation_checks.records import Opcode, PrincipalId, QueryId, SessionId


class FrameReader:
    """Reads the frames of a run."""

    def __init__(self, ownership: Ownership, dialect: Dialect) -> None:
        self._ownership = ownership
        self._dialect = dialect
        self._placings = Placings(ownership)
        self._identities = Identities(list(ownership.history.principals.values()))
        self._described = ownership.history.plan.dialect
        self._framing = framing_of(self._described)
        self._answering = frozenset((*self._described.protocol, *self._described.ends))
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
        placing = self._placings.of(session)
        placing.advance(at_s)
        query, by = placing.correlator.place(reading)
        ownership = self._ownership
        if query is not None and by is By.QUERY:
            label = ownership.history.queries[query].conversation
            named = placing.correlator.conversations.get(label) == reading.conversation
            if named and not placing.correlator.is_anothers(reading.user):
                ownership.learn(reading.conversation, session.principal)
        running = next((q for q in placing.running if q.id == query), None)
        if running is not None and reading.ending is not None:
            placing.end(running)  # what was read together with its end came behind it
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

    def _sightings(
        self, frame: Frame, reading: Reading, content: bytes, *, stretch: bool
    ) -> Iterator[Sighting]:
        found: dict[str, tuple[Claimed, str]] = {}
        for word in (*words.within(content, stretch=stretch), *self._cut(frame, reading)):
            claimed = self._ownership.claim(word)
            if claimed is not None and (word.how != MIXED or claimed.owner != frame.principal):
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
            text, seen = self._seams(frame).joined(_answer(frame, reading), text)
        yield frame, text, seen

    def _cut(self, frame: Frame, reading: Reading) -> Iterator[words.Word]:
        """Words of which a frame's text holds but the end."""
        if reading.text:
            yield from self._seams(frame).words(_answer(frame, reading), reading.text)

    def _seams(self, frame: Frame) -> Seams:
        return self._placings.of(self._ownership.history.sessions[frame.session]).seams


def _answer(frame: Frame, reading: Reading) -> str | None:
    """What a frame's text is a piece of."""
    return reading.query or reading.run or frame.query


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
