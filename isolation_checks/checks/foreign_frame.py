"""Whether anyone received a frame of another's query, conversation or account."""

from __future__ import annotations

import functools
import operator
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_ids, unstated_ids
from isolation_checks.loading.run import CONTROL, Relation, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId

_NAMES = ("query_owner", "conversation_owner", "label_owner")
_WORDS = {
    "query_owner": "the query",
    "conversation_owner": "the conversation",
    "label_owner": "the user id",
}


@check(
    asks="Did anyone receive a frame that names another's query or conversation?",
    cwe=488,
    not_asked=needs_ids,
    unstated=unstated_ids,
)
def frame_of_anothers(run: Run) -> Outcome:
    """The ids in a frame are those of the principal who receives it.

    Ids that the recipient itself had asked for are no proof, nor is a user id in a frame
    of a kind that answers no query: platforms may announce who is there.

    Catches:  shared_socket, broadcast, refresh_swaps_identity, reply_map_collision,
              room_name_collision, and answers without any text of the user's.
    Blind to: platforms that put no ids into their frames, or the recipient's own, or count
              each user's conversations, so that several have the same.
    """
    frames = run.frames.filter(~nw.col("opcode").is_in(CONTROL))
    naming = _naming(run, frames)
    suspects = naming.filter(
        functools.reduce(
            operator.or_,
            (~nw.col(name).is_null() & (nw.col(name) != nw.col("principal")) for name in _NAMES),
        )
    )
    foreign: list[dict[str, Any]] = []
    for record in records(suspects, "at_s", "stream", "index"):
        by = _named(run, record)
        if by is not None:
            foreign.append(record | {"by": by, "owner": record[by]})
    examined = count(naming)
    return Outcome(
        examined=examined,
        unit="frames",
        found=tuple(_found(run, group) for group in groups_of(foreign, *_ALIKE)),
        note="" if examined else _MUTE,
    )


_MUTE = "no frame names a query, a conversation or a user that is known: see dialect.where"
_ALIKE = ("owner", "principal", "channel")


def _naming(run: Run, frames: Relation) -> Relation:
    """The frames that name anybody who is known, each with whom it names."""
    answering = nw.col("kind").is_in(sorted(_answering(run)))
    label = nw.when(answering & ~nw.col("kind").is_null()).then(nw.col("label_owner"))
    named = frames.with_columns(label.alias("label_owner")).join(
        run.conversations, on="conversation", how="left"
    )
    return named.filter(
        functools.reduce(operator.or_, (~nw.col(name).is_null() for name in _NAMES))
    )


def _answering(run: Run) -> frozenset[str]:
    """The kinds of frames that answer queries, by the dialect and by what was seen."""
    placed = run.frames.filter(nw.col("placed_by").is_in(("query", "run", "conversation")))
    seen = {record["kind"] for record in records(placed.select("kind").unique())}
    dialect = run.history.plan.dialect
    return frozenset(kind for kind in seen if kind) | {*dialect.protocol, *dialect.ends}


def _named(run: Run, record: dict[str, Any]) -> str | None:
    """By which of its ids a frame is another's, if it is."""
    recipient = PrincipalId(record["principal"])
    asked_for = (recipient, record["conversation"]) in run.asked_for
    for name in _NAMES[:1] if asked_for else _NAMES:
        owner = record[name]
        if owner is not None and not run.ownership.may_share(owner, recipient, record["channel"]):
            return name
    return None


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def _found(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    owner, recipient = PrincipalId(record["owner"]), PrincipalId(record["principal"])
    victim_query = run.query_named_in(record)
    return Found(
        kind="foreign-frame",
        cwe=488,
        victim=owner,
        recipient=recipient,
        channel=record["channel"],
        sentence=(
            f"{recipient} got {_article(record['kind'] or 'frame')} of {owner}'s: "
            f"{_WORDS[record['by']]} in it is {owner}'s"
        ),
        times=len(group),
        first_s=record["at_s"],
        witness=lambda: witness.in_order(
            witness.asked(run, victim_query, "victim"),
            witness.connected(run, record["session"], record["at_s"]),
            witness.arrived(run, record, recipient, "recipient"),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=victim_query,
        recipient_query=QueryId(record["query"]) if record["query"] else None,
        queries=frozenset(query for r in group if (query := run.query_named_in(r)) is not None),
    )
