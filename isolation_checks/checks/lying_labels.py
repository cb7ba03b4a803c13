"""Whether the platform's labels tell the truth about the content beside them."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_labels, unstated_labels
from isolation_checks.checks.foreign_canary import NO_WORDS
from isolation_checks.loading.run import Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId


@check(
    asks="Do the user ids in frames agree with whose words stand beside them?",
    cwe=345,
    not_asked=needs_labels,
    unstated=unstated_labels,
)
def labels_contradict_content(run: Run) -> Outcome:
    """A frame's user id names the owner of the canaries in it, or who may share with that one.

    Catches:  label_laundering (a foreign id overwritten with the recipient's),
              singleton_agent, cache_without_user.
    Blind to: frames without a user id.
    """
    labelled = run.sightings.filter(
        (nw.col("channel") == "frame") & nw.col("planted") & ~nw.col("label_owner").is_null()
    )
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
        found=tuple(_found(run, group) for group in groups),
        note="" if examined else _mute(run),
    )


def _mute(run: Run) -> str:
    """Why no label could be held against words."""
    words = (nw.col("channel") == "frame") & nw.col("planted")
    if not count(run.sightings.filter(words)):
        return NO_WORDS
    named = run.frames.filter((nw.col("channel") == "frame") & ~nw.col("label_owner").is_null())
    return _APART if count(named) else _MUTE


_APART = (
    "frames name users, and none that names one holds a canary: where answers name nobody, "
    "leave dialect.where.user out"
)
_MUTE = "no frame with a canary in it has a user id that is known: see dialect.where.user"


def _found(run: Run, group: list[dict[str, Any]]) -> Found:
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
        sentence=f"a frame says that it is {label}'s and holds words that only {owner} was given",
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
