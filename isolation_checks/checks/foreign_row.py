"""Whether rows belong to those whose words and facts they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks import names
from isolation_checks.checks import row_facts, row_names, visible, witness, wordless
from isolation_checks.checks.check import Found, Outcome, check, needs_private_rows
from isolation_checks.checks.foreign_canary import unplanted
from isolation_checks.loading.run import Relation, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.lattice import Verdict

STRANGE = 0.5
"""Where more of a table's rows than this have an owner who is not known, the plan is wrong
about owners rather than the platform."""
_PLACE = ("stream", "index")


@check(
    asks="Is every row theirs whose words, facts, query, conversation or credential it holds?",
    cwe=639,
    not_asked=needs_private_rows,
)
def foreign_row(run: Run) -> Outcome:
    """A row's owner is the owner of its canaries, of its query and of its conversation.

    Nor does it hold two facts of another persona, or a phrase: a summary may lose the canary
    and keep them.  That is asked here and not by foreign_facts, since it is the owner of a row
    that is wrong, and rows that hold what users said tell nothing of what answers would.  What
    accuses nobody in an answer accuses nobody in a row, and in rows that may be left from
    another run with the same personas facts are in doubt.

    Nor does it hold a credential of somebody else's; one that may be anybody's is counted among
    what could not be seen.  Names of others convict nobody: lists of members and audits hold
    them by right.

    Of every table that has owners, rows of at least two known principals must have been
    readable, or a role under row-level security would look like a clean platform.  And where
    the plan names columns with words, some word must have stood in one: what is encrypted would
    look as clean.

    Catches:  wrong_owner_row, singleton_agent, cache_without_user, side_effect_misdelivery,
              shared_identity_fallback.
    Blind to: tables that the plan does not describe, or of which it names no owner; rows that
              hold no words or facts of this run and name none of its queries and
              conversations; facts in other words, translated or encoded; opaque tokens that
              nobody knew any more when the rows were read.
    """
    reading, described = run.reading, run.history.plan.rows
    if reading is None or described is None or reading.problem is not None:
        problem = visible.problem(reading)
        return Outcome(examined=0, unit="rows", verdict=Verdict.UNKNOWN, note=problem)
    seen = run.sightings.filter((nw.col("channel") == "row") & ~nw.col("identity"))
    in_rows = seen.filter(nw.col("planted"))
    held = _held(run, in_rows)
    judgeable = held.filter(nw.col("tied"))
    strangers, strange = _strangers(run, in_rows)
    found = [*_by_words(run, in_rows), *_by_names(run, judgeable), *strangers]
    facts = row_facts.in_rows(
        run, {(f.victim, f.recipient, *place) for f in found for place in f.places}
    )
    named = row_names.in_rows(run)
    found += [*facts.found, *named.found]
    examined = count(judgeable)
    owned = [table for table in described.tables if table.names_anybody]
    doubt = strange or visible.doubt(run, owned) or unplanted(run, seen) or facts.doubt
    if not doubt and reading.left_out:
        doubt = f"only the first rows were read of {', '.join(reading.left_out)}"
    if not examined:
        doubt = doubt or "no row holds a word or a query of this run"
    unworded, mute = wordless.said(owned, judgeable, in_rows)
    doubt = doubt or unworded
    return Outcome(
        examined=examined,
        unit="rows",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if doubt and not found else None,
        note=doubt or "; ".join(filter(None, (facts.lead, named.lead))),
        blind=(
            *_nobodys(run, in_rows),
            *mute,
            *_loose(held),
            *facts.blind,
            *named.blind,
        ),
    )


def _nobodys(run: Run, in_rows: Relation) -> Iterator[str]:
    """Tables whose rows hold words of this run and cannot say whose they are."""
    described = run.history.plan.rows
    tables = described.tables if described is not None else ()
    for table in tables:
        if not table.names_anybody:
            held = count(in_rows.filter(nw.col("kind") == table.name).select(*_PLACE).unique())
            if held:
                yield (
                    f"whose {held} rows of {table.name} with words of this run are: "
                    "it names no owner"
                )


def _loose(held: Relation) -> tuple[str, ...]:
    """Rows of which no more is known than a conversation's id that tells nobody's."""
    rows = count(held.filter(~nw.col("tied") & ~nw.col("place_of").is_null()))
    said = f"whose {rows} rows are: all that ties them to this run is a conversation's number"
    return (said,) if rows else ()


def _held(run: Run, in_rows: Relation) -> Relation:
    """The rows whose holder is known, the owner or else the conversation's; and which are tied.

    A row is tied to this run by its words, its query or its conversation: accounts may be used
    again, and rows of theirs from an earlier run be read.  Each of these holds something by
    which its holder could be wrong: of a conversation whose id tells nobody's, as a mere number
    that may have been another's before, the row has to say the owner.
    """
    worded = in_rows.select(*_PLACE).unique().with_columns(nw.lit(value=True).alias("worded"))
    conversation, place_of = nw.col("conversation"), nw.col("conversation_owner")
    long = conversation.str.len_chars() >= names.SHORTEST
    tells = long & conversation.str.contains("[^0-9]")
    ours = run.conversations.select(
        "conversation",
        place_of.alias("place_of"),
        nw.when(tells).then(place_of).alias("conversation_of"),
    )
    rows = run.rows.join(worded, on=list(_PLACE), how="left").join(
        ours, on="conversation", how="left"
    )
    holder = nw.coalesce(nw.col("owner"), nw.col("conversation_owner"))
    tied = (
        ~nw.col("worded").is_null()
        | ~nw.col("asker").is_null()
        | ~nw.col("conversation_of").is_null()
        | (~nw.col("place_of").is_null() & ~nw.col("owner").is_null() & ~place_of.is_null())
    )
    whose = rows.with_columns(holder.alias("holder"), tied.alias("tied"))
    return whose.filter(~nw.col("holder").is_null())


def _strangers(run: Run, in_rows: Relation) -> tuple[list[Found], str]:
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
        in_rows.join(odd.rename({"owner": "holder"}), on=list(_PLACE), how="inner"), *_PLACE
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
        words = count(in_rows.filter(nw.col("kind") == table))
        several = len(seen.get(table, ())) >= visible.SEVERAL
        few = len(group) <= STRANGE * words
        agents = _agents(run, table, theirs)
        by_agents = [record for record in theirs if record["stated_owner"] in agents]
        theirs = [record for record in theirs if record["stated_owner"] not in agents]
        if whole and several and few:
            nameless = [record | {"principal": None} for record in theirs]
            found += [_with_words(run, alike) for alike in groups_of(nameless, "owner", "holder")]
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
            f"a row of {record['kind']} about one of {owner}'s conversations holds words that "
            "another was told"
            if holder == owner
            else f"a row of {record['kind']} that is {owner}'s stands in a conversation of nobody "
            f"known, with words that only {owner} was given"
            if record.get("holder")
            else f"a row of {record['kind']} that belongs to {holder or 'nobody known'} "
            f"holds words that only {owner} was given"
        ),
        times=len(group),
        first_s=None,
        witness=lambda: witness.in_order(
            witness.told(run, planted, record["canary"]),
            witness.asked(run, other, "recipient"),
            witness.arrived(run, record, holder, "recipient", record["canary"]),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=planted,
        recipient_query=other,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )


def _by_names(run: Run, judgeable: Relation) -> list[Found]:
    """Rows whose holder is not who asked, or not whose conversation it is.

    A conversation is whose the row says, or whose own answers named it.
    """
    holder = nw.col("holder")
    asker, stated, learned = (
        ~nw.col(name).is_null() & (nw.col(name) != holder)
        for name in ("asker", "conversation_owner", "conversation_of")
    )
    foreign = []
    tried = run.history.probed_queries  # whose words theirs hold is judged, not what they name
    asked_for = run.asked_for | {(probe.principal, probe.about) for probe in run.history.probes}
    for record in records(judgeable.filter(asker | stated | learned), *_PLACE):
        if record["query"] in tried:
            continue
        victims = [record["asker"], record["conversation_owner"]]
        # a log of who asked for it is theirs who did
        if (record["holder"], record["conversation"]) not in asked_for:
            victims.append(record["conversation_of"])
        for victim in filter(None, victims):
            if not run.ownership.may_share(victim, record["holder"], "row"):
                foreign.append(record | {"victim": victim})
                break
    return [_named(run, group) for group in groups_of(foreign, "victim", "holder", "table")]


def _named(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    victim, owner = PrincipalId(record["victim"]), PrincipalId(record["holder"])
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
