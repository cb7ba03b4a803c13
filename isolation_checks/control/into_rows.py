"""Breaks in rows: a row is given to another principal, or another's words are put into it."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isolation_checks.control.breaks import Break, Cast
from isolation_checks.control.extract import Extract, Record
from isolation_checks.control.writing import LOOKS_LIKE_A_CANARY

OWNER = "row given to another"
WORDS = "another's words in a row"
HIDDEN = "another's words in a row, base64"
KINDS = (OWNER, WORDS, HIDDEN)
_HOLDERS = ("owner", "conversation_owner")
"""The columns that say whose a row is: its own, or else its conversation's."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row whose owner is known and whose own it is, by its words or its query."""

    stream: str
    index: int
    record: Record
    whose: str
    column: str
    worded: bool


def into_rows(taken: Extract, *, cast: Cast, drawn: random.Random, breaks: int) -> list[Break]:
    """Change so many rows, each once, or as many as there are chances."""
    rows = [row for table in taken.tables for row in _rows(taken, table, cast)]
    stated: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:  # each table names users in its own way
        stated.setdefault((row.stream, row.column), {})[row.whose] = row.record[row.column]
    drawn.shuffle(rows)
    planted: list[Break] = []
    for row, drawn_kind in zip(rows, itertools.cycle(KINDS), strict=False):
        there = stated[row.stream, row.column]
        strangers = [who for who in there if cast.strangers(who, row.whose)]
        given = [each for each in cast.given if cast.strangers(each[1], row.whose)]
        if not strangers or not given:
            continue
        kind = drawn_kind if row.worded else OWNER
        if kind == OWNER:
            victim, recipient = row.whose, drawn.choice(strangers)
            row.record[row.column] = there[recipient]
        else:
            _, victim, word = drawn.choice(given)
            recipient = row.whose
            shown = base64.b64encode(word) if kind == HIDDEN else word
            row.record["texts"] = [_with(text, shown) for text in row.record["texts"]]
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
        if held == {whose}:
            yield _Row(stream, index, record, whose, column, worded=True)
        elif not held and askers.get(record["query"]) == whose:
            yield _Row(stream, index, record, whose, column, worded=False)


def _held(record: Record, owners: Mapping[bytes, str]) -> set[str | None]:
    """Whose canaries stand in a row as they are."""
    texts = (text.encode("utf-8", "replace") for text in record["texts"] or () if text)
    return {owners.get(w) for text in texts for w in LOOKS_LIKE_A_CANARY.findall(text)}


def _with(text: str | None, word: bytes) -> str | None:
    if text is None:
        return None
    return LOOKS_LIKE_A_CANARY.sub(lambda _: word, text.encode("utf-8", "replace")).decode()
