"""A fingerprint of events of tools that went astray, or said what another was given."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import ALMOST_ALL, SOME, Mechanism, Scene
from isolation_checks.loading.run import records


def tool_events(scene: Scene, found: Found) -> Mechanism | None:
    """Nothing but the events of tools held another's: they went astray, or what they say did."""
    kinds = scene.foreign_kinds
    if not kinds or not scene.frames(found) or not all("tool" in kind for kind in kinds):
        return None
    only = f"of all kinds of events only {' and '.join(sorted(kinds))} held another's"
    uneven, queries = scene.once(_uneven_tools)
    if scene.own(found) and uneven < SOME * queries:
        return Mechanism(
            name="what a tool gave one is given to another",
            because=f"{only}, and of {queries} such answers {queries - uneven} have all events "
            "of their tools, each once: none went astray",
        )
    behind, cases = scene.once(_count_behind)
    if behind < ALMOST_ALL * cases:
        return None
    return Mechanism(
        name="one dispatcher of tools, whose events follow the run that came last",
        because=only,
    )


def _count_behind(scene: Scene) -> tuple[int, int]:
    """In how many cases the recipient had asked behind the victim, of how many."""
    known = scene.run.history.queries
    asked: dict[str, list[float]] = {}
    for query in known.values():
        asked.setdefault(query.principal, []).append(query.sent_s)
    astray = [(known[f["label_query"]], f) for f in scene.of_others if f["label_query"] in known]
    behind = sum(each.recipient.sent_s > each.victim.sent_s for each in scene.passings)
    behind += sum(
        any(victim.sent_s < sent_s <= frame["at_s"] for sent_s in asked.get(frame["principal"], ()))
        for victim, frame in astray
    )
    return behind, len(scene.passings) + len(astray)


def _uneven_tools(scene: Scene) -> tuple[int, int]:
    """In how many answers a tool's events are missing or do not go in pairs, of how many.

    Only those count between which words passed, and that came to an end.
    """
    told = scene.run.history.plan.dialect.tool
    kinds = {*told.begins, *told.ends} if told is not None else scene.foreign_kinds
    meant = {q.id for each in scene.passings for q in (each.victim, each.recipient) if q.done_s}
    events = scene.run.frames.filter(
        nw.col("query").is_in(sorted(meant)) & nw.col("kind").is_in(sorted(kinds))
    )
    counts: dict[str, Counter[bool]] = {}
    for each in records(events.group_by("query", "kind").agg(nw.len().alias("n"))):
        begins = told is not None and each["kind"] in told.begins
        counts.setdefault(each["query"], Counter())[begins] += int(each["n"])
    even = sum(told is None or each[True] == each[False] for each in counts.values())
    return len(meant) - even, len(meant)
