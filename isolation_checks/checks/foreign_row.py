"""Whether rows belong to those whose words they hold."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_rows
from isolation_checks.judging.verdict import Verdict
from isolation_checks.loading.run import Relation, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId

SEVERAL = 2
STRANGE = 0.5
"""Where more of the rows than this have an owner who is not known, the plan is wrong
about owners rather than the platform."""


@check(
    asks="Does every row belong to whoever's words, query or conversation it holds?",
    cwe=639,
    not_asked=needs_rows,
)
def foreign_row(run: Run) -> Outcome:
    """A row's owner is the owner of its canaries, of its query and of its conversation.

    Rows of at least two known principals must have been readable, or a role under
    row-level security would look like a clean platform.

    Catches:  wrong_owner_row, singleton_agent, cache_without_user.
    Blind to: tables that the plan does not describe.
    """
    reading = run.reading
    if reading is None or reading.problem is not None:
        problem = "the rows were never collected" if reading is None else reading.problem
        return Outcome(examined=0, unit="rows", verdict=Verdict.UNKNOWN, note=str(problem))
    in_rows = run.sightings.filter((nw.col("channel") == "row") & nw.col("planted"))
    owned = run.rows.filter(~nw.col("owner").is_null())
    found = [*_by_words(run, in_rows), *_by_names(run, owned)]
    visible = {r["owner"] for r in records(owned.select("owner").unique())}
    held = run.rows.filter(~nw.col("conversation_owner").is_null())
    visible |= {r["name"] for r in records(_named_as(held, "conversation_owner"))}
    examined = count(in_rows) + count(owned.filter(~nw.col("asker").is_null()))
    few = len(visible) < min(SEVERAL, len(run.history.principals)) or not visible
    strangers, note = _strangers(run, in_rows, few=few)
    found += strangers
    unsure = few or bool(note) or not examined
    if few and not found:
        note = (
            f"rows of only {len(visible)} known principals could be read: "
            "is the reader allowed to see all?"
        )
    elif reading.left_out and not note:
        note = f"only the first rows were read of {', '.join(reading.left_out)}"
    return Outcome(
        examined=examined,
        unit="rows",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if not found and unsure else None,
        note=note or ("" if examined else "no row holds a word or a query of this run"),
    )


def _named_as(rows: Relation, column: str) -> Relation:
    return rows.select(nw.col(column).alias("name")).unique()


def _strangers(run: Run, in_rows: Relation, *, few: bool) -> tuple[list[Found], str]:
    """Rows with words of this run that belong to somebody who is not in it.

    They convict only where owners can be told: the history is whole, several principals'
    rows were readable, and most rows with words have an owner who is known.
    """
    stated = run.rows.filter(~nw.col("stated_owner").is_null() & ~nw.col("placeholder"))
    keys = ["stream", "index"]
    unowned = in_rows.filter(nw.col("principal").is_null())
    strange = unowned.join(stated.select(*keys, "stated_owner"), on=keys, how="inner")
    cases = records(strange, *keys)
    if not cases:
        return [], ""
    incomplete = any(process.gaps for process in run.history.processes)
    if few or incomplete or len(cases) > STRANGE * count(in_rows):
        return [], f"the owners of {len(cases)} rows with words of this run are not known"
    return [_with_words(run, group) for group in groups_of(cases, "owner", "kind")], ""


def _by_words(run: Run, in_rows: Relation) -> list[Found]:
    """Rows with words of somebody else than their owner."""
    foreign = records(in_rows.filter(nw.col("foreign")), "stream", "index")
    keys = ("owner", "principal", "kind")
    return [_with_words(run, group) for group in groups_of(foreign, *keys)]


def _with_words(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    owner = PrincipalId(record["owner"])
    holder = PrincipalId(record["principal"]) if record["principal"] else None
    planted = QueryId(record["planted_query"]) if record["planted_query"] else None
    other = QueryId(record["query"]) if record["query"] not in (None, planted) else None
    return Found(
        kind="foreign-row",
        cwe=639,
        victim=owner,
        recipient=holder,
        channel="row",
        sentence=(
            f"a row of {record['kind']} that belongs to {holder or 'nobody known'} "
            f"holds words that only {owner} was given"
        ),
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.asked(run, planted, "victim", record["canary"]),
            witness.asked(run, other, "recipient"),
            witness.arrived(run, record, holder, "recipient", record["canary"]),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=planted,
        recipient_query=other,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )


def _by_names(run: Run, owned: Relation) -> list[Found]:
    """Rows whose owner is not who asked, or not whose conversation it is."""
    asker, holder = nw.col("asker"), nw.col("conversation_owner")
    wrong = owned.filter(
        (~asker.is_null() & (asker != nw.col("owner")))
        | (~holder.is_null() & (holder != nw.col("owner")))
    )
    foreign = []
    for record in records(wrong, "stream", "index"):
        known = [record[name] for name in ("asker", "conversation_owner") if record[name]]
        victim = next(name for name in known if name != record["owner"])
        if not run.ownership.may_share(victim, record["owner"], "row"):
            foreign.append(record | {"victim": victim})
    return [_named(run, group) for group in groups_of(foreign, "victim", "owner", "table")]


def _named(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    victim, owner = PrincipalId(record["victim"]), PrincipalId(record["owner"])
    what = "query" if record["asker"] == victim else "conversation"
    query = QueryId(record["query"]) if record["query"] else None
    return Found(
        kind="foreign-row",
        cwe=639,
        victim=victim,
        recipient=owner,
        channel="row",
        sentence=f"a row of {record['table']} about {victim}'s {what} belongs to {owner}",
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.asked(run, query, "victim"),
            witness.arrived(run, record, owner, "recipient"),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=query,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )
