"""Fingerprints of what the kind of a finding tells: lost, doubled, late, stored otherwise."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.checks.recalled import recalls_of
from isolation_checks.judging.fingerprints.scene import LOOKED_AT, SEVERAL, Mechanism, Scene
from isolation_checks.loading.run import Run, records


def lost_or_late(scene: Scene, found: Found) -> Mechanism | None:
    """What is lost, doubled or late, by its kind and by what the rows say of it."""
    stored = _completed_in_rows(scene.run, found) if found.kind == "no-end" else None
    said = DELIVERY.get((found.kind, stored)) or DELIVERY.get((found.kind, None))
    return Mechanism(name=said[0], because=said[1]) if said else None


def known_nowhere_else(scene: Scene, found: Found) -> Mechanism | None:
    """No other session at all knew what one had been told: not even by luck."""
    if found.kind != "forgotten-elsewhere":
        return None
    elsewhere, known = scene.once(_recalled_elsewhere)
    if known or elsewhere < 2 * SEVERAL:
        return None
    return Mechanism(
        name="kept only where it was told",
        because=f"none of {elsewhere} recalls in another session held what had been told: it is "
        "kept with the session, or by one of many processes",
    )


def _recalled_elsewhere(scene: Scene) -> tuple[int, int]:
    """How many recalls there were in another session, and how many of them held it."""
    held = [recall.held for recall in recalls_of(scene.run) if recall.elsewhere]
    return len(held), sum(held)


def _completed_in_rows(run: Run, found: Found) -> bool | None:
    own = nw.col("query").is_in(sorted(found.queries)[:LOOKED_AT]) & ~nw.col("finished").is_null()
    rows = records(run.rows.filter(own))
    return all(row["finished"] for row in rows) if rows else None


DELIVERY: dict[tuple[str, bool | None], tuple[str, str]] = {
    ("shared-session-id", None): (
        "an id that is given twice",
        "two sessions of different users had the same one",
    ),
    ("no-answer", None): ("accepted and never handled", "not even a first event came"),
    ("no-end", True): ("the last event is lost", "the rows say that the run is over"),
    ("no-end", False): (
        "the agent died without a word",
        "events stopped, and the rows say that the run goes on",
    ),
    ("late-end", None): (
        "an answer that waited for something",
        "its end came, and only when its time was up",
    ),
    ("lost-row", None): ("answered, never stored", "the answer came whole and its row is missing"),
    ("lost-memory", None): (
        "kept in one process's memory",
        "it was to be remembered, and no row holds it",
    ),
    ("forgotten-elsewhere", None): (
        "kept in one process's memory",
        "it was to be remembered, and another session did not know it",
    ),
    ("duplicated-row", None): (
        "written twice",
        "a retry without idempotency leaves rows like these",
    ),
    ("placeholder-owner", None): (
        "a path without the user's identity",
        "the row's owner is a placeholder",
    ),
    ("half-answer", None): (
        "a commit where a rollback belongs",
        "the query failed and the rows of its answer are there",
    ),
    ("half-written", None): (
        "a commit without its end",
        "the operation is over and the row says it goes on",
    ),
    ("reordered-event", None): ("several senders without an order", "events overtook one another"),
    ("duplicated-event", None): (
        "sent again, or by two emitters",
        "the same event came more than once",
    ),
    ("event-after-end", None): ("several senders without an order", "an event came after the end"),
}
