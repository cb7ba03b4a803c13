"""Some rows of a table as text, and the places in them where something may stand.

A place is a column, or a path into the JSON that a column holds: `metadata_.user_id`.
It is pure; `schema` and `scan` fetch samples.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEPTH, LEAVES = 4, 60
"""How deep a JSON value is looked into, and how many values of one row's column are."""
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and what the database calls its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column that is declared to hold another table's key."""

    table: str
    column: str


@dataclass(slots=True, kw_only=True)
class Sample:
    """A table, or the keys of one pattern, and the newest of its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: Mapping[str, Reference] = field(default_factory=dict)
    rows: list[dict[str, str | None]] = field(default_factory=list)
    whole: bool = True
    """Whether these are all its rows."""
    hidden: bool = False
    """Whether rows may be kept from the reader without a word."""
    keys: tuple[str, ...] = ()
    """The patterns of the keys, in Redis."""
    problem: str | None = None
    """Why it could not be read."""
    url: str = ""
    """Where it lies, as the plan says it."""
    _places: dict[str, dict[int, str]] | None = None

    @property
    def places(self) -> Mapping[str, Mapping[int, str]]:
        """For every place, what stands there, by the number of the row."""
        if self._places is None:
            self._places = {column.name: {} for column in self.columns}
            for number, row in enumerate(self.rows):
                for name, text in row.items():
                    if text is not None:
                        self._places.setdefault(name, {})[number] = text
                        for path, leaf in leaves(text):
                            self._places.setdefault(f"{name}.{path}", {})[number] = leaf
        return self._places

    def type_of(self, column: str) -> str:
        """What the database calls a column's type."""
        return next((c.type for c in self.columns if c.name == column), "")

    def is_json(self, column: str) -> bool:
        """Whether a column holds JSON, by its type or by most of what stands in it."""
        if "json" in self.type_of(column):
            return True
        texts = [row[column] for row in self.rows if row.get(column)]
        return bool(texts) and 2 * sum(any(True for _ in leaves(t or "")) for t in texts) > len(
            texts
        )


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """The values within a JSON object or list, each with its path; nothing for other text."""
    if text[:1] not in ("{", "["):
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from itertools.islice(_within(whole, ""), LEAVES)


def _within(value: object, path: str) -> Iterator[tuple[str, str]]:
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(k, v) for k, v in value.items() if isinstance(k, str) and _KEY.fullmatch(k)]
    elif isinstance(value, list):
        items = [(str(place), each) for place, each in enumerate(value[:3])]
    elif path and value is not None and not isinstance(value, bool):
        yield path, str(value)
    if path.count(".") < DEPTH - 1:
        for key, inner in items:
            yield from _within(inner, f"{path}.{key}" if path else key)
