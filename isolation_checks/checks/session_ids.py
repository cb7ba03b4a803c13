"""Whether ids of sessions are one session's alone."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check, needs_privacy
from isolation_checks.loading.run import Run, count, groups_of, records
from isolation_checks.plan.model import Plan
from isolation_checks.records import PrincipalId
from isolation_checks.verdicts.lattice import Verdict


def _not_asked(plan: Plan) -> str | None:
    if not plan.dialect.where.session:
        return "ids of sessions: the dialect does not say where they stand"
    return needs_privacy(plan)


@check(
    asks="Did every principal's session get an id that nobody else's has?",
    cwe=694,
    not_asked=_not_asked,
)
def session_ids_differ(run: Run) -> Outcome:
    """No two principals' sessions are given the same id.

    Who has another's id may be sent what is the other's, or resume the other's session.  Low
    numbers that several have convict nobody: each principal's sessions may be counted.

    Catches:  same_second_ids.
    Blind to: ids that are never told to the client, and ids that can be guessed.
    """
    named = run.frames.filter(~nw.col("named_session").is_null())
    found: list[Found] = []
    counted = ""
    for group in groups_of(records(named, "named_session", "at_s", "stream", "index"), _ID):
        first = group[0]
        for record in group[1:]:
            if not run.ownership.may_share(first["principal"], record["principal"], "frame"):
                if _counts(first[_ID]):
                    counted = f"several have the session {first[_ID]}: each may count its own"
                    break
                found.append(_found(run, first, record))
                break
    examined = count(named)
    return Outcome(
        examined=examined,
        unit="sessions",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if counted and not found else None,
        note=counted
        if examined
        else "no session was told an id of its own: see dialect.where.session",
    )


_ID = "named_session"
_LOW = 6
"""Digits that a number has at least when it can be no count of one principal's sessions."""


def _counts(identity: str) -> bool:
    return identity.isdecimal() and len(identity) < _LOW


def _found(run: Run, first: dict[str, Any], record: dict[str, Any]) -> Found:
    victim, recipient = PrincipalId(first["principal"]), PrincipalId(record["principal"])
    return Found(
        kind="shared-session-id",
        cwe=694,
        victim=victim,
        recipient=recipient,
        channel="frame",
        sentence=f"{recipient}'s session got the id that {victim}'s session has",
        times=1,
        first_s=record["at_s"],
        witness=lambda: witness.in_order(
            witness.arrived(run, first, victim, "victim"),
            witness.arrived(run, record, recipient, "recipient"),
        ),
        places=((first["stream"], first["index"]), (record["stream"], record["index"])),
    )
