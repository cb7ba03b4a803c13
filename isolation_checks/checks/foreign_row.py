"""Whether rows belong to those whose words and facts they hold."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals.stable.v2 as nw

from isolation_checks import names
from isolation_checks.checks import (
    row_facts,
    row_holders,
    row_names,
    row_strangers,
    visible,
    wordless,
)
from isolation_checks.checks.check import Found, Outcome, check, needs_private_rows
from isolation_checks.checks.foreign_canary import unplanted
from isolation_checks.loading.run import Relation, Run, count, groups_of, records
from isolation_checks.verdicts.lattice import Verdict

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
    strangers, strange = row_strangers.in_rows(run, in_rows)
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


def _by_words(run: Run, in_rows: Relation) -> list[Found]:
    """Rows with words of somebody else than their owner."""
    foreign = records(in_rows.filter(nw.col("foreign")), "stream", "index")
    keys = ("owner", "principal", "kind")
    return [row_holders.with_words(run, group) for group in groups_of(foreign, *keys)]


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
    return [
        row_holders.named(run, group) for group in groups_of(foreign, "victim", "holder", "table")
    ]
