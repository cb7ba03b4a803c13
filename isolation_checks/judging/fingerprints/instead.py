"""Fingerprints of what came in the place of something else."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    over,
)
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import records
from isolation_checks.records import SessionId


def written_over(scene: Scene, found: Found) -> Mechanism | None:
    """Whoever got another's frame lacks one of its own: as many came as are missing."""
    if not scene.about_others(found):
        return None
    astray, lacking, instead = scene.once(_count_instead)
    if instead < max(SEVERAL, ALMOST_ALL * astray, MOST * lacking):
        return None
    return Mechanism(
        name="a frame that was written over before it was sent",
        because=(
            f"{instead} of {astray} frames of others' queries that come once came while an answer "
            f"of the recipient's was open, and such answers lack {lacking} such events of their "
            "own: one came in the place of the other"
        ),
    )


def _count_instead(scene: Scene) -> tuple[int, int, int]:
    """How many frames went astray, how many events the answers that met them lack, and both.

    Only events count that every answer has once.  Session by session: a frame that is sent to
    one more takes nothing from whoever gets it.
    """
    promised = scene.run.history.plan.dialect
    once = set(promised.protocol) - set(promised.repeats)
    astray = [frame for frame in scene.of_others if frame["kind"] in once]
    got = Counter[SessionId](frame["session"] for frame in astray)
    asked: dict[SessionId, list[Query]] = {}
    for query in scene.run.history.queries.values():
        asked.setdefault(query.session, []).append(query)
    met = {
        query.id: query
        for frame in astray
        for query in asked.get(frame["session"], ())
        if query.sent_s <= frame["at_s"] <= over(query)  # its answer was awaited
    }
    came = scene.run.frames.filter(
        nw.col("label_query").is_in(sorted(met))
        & (nw.col("query_owner") == nw.col("principal"))
        & nw.col("kind").is_in(sorted(once))
    )
    there: dict[str, set[str]] = {}
    for each in records(came.select("label_query", "kind").unique()):
        there.setdefault(each["label_query"], set()).add(each["kind"])
    lacks = Counter[SessionId]()
    for query in met.values():
        lacks[query.session] += len(once - there.get(query.id, set()))
    return len(astray), lacks.total(), (got & lacks).total()
