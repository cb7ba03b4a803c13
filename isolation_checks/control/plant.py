"""Plants breaks, as bytes, into a copy of a run: one user's content into another's session.

It knows how streams are written and what a canary looks like, and imports nothing of
what loads, scans or checks.  Places and kinds are drawn from a seed.
"""

from __future__ import annotations

import base64
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

_LOOKS_LIKE_A_CANARY = re.compile(rb"CX[0-9A-HJKMNP-TV-Z]{20}")
_TEXT = 1
PLANTED_FROM = 1_000_000_000_000
"""Indexes of planted frames begin here, far above those of real ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One planted break: what kind, where it stands, whose words reached whom."""

    kind: str
    stream: str
    index: int
    victim: str
    recipient: str


def _escaped(word: bytes) -> bytes:
    return b"".join(b"\\u%04x" % octet for octet in word)


KINDS: Mapping[str, Callable[[bytes], bytes]] = {
    "moved": lambda word: word,
    "lower case": bytes.lower,
    "dashes": lambda word: b"-".join(word[at : at + 4] for at in range(0, len(word), 4)),
    "hex": lambda word: word.hex().encode(),
    "base64": base64.b64encode,
    "base64, shifted": lambda word: base64.urlsafe_b64encode(b"~" + word),
    "percent": lambda word: b"".join(b"%%%02X" % octet for octet in word),
    "escapes": _escaped,
}
"""How the words of a moved frame are written."""


@dataclass(frozen=True, slots=True)
class _Session:
    principal: str
    from_ns: int
    to_ns: int


def plant(source: Path, target: Path, *, seed: int, breaks: int) -> list[Break]:
    """Copy a run's history to `target` with breaks in it; fewer where it has fewer chances.

    Principals of one tenant are spared: their plan may let them share.
    """
    drawn = random.Random(seed)  # noqa: S311 - places, not secrets
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("judgements", "cache", "rows"))
    folders = sorted(path for path in (target / "history").iterdir() if path.is_dir())
    chances = [chance for folder in folders for chance in _chances(folder)]
    chosen = drawn.sample(chances, min(breaks, len(chances)))
    planted: list[Break] = []
    for folder in folders:
        own = [chance for chance in chosen if chance.folder == folder]
        planted += _rewrite(folder, own, drawn, PLANTED_FROM + len(planted))
    return planted


@dataclass(frozen=True, slots=True)
class _Chance:
    """A frame with its own principal's canary, and the sessions that it could have reached."""

    folder: Path
    index: int
    victim: str
    others: tuple[int, ...]


def _chances(folder: Path) -> Iterator[_Chance]:
    owners = {
        record["canary"].encode(): record["principal"]
        for record in _records(folder / "plantings.arrow")
        if record["kind"] == "token"
    }
    tenants = {r["principal"]: r["tenant"] for r in _records(folder / "principals.arrow")}
    sessions = _sessions(folder)
    for record in _records(folder / "frames.arrow"):
        own = sessions.get(record["session"])
        found = _LOOKS_LIKE_A_CANARY.search(record["content"])
        if record["opcode"] != _TEXT or own is None or found is None:
            continue
        victim = owners.get(found[0])
        if victim != own.principal:
            continue
        tenant = tenants.get(victim) or victim
        others = tuple(
            identity
            for identity, session in sessions.items()
            if session.from_ns <= record["received_ns"] <= session.to_ns
            and (tenants.get(session.principal) or session.principal) != tenant
            and session.principal != victim
        )
        if others:
            yield _Chance(folder, record["index"], victim, others)


def _sessions(folder: Path) -> dict[int, _Session]:
    """When each WebSocket of a process was ready, and until when."""
    ready: dict[int, tuple[str, int]] = {}
    closed: dict[int, int] = {}
    for record in _records(folder / "sessions.arrow"):
        if record["step"] == "ready":
            ready[record["session"]] = record["principal"], record["at_ns"]
        elif record["step"] in ("closed", "closing"):
            closed.setdefault(record["session"], record["at_ns"])
    return {
        identity: _Session(principal, at_ns, closed.get(identity, 1 << 62))
        for identity, (principal, at_ns) in ready.items()
    }


def _rewrite(
    folder: Path, chances: list[_Chance], drawn: random.Random, first: int
) -> Iterator[Break]:
    """Write the frames again, each break right behind the frame that it was made from."""
    by_index = {chance.index: chance for chance in chances}
    sessions = _sessions(folder)
    path = folder / "frames.arrow"
    whole = folder / "frames.whole"
    path.rename(whole)
    kinds = list(KINDS)
    number = 0
    with _batches(whole) as batches, path.open("xb") as file:
        writer = pa.ipc.new_stream(file, batches.schema)
        for batch in batches:
            records: list[dict[str, Any]] = []
            for record in batch.to_pylist():
                records.append(record)
                chance = by_index.get(record["index"])
                if chance is None:
                    continue
                kind = kinds[number % len(kinds)]
                session = drawn.choice(chance.others)
                content = _written(record["content"], KINDS[kind])
                index = first + number
                records.append(record | {"index": index, "session": session, "content": content})
                number += 1
                yield Break(
                    kind=kind,
                    stream=f"history/{folder.name}/frames",
                    index=index,
                    victim=chance.victim,
                    recipient=sessions[session].principal,
                )
            writer.write_batch(pa.RecordBatch.from_pylist(records, schema=batches.schema))
        writer.close()
    whole.unlink()


def _written(content: bytes, how: Callable[[bytes], bytes]) -> bytes:
    """A frame with every canary in it written in one way."""
    return _LOOKS_LIKE_A_CANARY.sub(lambda word: how(word[0]), content)


def _batches(path: Path) -> Any:  # noqa: ANN401 - pyarrow is untyped
    return pa.ipc.open_stream(pa.memory_map(str(path)))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a stream as far as it is whole."""
    try:
        reader = _batches(path)
        for batch in reader:
            yield from batch.to_pylist()
    except (pa.ArrowInvalid, OSError):
        return
