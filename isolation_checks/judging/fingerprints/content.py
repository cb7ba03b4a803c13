"""Fingerprints of answers that came to the right place and held another's words."""

from __future__ import annotations

import math

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.caches import FEW
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    over,
)
from isolation_checks.loading.run import records
from isolation_checks.records import Ending

REASSEMBLED = "reassembled"
PASSED = ("foreign-canary", "stale-context", "foreign-row", "foreign-fact")
"""The kinds of findings of words that came to where they do not belong."""


def in_an_error(scene: Scene, found: Found) -> Mechanism | None:
    """The words stand in errors, plain or encoded."""
    frames = scene.frames(found)
    errors = [f for f in frames if f["ending"] is not None and f["ending"] != Ending.OK]
    if not errors or len(errors) < MOST * len(frames) or scene.about_others(found):
        return None  # an error that is another's own went astray as anything else may
    hidden = {seen["how"] for seen in scene.sightings(found)} - {"plain"}
    if hidden:
        return Mechanism(
            name="an error carries a dump of what others asked",
            because=f"the words stand in {errors[0]['kind']}, {' and '.join(sorted(hidden))}",
        )
    return Mechanism(
        name="an error carries another's context",
        because=f"{len(errors)} of {len(frames)} frames are {errors[0]['kind']}",
    )


def out_of_one_buffer(scene: Scene, found: Found) -> Mechanism | None:
    """The words show only when the pieces of a stream are put together, unlike one's own."""
    seen, joined = len(scene.all_sightings), scene.once(_count_joined)
    if not scene.sightings(found) or not joined or joined < MOST * seen:
        return None
    if scene.once(_count_answering) < MOST * len(scene.worded):
        return None  # pieces of no answer to whoever got them: they were not its own to begin with
    share, elsewhere = scene.once(_own_joined)
    if share > MOST * joined / seen or not elsewhere:
        return None  # so does everybody's own: all answers are streamed
    return Mechanism(
        name="answers stream out of one buffer",
        because=f"in {joined} of {seen} places the words are whole only when the "
        "pieces of the stream are put together",
    )


def within_one_user(scene: Scene, found: Found) -> Mechanism | None:
    """Words of one conversation in another of the same user, and nothing of anybody else's."""
    if found.victim is None or found.victim != found.recipient or not scene.own(found):
        return None
    own, times = scene.once(_count_passed)
    if own < times:
        return None  # what mixes users up mixes their conversations up as well
    before = scene.once(_count_before)
    return Mechanism(
        name="one conversation's words in another of the same user",
        because=(
            f"all {own} times the words were the recipient's own, and none was of another user's; "
            f"in {before} of {len(scene.passings)} cases the query that told them was over before "
            f"the other was asked{scene.once(_only_in)}"
        ),
    )


def shared_agent(scene: Scene, found: Found) -> Mechanism | None:
    """The recipient's own answer, with words of a query that it overlapped."""
    before = scene.once(_count_before)
    if not scene.own(found) or scene.once(_was_left):
        return None
    return Mechanism(
        name="one agent object shared by overlapping runs",
        because=(
            f"the frames are {found.recipient}'s own by their ids and hold {found.victim}'s words; "
            f"in {len(scene.passings) - before} of {len(scene.passings)} such cases the two "
            f"queries overlapped{scene.once(_only_in)}"
        ),
    )


def left_behind(scene: Scene, found: Found) -> Mechanism | None:
    """The recipient's own answer, with words of a query that was over before they came.

    Most such queries were over before the recipient asked; or it waited until they were.
    """
    if not scene.own(found) or not scene.once(_was_left):
        return None
    before, cases = scene.once(_count_before), len(scene.passings)
    overlapped, early = scene.once(_count_early)
    waited = ""
    if before <= FEW * cases:
        waited = f", and in {overlapped - early} of {overlapped} others before its words came"
    return Mechanism(
        name="state that another's run had left behind",
        because=(
            f"in {before} of {cases} cases the victim's query was over before the "
            f"recipient asked{waited}{scene.once(_only_in)}"
        ),
    )


def _count_passed(scene: Scene) -> tuple[int, int]:
    """How often words came to where they do not belong within one user, and how often at all."""
    worded = [each for each in scene.everything if each.kind in PASSED and each.recipient]
    own = sum(each.times for each in worded if each.victim == each.recipient)
    return own, sum(each.times for each in worded)


def _only_in(scene: Scene) -> str:
    """Which kind of event alone held another's words, where it was one: there is the defect."""
    kinds = {frame["kind"] for frame in scene.worded}
    return f"; of all kinds of events only {kinds.pop()} held them" if len(kinds) == 1 else ""


def _count_answering(scene: Scene) -> int:
    return sum(frame["query"] is not None for frame in scene.worded)


def _count_joined(scene: Scene) -> int:
    return sum(seen["how"].startswith(REASSEMBLED) for seen in scene.all_sightings)


def _own_joined(scene: Scene) -> tuple[float, bool]:
    """Of users' words in the answers to them, the share that shows only put together.

    And whether any come in other kinds of events than those in which others' words do so:
    where none does, pieces are all that answers are.
    """
    streamed = {s["kind"] for s in scene.all_sightings if s["how"].startswith(REASSEMBLED)}
    own = scene.run.sightings.filter(
        (nw.col("channel") == "frame")
        & ~nw.col("foreign")
        & ~nw.col("identity")
        & (nw.col("planted_query") == nw.col("query"))
    )
    counts = records(own.group_by("how", "kind").agg(nw.len().alias("n")))
    joined = sum(int(each["n"]) for each in counts if each["how"].startswith(REASSEMBLED))
    whole = sum(int(each["n"]) for each in counts)
    elsewhere = not counts or any(each["kind"] not in streamed for each in counts)
    return joined / max(1, whole), elsewhere


def _count_before(scene: Scene) -> int:
    return sum(each.before for each in scene.passings)


def _was_left(scene: Scene) -> bool:
    """Whether many victims' queries were over before the recipients', or before any word came."""
    if scene.once(_count_before) > FEW * len(scene.passings):
        return True
    overlapped, early = scene.once(_count_early)
    return overlapped >= SEVERAL and early <= (1 - ALMOST_ALL) * overlapped


def _count_early(scene: Scene) -> tuple[int, int]:
    """How many pairs of queries overlapped, and with how many words came before the one's end."""
    met = {(e.victim.id, e.recipient.id): e.victim for e in scene.passings if not e.before}
    first = dict.fromkeys(met, math.inf)
    for seen in scene.all_sightings:
        pair = seen["planted_query"], seen["query"]
        if pair in first:
            first[pair] = min(first[pair], seen["at_s"])
    return len(met), sum(at_s < over(met[pair]) for pair, at_s in first.items())
