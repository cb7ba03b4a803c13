"""Redis as a row source: keys that are described by patterns become rows.

A string or a hash is one row; a list, a set, a sorted set or a stream is one row an
element.  It sends commands that read, and none that write.  There is no snapshot: a
key that is there all the while is seen, one that comes or goes meanwhile may be; one
key's value is always read at one moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import redis

from isolation_checks.errors import UsageError
from isolation_checks.plan.tables.rows import Table
from isolation_checks.rows import moments
from isolation_checks.rows.patterns import Patterns, glob

BATCH = 500
"""Keys that are asked for at once."""
SCANNED = 5_000_000
"""Keys that are looked at, at most, for one pattern."""
LONGEST = 1_000_000
"""Octets of a string that are read, at most."""
ELEMENTS = 10_000
"""Elements of one list, set, stream … or fields of a hash that are read, at most."""
CONNECT_SECONDS, READ_SECONDS = 10, 60
_LENGTHS = {
    "string": "STRLEN",
    "hash": "HLEN",
    "list": "LLEN",
    "set": "SCARD",
    "zset": "ZCARD",
    "stream": "XLEN",
}
_WHOLE = ("string", "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: where it stands, what its key says, and its values by name."""

    key: str
    holes: Mapping[str, str]
    values: Mapping[str, str]
    whole: str | None = None
    """All its fields as JSON, where it has fields."""

    def value(self, way: str | None) -> str | None:
        """What stands at a way: a hole, a field or `value`, perhaps with a path into its JSON."""
        if way is None:
            return None
        name, _, path = way.partition(".")
        said = self.values.get(name, self.whole if name == "value" else None)
        text = self.holes.get(name, said)
        return text if not path or text is None else _within(text, path.split("."))

    def said(self, way: str | None, hole: str) -> str | None:
        """What stands at a way or, where the plan names none, in the key's hole of this name."""
        return self.value(way) if way is not None else self.holes.get(hole)


@dataclass(slots=True)
class Keys:
    """A Redis that is open for reading."""

    client: Any
    snapshot: bool = False
    cut: bool = False
    _kinds: dict[bytes, str] = field(default_factory=dict)

    def clock(self) -> float | None:
        """The server's own time, in seconds since 1970."""
        seconds, micros = self.client.time()
        return float(seconds) + float(micros) / 1e6

    def count(self, table: Table, since_s: float | None) -> int:  # noqa: ARG002 - as tables are counted
        """How many rows there are; those from before the run are counted too."""
        patterns = Patterns(table.keys)
        return sum(
            1 if kind in _WHOLE else length
            for names in self._scanned(table.keys, patterns)
            for _, kind, length in self._sized(names)
        )

    def over(self, table: Table, since_s: float | None) -> int:  # noqa: ARG002 - as tables are counted
        """What changes within a key is not waited for."""
        return 0

    def read(self, table: Table, since_s: float | None, limit: int) -> Iterator[pa.RecordBatch]:
        """The fixed columns and then the texts of every row, each as text."""
        texts = [*table.text, *table.json]
        names = ["key", "owner", "conversation", "conversation_owner", "query", "time"]
        names += ["finished", *(f"text_{place}" for place in range(len(texts)))]
        finished = table.finished.column if table.finished else None
        for way in filter(None, (table.owner, table.conversation, table.query, *texts)):
            _require_plain(table, way)
        left = limit
        for entries in self.entries(table.keys):
            rows = [
                [
                    entry.key,
                    entry.said(table.owner, "owner"),
                    entry.said(table.conversation, "conversation"),
                    None,
                    entry.said(table.query, "query"),
                    entry.value(table.time),
                    entry.value(finished),
                    *map(entry.value, texts),
                ]
                for entry in entries
                if _is_recent(entry, table, since_s)
            ][:left]
            left -= len(rows)
            if rows:
                columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, names=names)
            if left <= 0:
                return

    def entries(self, keys: tuple[str, ...]) -> Iterator[list[Entry]]:
        """The rows of all keys that these patterns mean, in handfuls."""
        self.cut = False
        patterns = Patterns(keys)
        for names in self._scanned(keys, patterns):
            sized = self._sized(names)
            asked = self.client.pipeline(transaction=False)
            for name, kind, _ in sized:
                _ask(asked, name, kind)
            found: list[Entry] = []
            for (name, kind, length), value in zip(
                sized, asked.execute(raise_on_error=False), strict=True
            ):
                most = LONGEST if kind == "string" else ELEMENTS
                if isinstance(value, Exception) or length > most:
                    self.cut = True  # it was something else a moment ago, or is too long
                if not isinstance(value, Exception):
                    shown = _said(name)
                    found += _entries(shown, patterns.read(shown) or {}, kind, value)
            yield found

    def _scanned(self, keys: tuple[str, ...], patterns: Patterns) -> Iterator[list[bytes]]:
        """The names of the keys that the patterns mean, each once, in handfuls."""
        seen: set[bytes] = set()
        for pattern in keys:
            looked, cursor = 0, 0
            while True:
                cursor, names = self.client.scan(cursor, match=glob(pattern), count=BATCH)
                looked += BATCH
                fresh = [
                    name
                    for name in dict.fromkeys(names)
                    if name not in seen
                    and patterns.read(name.decode("utf-8", "replace")) is not None
                ]
                seen.update(fresh)
                if fresh:
                    yield fresh
                if cursor == 0:
                    break
                if looked >= SCANNED:
                    self.cut = True
                    break

    def _sized(self, names: list[bytes]) -> list[tuple[bytes, str, int]]:
        """Of what kind keys are, and how long; without those that have gone."""
        asked = self.client.pipeline(transaction=False)
        for name in names:
            asked.type(name)
        kinds = [kind.decode() for kind in asked.execute()]
        if any(kind != "none" and kind not in _LENGTHS for kind in kinds):
            self.cut = True  # a module's own kind of value
        there = [(n, k) for n, k in zip(names, kinds, strict=True) if k in _LENGTHS]
        for name, kind in there:
            asked.execute_command(_LENGTHS[kind], name)
        lengths = asked.execute(raise_on_error=False)
        return [
            (name, kind, 0 if isinstance(length, Exception) else int(length))
            for (name, kind), length in zip(there, lengths, strict=True)
        ]


