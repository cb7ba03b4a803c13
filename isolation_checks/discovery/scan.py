"""A Redis's keys as samples: keys that are alike become one pattern, with holes for known ids.

Bounded: so many keys are looked at, and so many rows of each pattern are kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping

from isolation_checks.discovery.known import Known
from isolation_checks.discovery.sample import Column, Sample
from isolation_checks.discovery.schema import LONGEST, ROWS
from isolation_checks.rows import keyspace
from isolation_checks.rows.keyspace import Entry

KEYS = 20_000
PATTERNS = 200
_SEPARATOR = re.compile(r"([:/|#{}])")
_VARIABLE = re.compile(r"\d+|[0-9a-f]{8,}|[0-9a-fA-F-]{32,}|(?=.*\d)[\w.@=+-]{12,}")
_NAMES = ("key", "id")


def samples(url: str, known: Known, say: Callable[[str], None]) -> Iterator[Sample]:
    """The keys of a Redis, by patterns."""
    found: dict[str, list[dict[str, str | None]]] = {}
    whole = True
    with keyspace.opened(url) as keys:
        looked = 0
        for entries in keys.entries(("*",)):
            for entry in entries:
                pattern, holes = parted(entry.values["key"], known)
                if pattern in found or len(found) < PATTERNS:
                    alike = found.setdefault(pattern, [])
                    if len(alike) < ROWS:
                        alike.append(_row(entry, holes))
            looked += len(entries)
            say(f"{looked} rows under keys of {len(found)} kinds")
            if looked >= KEYS:
                whole = False
                break
    names: set[str] = set()
    for pattern, rows in found.items():
        columns = dict.fromkeys(itertools.chain.from_iterable(rows))
        yield Sample(
            name=_called(pattern, names),
            columns=tuple(Column(name=name, type="") for name in columns if name.isidentifier()),
            rows=rows,
            whole=whole and len(rows) < ROWS,
            keys=(pattern,),
        )


def parted(key: str, known: Known) -> tuple[str, dict[str, str]]:
    """A key as a pattern, with known ids as holes and what looks made up as `*`; the ids."""
    pattern, holes = "", {}
    for part in _SEPARATOR.split(key):
        hole = next((name for name, ids in _ids(known) if part in ids), None)
        if hole is not None:
            holes[f"{{{hole}}}"] = part
            pattern += f"{{{hole}}}"
        elif part in ("{", "}") or _VARIABLE.fullmatch(part):
            pattern += "*"  # a hash tag's braces would be read as a hole's
        else:
            pattern += part
    return pattern, holes


def _ids(known: Known) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield "owner", known.subjects
    yield "owner", known.emails
    yield "conversation", known.conversations
    yield "query", known.queries


def _row(entry: Entry, holes: Mapping[str, str]) -> dict[str, str | None]:
    """An entry's fields, or its one value, and the ids in its key."""
    fields = {name: text[:LONGEST] for name, text in entry.values.items() if name not in _NAMES}
    return {**fields, **holes}


def _called(pattern: str, names: set[str]) -> str:
    """A name for a table, made of what does not vary."""
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"\{\w+\}", " ", pattern))
    wanted = "_".join(words) or "keys"
    free = (f"{wanted}_{number}" if number > 1 else wanted for number in itertools.count(1))
    name = next(each for each in free if each not in names)
    names.add(name)
    return name
