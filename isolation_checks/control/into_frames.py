"""Breaks in frames: what one principal got is put into another's session, however written."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from isolation_checks.control.breaks import Break, Cast, Words
from isolation_checks.control.extract import Extract, Record
from isolation_checks.control.writing import (
    ENCODINGS,
    LOOKS_LIKE_A_CANARY,
    LOWER,
    PLAIN,
    SPLIT,
    SWAPPED,
    Pieces,
    replaced,
    split,
    written,
)

FROM = 1_000_000_000_000
"""Indexes of planted frames begin here, far above those of real ones."""
KINDS = (*ENCODINGS, SPLIT, SWAPPED)
KEEPING = frozenset((PLAIN, LOWER, SWAPPED))
"""Those that leave a message as long as it was."""
_TEXT, _BINARY = 1, 2
_PATIENCE = 8
"""How many times the number of breaks are drawn at most, for as many that differ."""


@dataclass(frozen=True, slots=True)
class _Session:
    id: int
    principal: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class _Chance:
    """A frame with its own principal's canary, and the sessions that it could have reached."""

    stream: str
    record: Record
    whose: str
    others: tuple[_Session, ...]
    free: bool
    """Whether the frame would still be one if it were longer, or cut in two."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A break before it has its place: messages on a session, and whose words they hold."""

    victim: str
    recipient: str
    session: int
    contents: tuple[bytes, ...]


def into_frames(  # noqa: PLR0913 - what is planted where, by which dice
    taken: Extract,
    *,
    cast: Cast,
    words: Words,
    receiving: set[str],
    drawn: random.Random,
    breaks: int,
) -> list[Break]:
    """Add frames right behind those that they were made from; only some principals get any."""
    everywhere = [
        each for process in taken.processes for each in _chances(taken, process, cast, words)
    ]
    own = [each for each in everywhere if each.whose in receiving]
    moving = [some for each in everywhere if (some := _among(each, receiving)) is not None]
    behind: dict[tuple[str, int], list[Record]] = {}
    planted: list[Break] = []
    known: set[tuple[str, int, str, int]] = set()
    numbers, kinds = itertools.count(FROM), itertools.cycle(KINDS)
    for kind in itertools.islice(kinds, breaks * _PATIENCE):
        chances = own if kind == SWAPPED else moving
        if not chances:
            continue
        chance = drawn.choice(chances)
        made = _made(kind, chance, cast, words, drawn)
        if made is None:
            continue
        key = (chance.stream, chance.record["index"], kind, made.session)
        if key in known:
            continue
        known.add(key)
        place = chance.stream, chance.record["index"]
        indexes = [next(numbers) for _ in made.contents]
        behind.setdefault(place, []).extend(
            chance.record | {"index": index, "session": made.session, "content": content}
            for index, content in zip(indexes, made.contents, strict=True)
        )
        planted.append(
            Break(
                kind=kind,
                channel="frame",
                victim=made.victim,
                recipient=made.recipient,
                places=tuple((chance.stream, index) for index in indexes),
            )
        )
        if len(planted) == breaks:
            break
    for process in taken.processes:
        stream = f"history/{process}/frames"
        taken.records[stream] = [
            each
            for record in taken.records[stream]
            for each in (record, *behind.get((stream, record["index"]), ()))
        ]
    return planted


def _made(
    kind: str, chance: _Chance, cast: Cast, words: Words, drawn: random.Random
) -> _Written | None:
    """A break of a kind; None where this frame gives no chance for one."""
    content = chance.record["content"]
    if kind not in KEEPING and not chance.free:
        return None
    if kind == SWAPPED:
        at_ns, whose = chance.record["received_ns"], chance.whose
        earlier = [g for g in cast.given if g[0] < at_ns and cast.strangers(g[1], whose)]
        if not earlier:
            return None
        _, victim, word = drawn.choice(earlier)
        return _Written(victim, whose, chance.record["session"], (replaced(content, word),))
    contents = split(content, words.texts) if kind == SPLIT else (written(content, kind),)
    if contents is None:
        return None
    session = drawn.choice(chance.others)
    return _Written(chance.whose, session.principal, session.id, contents)


def _chances(taken: Extract, process: str, cast: Cast, words: Words) -> Iterator[_Chance]:
    sessions = _sessions(taken.of(process, "sessions"))
    pieces = Pieces(words.texts)
    for record in taken.of(process, "frames"):
        own = sessions.get(record["session"])
        if record["opcode"] not in (_TEXT, _BINARY) or own is None:
            continue
        free = record["opcode"] == _TEXT or (words.binary and _is_json(record["content"]))
        content = record["content"]
        if free:
            content = pieces.whole(record["session"], content)
        found = LOOKS_LIKE_A_CANARY.search(content)
        if found is None or cast.owners.get(found[0]) != own.principal:
            continue
        others = tuple(
            session
            for session in sessions.values()
            if session.from_ns <= record["received_ns"] <= session.to_ns
            and cast.strangers(session.principal, own.principal)
        )
        if others:
            told = record | {"content": content}
            yield _Chance(f"history/{process}/frames", told, own.principal, others, free)


def _among(chance: _Chance, receiving: set[str]) -> _Chance | None:
    """The same with some recipients only; None where there are none."""
    others = tuple(other for other in chance.others if other.principal in receiving)
    return dataclasses.replace(chance, others=others) if others else None


def _is_json(content: bytes) -> bool:
    """Whether a message says by itself where it ends; else its length may stand in it."""
    try:
        json.loads(content.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _sessions(records: Iterable[Record]) -> dict[int, _Session]:
    """When each WebSocket of a process was ready, and until when."""
    ready: dict[int, Record] = {}
    closed: dict[int, int] = {}
    for record in records:
        if record["step"] == "ready":
            ready[record["session"]] = record
        elif record["step"] in ("closed", "closing"):
            closed.setdefault(record["session"], record["at_ns"])
    return {
        identity: _Session(
            identity, record["principal"], record["at_ns"], closed.get(identity, 1 << 62)
        )
        for identity, record in ready.items()
    }


def names(paths: Sequence[str]) -> tuple[bytes, ...]:
    """The last words of dotted paths."""
    return tuple(dict.fromkeys(path.rpartition(".")[2].encode() for path in paths))