def _ask(asked: Any, name: bytes, kind: str) -> None:  # noqa: ANN401 - a pipeline
    if kind == "string":
        asked.getrange(name, 0, LONGEST - 1)
    elif kind == "hash":
        asked.hscan(name, 0, count=ELEMENTS)
    elif kind == "list":
        asked.lrange(name, 0, ELEMENTS - 1)
    elif kind == "set":
        asked.sscan(name, 0, count=ELEMENTS)
    elif kind == "zset":
        asked.zrange(name, 0, ELEMENTS - 1)
    else:
        asked.xrevrange(name, count=ELEMENTS)


def _entries(
    name: str,
    holes: Mapping[str, str],
    kind: str,
    value: Any,  # noqa: ANN401 - by its kind
) -> Iterator[Entry]:
    """The rows of one key."""
    if kind == "string":
        yield Entry(name, holes, {"key": name, "value": _said(value)})
    elif kind == "hash":
        yield _fields(name, name, holes, value[1], {})
    elif kind == "stream":
        for identity, fields in value:
            at = float(identity.partition(b"-")[0]) / 1000
            more = {"id": identity.decode(), "at": f"{at:.3f}"}
            yield _fields(f"{name} {identity.decode()}", name, holes, fields, more)
    else:
        elements = value[1] if kind == "set" else value
        for place, element in enumerate(elements):
            values = {"key": name, "value": _said(element)}
            yield Entry(f"{name} {place}", holes, values)


def _fields(
    key: str,
    name: str,
    holes: Mapping[str, str],
    fields: Mapping[bytes, bytes],
    more: Mapping[str, str],
) -> Entry:
    """A hash or a stream's entry."""
    said = {_said(field): _said(value) for field, value in fields.items()}
    whole = json.dumps(said, ensure_ascii=False)
    return Entry(key, holes, {**more, **said, "key": name}, whole)


def _said(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _within(text: str, path: list[str]) -> str | None:
    """What stands at a path of a JSON text, as text; None where nothing does."""
    try:
        here = json.loads(text)
    except ValueError:
        return None
    for step in path:
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    if here is None or isinstance(here, str):
        return here
    return json.dumps(here, ensure_ascii=False)


def _is_recent(entry: Entry, table: Table, since_s: float | None) -> bool:
    """Whether a row is of this run's time; one whose time cannot be read may be."""
    written_s = moments.seconds(entry.value(table.time), table.time_is)
    return written_s is None or since_s is None or written_s >= since_s


def _require_plain(table: Table, way: str) -> None:
    if "->" in way:
        raise UsageError(f"table {table.name}: {way!r} has a join, and keys are not joined")


@contextmanager
def opened(url: str) -> Iterator[Keys]:
    """A Redis to read."""
    client = redis.Redis.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=READ_SECONDS
    )
    try:
        yield Keys(client)
    finally:
        client.close()
