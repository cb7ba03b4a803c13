"""Whether an answer names another user, or carries another's credential."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks import names
from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_privacy
from isolation_checks.loading.run import CONTROL, Run, count, groups_of, records
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

_CWE = {"credential": 522, "subject": 359, "email": 359}
_SAYS = {
    "credential": "a credential of {owner}'s reached {recipient}",
    "subject": "an answer to {recipient} speaks of {owner}: it holds {owner}'s user id",
    "email": "an answer to {recipient} speaks of {owner}: it holds {owner}'s email",
}


@check(
    asks="Did an answer name another user, or any frame carry another's credential?",
    cwe=359,
    not_asked=needs_privacy,
)
def identity_of_anothers(run: Run) -> Outcome:
    """The text of an answer holds no other principal's id or email, and no frame its token.

    Only the text of events that answer queries is read for names, since platforms may
    announce who is there; a token of somebody else is out of place everywhere.

    Catches:  answers made for somebody else that name their user and hold none of the
              user's words; tokens in error frames.
    Blind to: ids shorter than 8 characters, numbers shorter than 12, mere words, and names that
              are not ids.
    """
    received = run.frames.filter(~nw.col("opcode").is_in(CONTROL))
    heard = nw.col("identity") & (nw.col("channel") != "row")
    named = records(run.sightings.filter(heard), "at_s", "stream", "index")
    groups = groups_of(named, "owner", "principal", "how")
    examined = count(received)
    return Outcome(
        examined=examined,
        unit="frames",
        found=tuple(_found(run, group) for group in groups),
        verdict=None if examined else Verdict.UNKNOWN,
        blind=_nameless(run),
    )


def _nameless(run: Run) -> tuple[str, ...]:
    """Of how many users no name is known that could not be something else."""
    everybody = run.history.principals.values()
    named = sum(any(map(names.unmistakable, (each.subject, each.email))) for each in everybody)
    said = (
        f"whether answers named {len(everybody) - named} of {len(everybody)} users: no id or "
        "address of theirs is known that could only be theirs"
    )
    return () if named == len(everybody) else (said,)


def _found(run: Run, group: list[dict[str, Any]]) -> Found:
    record = group[0]
    owner, recipient = PrincipalId(record["owner"]), PrincipalId(record["principal"])
    how = record["how"]
    query = QueryId(record["query"]) if record["query"] else None
    return Found(
        kind="foreign-credential" if how == "credential" else "foreign-identity",
        cwe=_CWE[how],
        victim=owner,
        recipient=recipient,
        channel=record["channel"],
        sentence=_SAYS[how].format(owner=owner, recipient=recipient),
        times=len(group),
        first_s=record["at_s"],
        witness=lambda: witness.in_order(
            witness.asked(run, query, "recipient"), _arrived(run, record, recipient)
        ),
        places=tuple((r["stream"], r["index"]) for r in group),
        recipient_query=query,
        queries=frozenset(QueryId(r["query"]) for r in group if r["query"]),
    )


def _arrived(run: Run, record: dict[str, Any], recipient: PrincipalId) -> Moment:
    """The frame, with the name in it marked."""
    whole = run.content(record["stream"], record["index"])
    at = max(whole.find(record["canary"]), 0)
    start = max(0, at - witness.AROUND)
    shown = whole[start : at + len(record["canary"]) + witness.AROUND]
    moment = witness.arrived(run, record, recipient, "recipient")
    mark = (at - start, at - start + len(record["canary"]))
    return Moment(
        at_s=moment.at_s,
        who=moment.who,
        role=moment.role,
        did=moment.did,
        text=shown,
        mark=mark,
        place=moment.place,
    )
