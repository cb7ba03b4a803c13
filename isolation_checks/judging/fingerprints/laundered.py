"""A fingerprint of frames into which a sender filled the recipient's ids."""

from __future__ import annotations

from collections import Counter
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import MOST, SOME, Mechanism, Scene, over
from isolation_checks.loading.run import records

MANY = 5000
"""Events of which it is asked whether they come behind their answers."""


def laundered(scene: Scene, found: Found) -> Mechanism | None:
    """Frames that bear the recipient's ids, at a time when it had asked for nothing."""
    if not any(_idle(scene, frame) for frame in scene.frames(found)):
        return None
    everywhere, idle = len(scene.all_frames), scene.once(_count_idle)
    if idle < SOME * everywhere:
        return None
    return Mechanism(
        name="another's frames under the recipient's ids",
        because=(
            f"{idle} of {everywhere} frames name a query of their recipient's that was "
            "over by then, and hold another's words: a sender filled in the ids"
        ),
    )


def _count_idle(scene: Scene) -> int:
    return sum(_idle(scene, frame) for frame in scene.all_frames)


def _idle(scene: Scene, frame: dict[str, Any]) -> bool:
    own = frame["query_owner"] == frame["principal"]
    late = own and _is_late(scene, frame)
    return late and frame["kind"] not in scene.once(_always_late)


def _is_late(scene: Scene, frame: dict[str, Any]) -> bool:
    query = scene.run.history.queries.get(frame["label_query"])
    return query is not None and over(query) < frame["at_s"]


def _always_late(scene: Scene) -> frozenset[str]:
    """Kinds of events that come behind the answer in any case, as a title or its cost does.

    By their place behind the event that ends it: both may come at one moment.  Those that the
    protocol promises belong into the answer.
    """
    others = scene.foreign_kinds.difference(scene.run.history.plan.dialect.protocol)
    named = scene.run.frames.filter(
        nw.col("kind").is_in(sorted(others)) & ~nw.col("label_query").is_null()
    ).select("kind", "label_query", "stream", "index", "at_s")
    looked_at = records(named, "stream", "index", limit=MANY)
    ends = scene.run.frames.filter(
        nw.col("label_query").is_in(sorted({frame["label_query"] for frame in looked_at}))
        & ~nw.col("ending").is_null()
    ).select("label_query", "stream", "index")
    ended = {(end["label_query"], end["stream"]): end["index"] for end in records(ends)}
    all_of, late = Counter[str](), Counter[str]()
    for frame in looked_at:
        end = ended.get((frame["label_query"], frame["stream"]))
        all_of[frame["kind"]] += 1
        behind = _is_late(scene, frame) if end is None else end < frame["index"]
        late[frame["kind"]] += behind
    return frozenset(kind for kind, times in all_of.items() if late[kind] > MOST * times)
