"""Whether the platform's labels tell the truth about the content beside them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_labels, unstated_labels
from isolation_checks.checks.foreign_canary import NO_WORDS
from isolation_checks.dialects.correlate import By
from isolation_checks.loading.run import Relation, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId


@check(
    asks="Do the user ids in frames agree with whose words stand beside them?",
    cwe=345,
    not_asked=needs_labels,
    unstated=unstated_labels,
)
def labels_contradict_content(run: Run) -> Outcome:
    """A frame's user id names the owner of the canaries in it, or who may share with that one.

    Where no frame has both, that of an answer does which some of its frames name.

    Catches:  label_laundering (a foreign id overwritten with the recipient's),
              singleton_agent, cache_without_user.
    Blind to: frames without a user id.
    """
    worded = run.sightings.filter((nw.col("channel") == "frame") & nw.col("planted"))
    labelled = worded.filter(~nw.col("label_owner").is_null())
    apart = count(labelled) == 0
    if apart:
        labelled = _labelled_apart(run, worded)
    mine = nw.col("owner") == nw.col("principal")
    lying = labelled.filter((nw.col("label_owner") != nw.col("owner")) & (nw.col("foreign") | mine))
    lies = [
        record
        for record in records(lying, "at_s", "stream", "index")
        if not run.ownership.may_share(record["owner"], record["label_owner"], "frame")
    ]
    groups = groups_of(lies, "owner", "label_owner", "principal")
    examined = count(labelled)
    return Outcome(
        examined=examined,
        unit="labels",
        found=tuple(_found(run, group, "an answer" if apart else "a frame") for group in groups),
        note="" if examined else _mute(run),
        unasked="" if examined else _welcomes(run),
    )


def _labelled_apart(run: Run, worded: Relation) -> Relation:
    """Canaries with the labels of other frames that name the same query or run.

    Of a platform that streams its words in frames that name nobody, and names its user where an
    answer begins or ends.  What is only placed by a conversation, or by being the only one, may
    tell of somebody who came by.
    """
    named = run.frames.filter(
        (nw.col("channel") == "frame")
        & ~nw.col("label_owner").is_null()
        & nw.col("placed_by").is_in([By.QUERY.value, By.RUN.value])
    )
    labels = named.select("query", "label_owner").unique()
    return worded.drop("label_owner").join(labels, on="query", how="inner")


def _mute(run: Run) -> str:
    """Why no label could be held against words."""
    words = (nw.col("channel") == "frame") & nw.col("planted")
    if not count(run.sightings.filter(words)):
        return NO_WORDS
    named = run.frames.filter((nw.col("channel") == "frame") & ~nw.col("label_owner").is_null())
    return _APART if count(named) else _MUTE


def _welcomes(run: Run) -> str:
    """Why answers need not carry user ids: those that came stand in what opens a session."""
    named = run.frames.filter((nw.col("channel") == "frame") & ~nw.col("label_owner").is_null())
    opens = nw.col("kind").is_in(list(run.history.plan.dialect.opens))
    return _AT_THE_DOOR if count(named) and not count(named.filter(~opens)) else ""


_AT_THE_DOOR = "user ids in answers: only what opens a session names its user"
_APART = (
    "frames name users, and none of an answer that holds a canary: where answers name nobody, "
    "leave dialect.where.user out"
)
_MUTE = "no frame with a canary in it has a user id that is known: see dialect.where.user"


def _found(run: Run, group: list[dict[str, Any]], what: str) -> Found:
    record = group[0]
    owner, label = PrincipalId(record["owner"]), PrincipalId(record["label_owner"])
    recipient = PrincipalId(record["principal"])
    planted = QueryId(record["planted_query"]) if record["planted_query"] else None
    return Found(
        kind="lying-label",
        cwe=345,
        victim=owner,
        recipient=recipient,
        channel="frame",
        sentence=f"{what} says that it is {label}'s and holds words that only {owner} was given",
        times=len(group),
        first_s=record["at_s"],
        witness=lambda: witness.in_order(
            witness.told(run, planted, record["canary"]),
            witness.arrived(run, record, recipient, "recipient", record["canary"]),
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        victim_query=planted,
        recipient_query=QueryId(record["query"]) if record["query"] else None,
    )
