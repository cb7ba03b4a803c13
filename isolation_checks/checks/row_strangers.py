"""Rows with words of this run that somebody owns who is not in it, or that stand in their place."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import row_holders, visible
from isolation_checks.checks.check import Found
from isolation_checks.loading.run import Relation, Run, count, groups_of, records

STRANGE = 0.5
"""Where more of a table's rows than this have an owner who is not known, the plan is wrong
about owners rather than the platform."""
_PLACE = ("stream", "index")


def in_rows(run: Run, worded: Relation) -> tuple[list[Found], str]:
    """Rows with words of this run of which somebody who is not in it owns them or their place.

    They convict only where owners can be told: the history is whole, several principals'
    rows of the table were readable, and most of its rows have an owner who is known.  So do
    those of which nobody at all can say whose they are, if they are most.  Whoever writes
    beside the owners in their own conversations may be the agent, and is in doubt.
    """
    stated, own, held = (
        nw.col(name) for name in ("stated_owner", "owner", "stated_conversation_owner")
    )
    strange_owner = ~stated.is_null() & ~nw.col("placeholder") & own.is_null()
    strange_place = ~held.is_null() & nw.col("conversation_owner").is_null()
    nobodys = own.is_null() & held.is_null() & ~nw.col("placeholder")
    odd = run.rows.filter(strange_owner | strange_place | nobodys).select(
        *_PLACE,
        "owner",
        "stated_owner",
        "stated_conversation_owner",
        nw.col("conversation").alias("place_of"),
    )
    cases = records(
        worded.join(odd.rename({"owner": "holder"}), on=list(_PLACE), how="inner"), *_PLACE
    )
    described = run.history.plan.rows
    assert described is not None  # or the check is not asked
    owned = [table.name for table in described.tables if table.names_anybody]
    whole = not any(process.gaps for process in run.history.processes)
    seen = visible.principals(run)
    found: list[Found] = []
    doubt = ""
    for group in groups_of(cases, "kind"):
        table = group[0]["kind"]
        if table not in owned:
            continue
        theirs = [record for record in group if _is_strangers(run, record)]
        words = count(worded.filter(nw.col("kind") == table))
        several = len(seen.get(table, ())) >= visible.SEVERAL
        few = len(group) <= STRANGE * words
        agents = _agents(run, table, theirs)
        by_agents = [record for record in theirs if record["stated_owner"] in agents]
        theirs = [record for record in theirs if record["stated_owner"] not in agents]
        if whole and several and few:
            nameless = [record | {"principal": None} for record in theirs]
            found += [
                row_holders.with_words(run, alike)
                for alike in groups_of(nameless, "owner", "holder")
            ]
        elif theirs or not few:
            named = sorted({r["stated_owner"] for r in group if r["stated_owner"] is not None})
            such = f", such as {named[0]!r}: see auth.user, rows.owner_is" if named else ""
            doubt = (
                f"the owners of {len(group)} rows of {table} with words of this run are not "
                f"known{such}"
            )
        if by_agents:
            doubt = doubt or (
                f"{len(by_agents)} rows of {table} belong to {min(agents)!r}, who is nobody of "
                "this run and writes beside their owners in their own conversations: if that is "
                "the agent, let `owner` lead to the conversation's owner"
            )
    return found, doubt


def _agents(run: Run, table: str, cases: list[dict[str, Any]]) -> frozenset[str]:
    """Strangers who write wherever they do beside the owners of the words, as an agent does.

    All that is theirs holds words of several, and each stands in a conversation in which
    whoever was given the words owns a row of the same table, too.
    """
    own = run.rows.filter(nw.col("table") == table).select("conversation", "owner").unique()
    beside = {(record["conversation"], record["owner"]) for record in records(own)}
    whose: dict[str, set[str]] = {}
    for record in cases:
        if record["stated_owner"] is not None:
            whose.setdefault(record["stated_owner"], set()).add(record["owner"])
    elsewhere = {
        record["stated_owner"]
        for record in cases
        if record["place_of"] is None or (record["place_of"], record["owner"]) not in beside
    }
    return frozenset(
        owner
        for owner, victims in whose.items()
        if len(victims) >= visible.SEVERAL and owner not in elsewhere
    )


def _is_strangers(run: Run, record: dict[str, Any]) -> bool:
    """Whether an odd row says whose it or its place is, and that is nobody of this run.

    Of whom nobody knows, nobody knows the tenant either: its conversations may be shared.
    """
    if record["stated_owner"] is not None and record["holder"] is None:
        return True
    plan, held = run.history.plan, record["stated_conversation_owner"]
    if held is None or plan.rows is None or held.lower() in plan.rows.placeholders:
        return False
    shared = any(a.scope == "tenant" and "row" in a.channels for a in plan.sharing)
    return record["holder"] is None or (record["holder"] == record["owner"] and not shared)
