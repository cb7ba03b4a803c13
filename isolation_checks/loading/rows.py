"""Reads the collected rows again: whose each is, whose conversation, which canaries and facts.

It opens no database; that was the collector's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from isolation_checks.errors import HarnessError
from isolation_checks.history.credentials import NOBODYS
from isolation_checks.history.stream import Evidence, digest
from isolation_checks.loading import words
from isolation_checks.loading.columns import SIGHTINGS
from isolation_checks.loading.facts import Facts, Held
from isolation_checks.loading.identities import MARK, Identities, Named
from isolation_checks.loading.ownership import Ownership
from isolation_checks.plan.tables.rows import Rows, Table
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.rows import moments
from isolation_checks.rows.collect import read_said

ROWS = pa.schema(
    [
        pa.field("stream", pa.string()),
        pa.field("index", pa.int64()),
        pa.field("table", pa.string()),
        pa.field("key", pa.string()),
        pa.field("stated_owner", pa.string()),
        pa.field("owner", pa.string()),
        pa.field("placeholder", pa.bool_()),
        pa.field("conversation", pa.string()),
        pa.field("stated_conversation_owner", pa.string()),
        pa.field("conversation_owner", pa.string()),
        pa.field("query", pa.string()),
        pa.field("asker", pa.string()),
        pa.field("finished", pa.bool_()),
    ]
)


_Held = tuple[dict[str, Any], Mapping[str, Any], list[dict[str, Any]]]
"""A row with a holder, as it is read and as it was collected, and the canaries seen in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of the platform's rows, and what it says of itself."""

    number: int
    """Which reading of the run's it is: its streams are `rows/<number>/<table>`."""
    problem: str | None
    settled: bool
    counts: dict[str, int]
    left_out: tuple[str, ...]
    behind_s: Mapping[str, float] = field(default_factory=dict)
    """By table, by how much its database's clock is behind ours, where it has one of its own."""


def reading_of(folder: Path | None, described: Rows | None) -> Reading | None:
    """The reading in a folder; None where there is none, or none was asked for."""
    if folder is None or described is None:
        return None
    number = int(folder.name)
    try:
        said = read_said(folder)
    except HarnessError as error:
        return Reading(number=number, problem=str(error), settled=False, counts={}, left_out=())
    return Reading(
        number=number,
        problem=said.get("problem") or _altered(folder, said["tables"], described),
        settled=bool(said.get("settled", False)),
        counts={name: table["records"] for name, table in said["tables"].items()},
        left_out=tuple(name for name, table in said["tables"].items() if table["more"]),
        behind_s={
            name: place["clock_behind_s"] or 0.0
            for place in said.get("databases", ())
            for name in place["tables"]
        },
    )


def _altered(folder: Path, said: Mapping[str, Any], described: Rows) -> str | None:
    """What is missing of a reading, or is not as it was written."""
    for table in described.tables:
        path = folder / f"{table.name}.arrow"
        if table.name not in said or not path.exists():
            return f"the rows of {table.name} are missing"
        if digest(path)[1] != said[table.name]["sha256"]:
            return f"the rows of {table.name} are not as they were written"
    return None


