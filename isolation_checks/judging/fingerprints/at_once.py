"""Fingerprints of what is looked up or made for several at once, and given to the wrong ones."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.dialects.correlate import By
from isolation_checks.judging.fingerprints.caches import FEW
from isolation_checks.judging.fingerprints.scene import (
    LOOKED_AT_IN_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    telling,
)
from isolation_checks.loading.run import records

AT_ONE_MOMENT = 0.002
"""Seconds between what is sent to two by one and the same step of a program; two steps that
only meet now and then lie further apart."""


def given_out(scene: Scene, found: Found) -> Mechanism | None:
    """What another had told before comes when both ask at once, each in its own conversation.

    More often than others ask so near the recipient, and ahead of it as well as behind; of
    state that was left behind it would be all the same whether its owner asks again, and what
    waits on a connection is for whoever comes next.
    """
    cases, ahead, behind, usual = scene.once(_count_met)
    met = ahead + behind
    if not scene.own(found) or cases < MOST * len(scene.passings):
        return None
    if met < max(SEVERAL, telling(usual) * cases) or min(ahead, behind) < FEW * met:
        return None
    near_ms = FEW * scene.usual_s * 1000
    return Mechanism(
        name="a reply that was given to somebody else who waited for one",
        because=(
            f"in {met} of {cases} cases the words had been told before, in a conversation in which "
            f"the victim asked again within {near_ms:.0f} ms of the recipient, where "
            f"{usual:.0%} of all others asked so near: what is looked up for several at once is "
            "given to the wrong ones"
        ),
    )


def _count_met(scene: Scene) -> tuple[int, int, int, float]:
    """Cases of words that were told before; in how many the victim asked again just then.

    Ahead of the recipient, and behind; and the mean share of those who have nothing to do with
    it and asked as near.
    """
    near_s = FEW * scene.usual_s
    talks: dict[object, list[float]] = {}
    asked: dict[object, list[float]] = {}
    for query in sorted(scene.run.history.queries.values(), key=lambda query: query.sent_s):
        talks.setdefault((query.principal, query.conversation), []).append(query.sent_s)
        asked.setdefault(query.principal, []).append(query.sent_s)

    def within(times: list[float], from_s: float, to_s: float) -> bool:
        return bisect_left(times, from_s) < bisect_right(times, to_s)

    before = [each for each in scene.passings if each.before]
    ahead = behind = 0
    usual = 0.0
    for each in before:
        victim, at_s = each.victim, each.recipient.sent_s
        again = [s for s in talks[victim.principal, victim.conversation] if s > victim.sent_s]
        if within(again, at_s - near_s, at_s):
            ahead += 1
        else:
            behind += within(again, at_s, at_s + near_s)
        others = [
            times
            for who, times in asked.items()
            if who not in {victim.principal, each.recipient.principal}
        ]
        near = sum(within(times, at_s - near_s, at_s + near_s) for times in others)
        usual += near / max(1, len(others))
    return len(before), ahead, behind, usual / max(1, len(before))


def shared_result(scene: Scene, found: Found) -> Mechanism | None:
    """Words under the recipient's own ids, that their owner got at the very same moment, too."""
    if not scene.own(found) or found.channel != "frame":
        return None
    cases, together = scene.once(_count_together)
    if together < max(SEVERAL, MOST * cases):
        return None
    return Mechanism(
        name="one result is given to all who wait for the like",
        because=(
            f"in {together} of {cases} cases the same words came in an event of the same kind to "
            f"their owner and to the recipient within {AT_ONE_MOMENT * 1000:.0f} ms, to each "
            "under its own ids: what was made once is handed to whoever asked meanwhile"
        ),
    )


def _count_together(scene: Scene) -> tuple[int, int]:
    """How many frames of recipients' own hold others' words, and how many came to both at once.

    Only where both say the same: what is overwritten while it is sent holds something of either.
    """
    by_id = {By.QUERY.value, By.RUN.value}
    own = {(f["stream"], f["index"]) for f in scene.worded if f["placed_by"] in by_id}
    cases = scene.all_sightings[:LOOKED_AT_IN_ALL]
    wanted = sorted({seen["canary"] for seen in cases})
    owners_own = scene.run.sightings.filter(
        nw.col("canary").is_in(wanted)
        & (nw.col("owner") == nw.col("principal"))
        & (nw.col("channel") == "frame")
    ).select("canary", "kind", "at_s", "stream", "index")
    told: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for each in records(owners_own, "stream", "index"):
        told.setdefault((each["canary"], each["kind"]), []).append(each)
    together = sum(
        any(
            abs(each["at_s"] - seen["at_s"]) <= AT_ONE_MOMENT
            and _said(scene, each) == _said(scene, seen)
            for each in told.get((seen["canary"], seen["kind"]), ())
        )
        for seen in cases
        if (seen["stream"], seen["index"]) in own
    )
    return len(cases), together


def _said(scene: Scene, seen: dict[str, Any]) -> str:
    """The text that holds a word in a frame: its string in JSON, without the ids beside it."""
    content = scene.run.content(seen["stream"], seen["index"])
    around = re.search(rf'(?:[^"\\]|\\.)*{re.escape(seen["canary"])}(?:[^"\\]|\\.)*', content)
    return around[0] if around else content
