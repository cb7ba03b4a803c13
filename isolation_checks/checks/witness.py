"""Moments of a witness: what was asked, what arrived, with the telling part marked.

It reads places of the history and words them; it judges nothing.
"""

from __future__ import annotations

from typing import Any, Literal

from isolation_checks.loading import pieces, words
from isolation_checks.loading.run import Run
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.verdicts.finding import Moment, Place

AROUND = 60
"""Characters shown on either side of what is marked."""
LONGEST = 240
Role = Literal["victim", "recipient", "other"]


def excerpt(text: str, canary: str | None) -> tuple[str, tuple[int, int] | None]:
    """A stretch of a text around a canary, and where in it the canary stands."""
    for word in words.everywhere(text) if canary else ():
        if word.word.upper() == canary:
            start, end = max(0, word.start - AROUND), min(len(text), word.end + AROUND)
            before = "… " if start else ""
            after = " …" if end < len(text) else ""
            shown = before + text[start:end] + after
            at = len(before) + word.start - start
            return shown, (at, at + word.end - word.start)
    return (text if len(text) <= LONGEST else text[:LONGEST] + " …"), None


def asked(run: Run, query: QueryId | None, role: Role, canary: str | None = None) -> Moment | None:
    """The moment at which a query was asked."""
    known = run.history.queries.get(query) if query else None
    if known is None:
        return None
    text, mark = excerpt(known.text, canary)
    return Moment(
        at_s=known.sent_s,
        who=known.principal,
        role=role,
        did="asked",
        text=text,
        mark=mark,
        place=Place(stream=f"history/{known.process}/queries", index=known.index),
    )


def told(run: Run, query: QueryId | None, canary: str) -> Moment | None:
    """The moment at which a canary was given away: its query, or else where it was planted.

    What probes ask, and what is seeded, is none of the run's queries.
    """
    planting = run.history.plantings.get(canary)
    moment = asked(run, query, "victim", canary)
    if moment is not None or planting is None:
        return moment
    return Moment(
        at_s=planting.at_s,
        who=planting.principal,
        role="victim",
        did="was given",
        text=canary,
        mark=(0, len(canary)),
    )


def arrived(
    run: Run, record: dict[str, Any], who: PrincipalId | None, role: Role, canary: str | None = None
) -> Moment:
    """The moment at which a frame arrived, or the row in which something stands.

    A word that came in pieces is shown as they read together; the moment is that of the last.
    """
    stream, index = record["stream"], record["index"]
    kind = record.get("kind") or record.get("table") or "a frame"
    in_row = stream.startswith("rows/")
    text, mark = excerpt(run.content(stream, index), canary)
    if mark is None and canary is not None and str(record.get("how")).startswith("reassembled"):
        count, together = pieces.of_a_word(run, record, canary) or (1, "")
        if count > 1:
            text, mark = excerpt(together, canary)
            kind = f"{count} {kind}"
    return Moment(
        at_s=record.get("at_s"),
        who=who or "nobody known",
        role=role,
        did=f"owns a row of {kind}" if in_row else f"got {kind}",
        text=text,
        mark=mark,
        place=Place(stream=stream, index=index),
    )


def connected(run: Run, session: int | None, before_s: float) -> Moment | None:
    """The moment at which a session was ready, if that was before this time."""
    known = run.history.sessions.get(session) if session is not None else None  # type: ignore[call-overload] # a SessionId is an int
    if (
        known is None
        or known.ready_s is None
        or known.ready_s > before_s
        or known.channel != "websocket"
    ):
        return None
    did = "connected" if known.resumes is None else "took its session up again"
    return Moment(at_s=known.ready_s, who=known.principal, role="recipient", did=did)


def in_order(*moments: Moment | None) -> tuple[Moment, ...]:
    """The moments there are, cause before effect; those without a time last."""
    there = [moment for moment in moments if moment is not None]
    return tuple(sorted(there, key=lambda m: (m.at_s is None, m.at_s or 0.0)))
