"""Breaks in rows: a row is given to another principal, or another's words are put into it."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isolation_checks.control.breaks import Break, Cast
from isolation_checks.control.extract import Extract, Record
from isolation_checks.control.writing import ENCODINGS, LOOKS_LIKE_A_CANARY, PLAIN

OWNER = "row given to another"
WORDS = "another's words in a row"
KINDS = (OWNER, *ENCODINGS)
_HOLDERS = ("owner", "conversation_owner")
"""The columns that say whose a row is: its own, or else its conversation's."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*()"')
_BETWEEN = re.compile(r"()(?:\s|$)")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row whose owner is known and of whom it holds nobody else's words."""

    stream: str
    index: int
    record: Record
    whose: str
    column: str
    telling: bool
    """Whether it shows whose it is, by its own words or its query."""
    json_from: int
    """The first of its texts that is JSON."""


def into_rows(taken: Extract, *, cast: Cast, drawn: random.Random, breaks: int) -> list[Break]:
    """Change so many rows, each once, or as many as there are chances."""
    rows = [row for table in taken.tables for row in _rows(taken, table, cast)]
    stated: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:  # each table names users in its own way
        stated.setdefault((row.stream, row.column), {})[row.whose] = row.record[row.column]
    drawn.shuffle(rows)
    planted: list[Break] = []
    kinds = itertools.cycle(KINDS)
    for row in rows:
        there = stated[row.stream, row.column]
        strangers = [who for who in there if cast.strangers(who, row.whose)]
        given = [each for each in cast.given if cast.strangers(each[1], row.whose)]
        places = _places(row)
        if not strangers or not (row.telling or (places and given)):
            continue
        kind = next(kinds) if places and given else OWNER
        if kind == OWNER and not row.telling:
            kind = next(kinds)
        if kind == OWNER:
            victim, recipient = row.whose, drawn.choice(strangers)
            row.record[row.column] = there[recipient]
        else:
            _, victim, word = drawn.choice(given)
            recipient = row.whose
            _put(row.record, *drawn.choice(places), ENCODINGS[kind](word).decode())
            kind = WORDS if kind == PLAIN else f"{WORDS}, {kind}"
        place = (row.stream, row.index)
        planted.append(
            Break(kind=kind, channel="row", victim=victim, recipient=recipient, places=(place,))
        )
        if len(planted) == breaks:
            break
    return planted


def _rows(taken: Extract, stream: str, cast: Cast) -> Iterator[_Row]:
    askers = {record["query"]: record["principal"] for record in taken.everywhere("queries")}
    for index, record in enumerate(taken.records[stream]):
        column = next((name for name in _HOLDERS if record[name]), None)
        whose = cast.names.get(record[column]) if column else None
        if column is None or whose is None:
            continue
        held = _held(record, cast.owners)
        if held <= {whose}:
            telling = bool(held) or askers.get(record["query"]) == whose
            yield _Row(stream, index, record, whose, column, telling, taken.tables[stream])


def _held(record: Record, owners: Mapping[bytes, str]) -> set[str | None]:
    """Whose canaries stand in a row as they are."""
    texts = (text.encode("utf-8", "replace") for text in record["texts"] or () if text)
    return {owners.get(w) for text in texts for w in LOOKS_LIKE_A_CANARY.findall(text)}


def _places(row: _Row) -> list[tuple[int, int]]:
    """Where a word may be put: in which text, before which of its characters.

    Between the words of a text, and at the end of any string of JSON.
    """
    return [
        (number, found.start(1))
        for number, text in enumerate(row.record["texts"] or ())
        if text is not None
        for found in (_STRING if number >= row.json_from else _BETWEEN).finditer(text)
    ]


def _put(record: Record, number: int, at: int, word: str) -> None:
    texts = list(record["texts"])
    text = texts[number]
    texts[number] = f"{text[:at]} {word} {text[at:]}"
    record["texts"] = texts