def read(
    reading: Reading, described: Rows, ownership: Ownership, evidence: Evidence, facts: Facts
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """The columns of rows and of the sightings in them, table by table; facts are noted.

    Raises:
        HarnessError: they are as they were written, and not all of them could be read.
    """
    identities = Identities(list(ownership.history.principals.values()))
    for table in described.tables:
        index = 0
        for batch in evidence(f"rows/{reading.number}/{table.name}"):
            rows: list[dict[str, Any]] = []
            sightings: list[dict[str, Any]] = []
            held: list[_Held] = []
            owned: list[tuple[dict[str, Any], str]] = []
            for record in batch.to_pylist():
                row = _row(reading, described, table, ownership, record)
                row["index"] = index
                rows.append(row)
                seen = list(_sightings(row, record["texts"], ownership))
                sightings += seen
                if row["owner"] or row["conversation_owner"]:
                    owned.append((row, "\n".join(filter(None, record["texts"]))))
                    if facts:
                        held.append((row, record, seen))
                index += 1
            sightings += _named(owned, identities, ownership)
            if held:
                _note_facts(facts, held, table, reading)
            yield (
                pa.RecordBatch.from_pylist(rows, schema=ROWS),
                pa.RecordBatch.from_pylist(sightings, schema=SIGHTINGS),
            )
        written = reading.counts.get(table.name, index)
        if reading.problem is None and index != written:
            raise HarnessError(f"only {index} of {written} rows of {table.name} could be read")


def _row(
    reading: Reading,
    described: Rows,
    table: Table,
    ownership: Ownership,
    record: dict[str, Any],
) -> dict[str, Any]:
    owner_is = table.owner_is or described.owner_is
    by = ownership.by_subject if owner_is == "subject" else ownership.by_email
    held_by = ownership.by_subject if described.owner_is == "subject" else ownership.by_email
    stated = record["owner"]
    asked = table.names_owner
    over = table.finished.values if table.finished is not None else ()
    status = record["finished"]
    owner = by.get(stated) if stated is not None else None
    conversation_owner = held_by.get(record["conversation_owner"] or "")
    query = ownership.query_of(record["query"], owner, conversation_owner)
    return {
        "stream": f"rows/{reading.number}/{table.name}",
        "table": table.name,
        "key": record["key"],
        "stated_owner": stated,
        "owner": owner,
        "placeholder": asked and (not stated or stated.lower() in described.placeholders),
        "conversation": record["conversation"],
        "stated_conversation_owner": record["conversation_owner"],
        "conversation_owner": conversation_owner,
        "query": query,
        "asker": ownership.asker(query),
        "finished": None if status is None else status in over,
    }


def _sightings(
    row: dict[str, Any], texts: list[str | None], ownership: Ownership
) -> Iterator[dict[str, Any]]:
    """The canaries in a row.

    Its recipient is whoever the row, or else its conversation, was given to wrongly; the
    row's owner where nothing is wrong.
    """
    seen: set[str] = set()
    query = ownership.history.queries.get(QueryId(row["query"] or ""))
    label = query.conversation if query else None
    for text in texts:
        for word in words.everywhere(text or ""):
            claimed = ownership.claim(word)
            if claimed is None or claimed.canary in seen:
                continue
            seen.add(claimed.canary)
            wrong = [h for h in _holders(row) if ownership.foreign(claimed, h, "row", label)]
            yield _sighting(row, wrong[0] if wrong else row["owner"]) | {
                "canary": claimed.canary,
                "owner": claimed.owner,
                "planted_query": claimed.planting.query if claimed.planting else None,
                "planted": claimed.planting is not None,
                "earlier": claimed.earlier,
                "how": word.how,
                "foreign": bool(wrong),
            }


def _named(
    owned: list[tuple[dict[str, Any], str]], identities: Identities, ownership: Ownership
) -> Iterator[dict[str, Any]]:
    """Others whose credentials rows held, and of each row one whom it names otherwise.

    And which rows held a credential of which nobody can say whose it is.
    """
    known: set[int] = set()
    for at, name in identities.by_name([text for _, text in owned]):
        row = owned[at][0]
        if at not in known and name.principal not in _holders(row):
            wrong = _strangers(row, name.principal, ownership)
            known.update([at] if wrong else [])
            yield from (_by_name(row, each, name) for each in wrong[:1])
    for row, text in owned:
        if MARK in text:
            if identities.nobodys_credential(text):
                yield _said(row, _holders(row)[0], how=NOBODYS)
            for name in dict.fromkeys(identities.by_credential(text)):
                wrong = _strangers(row, name.principal, ownership)
                yield from (_by_name(row, each, name) for each in wrong[:1])


def _strangers(
    row: Mapping[str, Any], principal: PrincipalId, ownership: Ownership
) -> list[PrincipalId]:
    """Whoever has a row, or its conversation, and may share no row with a principal."""
    others = (holder for holder in _holders(row) if holder != principal)
    return [each for each in others if not ownership.may_share(principal, each, "row")]


def _by_name(row: Mapping[str, Any], holder: PrincipalId, name: Named) -> dict[str, Any]:
    return _said(row, holder, how=name.how) | {"canary": name.words, "owner": name.principal}


def _said(row: Mapping[str, Any], holder: PrincipalId, *, how: str) -> dict[str, Any]:
    """What names somebody, or was somebody's credential, in a row of this holder's."""
    return _sighting(row, holder) | {
        "canary": "",
        "owner": None,
        "planted_query": None,
        "planted": False,
        "earlier": False,
        "how": how,
        "identity": True,
        "foreign": False,
    }


def _sighting(row: Mapping[str, Any], principal: PrincipalId | None) -> dict[str, Any]:
    """What all sightings in a row say."""
    return {
        "stream": row["stream"],
        "index": row["index"],
        "channel": "row",
        "session": None,
        "principal": principal,
        "at_s": None,
        "kind": row["table"],
        "query": row["query"],
        "label_owner": row["conversation_owner"],
        "identity": False,
    }


def _holders(row: Mapping[str, Any]) -> tuple[PrincipalId, ...]:
    """Whose a row is, and whose its conversation, as far as they are known."""
    both = (row["owner"], row["conversation_owner"])
    return tuple(dict.fromkeys(each for each in both if each is not None))


def _note_facts(facts: Facts, held: list[_Held], table: Table, reading: Reading) -> None:
    """Note what rows hold of other personas; few rows do, and the others cost one look at all."""
    texts = ["\n".join(map(words.unescaped, filter(None, r["texts"]))) for _, r, _ in held]
    holders = [_holders(row) for row, _, _ in held]
    owners = [each[0] if len(each) == 1 else None for each in holders]
    for at, found in facts.others_in(texts, owners):
        row, record, seen = held[at]
        written_s = moments.seconds(record["time"], table.time_is)
        worded = any(each["planted"] for each in seen)
        where = Held(
            stream=row["stream"],
            index=row["index"],
            table=table.name,
            holders=holders[at],
            query=row["query"],
            of_run=worded or _is_of_run(row, written_s, reading, facts.ownership),
        )
        for fact in found:
            facts.see_in_a_row(fact, where)


def _is_of_run(
    row: Mapping[str, Any], written_s: float | None, reading: Reading, ownership: Ownership
) -> bool:
    """Whether a row's facts can only be this run's.

    So they are where no other run has its personas; else by its query, conversation or time.
    """
    if ownership.history.description.get("seed_drawn", False):
        return True
    if row["asker"] is not None or ownership.conversation_owner(row["conversation"]) is not None:
        return True
    started_at = datetime.fromisoformat(ownership.history.description["started_at"])
    began_s = started_at.timestamp() - reading.behind_s.get(row["table"], 0.0)
    return written_s is not None and written_s >= began_s
