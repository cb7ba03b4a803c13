"""Fingerprints of answers that came to the right place and held another's words."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    MOST,
    Mechanism,
    Passing,
    Scene,
    over,
)
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run
from isolation_checks.records import Ending, PrincipalId

ALIKE = 24
"""Letters that two questions have in common at their beginning when only that was compared."""
TELLING, NOTABLE = 3.0, 0.2
"""A share is telling when it is so many times the usual one, and no smaller than this."""
FEW = 0.25
"""A share that is put down to what else goes on."""
REASSEMBLED = "reassembled"


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
    """The words show only when the pieces of a stream are put together."""
    seen, joined = len(scene.all_sightings), scene.once(_count_joined)
    if not scene.sightings(found) or not joined or joined < MOST * seen:
        return None
    return Mechanism(
        name="answers stream out of one buffer",
        because=f"in {joined} of {seen} places the words are whole only when the "
        "pieces of the stream are put together",
    )


def left_on_a_connection(scene: Scene, found: Found) -> Mechanism | None:
    """Whose words went astray had mostly left before the answer came: off by one."""
    of_victims, of_all = scene.once(_shares_cut_off)
    if not scene.own(found) or not 0 < of_all * TELLING <= of_victims or of_victims < NOTABLE:
        return None
    return Mechanism(
        name="a reply left on a connection for whoever borrows it next",
        because=(
            f"{of_victims:.0%} of the queries whose words reached others had been cut off, "
            f"where {of_all:.0%} of all were: their answers met whoever came behind them"
        ),
    )


def same_question(scene: Scene, found: Found) -> Mechanism | None:
    """Answers that were there already: their questions had been answered before, or came fast."""
    same = scene.once(_asked_before)
    if not scene.own(found) or len(same) < MOST * len(scene.passings):
        return None
    first = same[0].recipient
    return Mechanism(
        name="a cache of answers without the user in its key",
        because=(
            f"in {len(same)} of {len(scene.passings)} places the recipient had asked word for "
            f"word what the victim had asked before{_took(first)}"
        ),
    )


def same_beginning(scene: Scene, found: Found) -> Mechanism | None:
    """Fast answers to questions that begin as the victim's did."""
    hits = scene.once(_begun_alike)
    if not scene.own(found) or not hits or len(hits) < MOST * len(scene.passings):
        return None
    return Mechanism(
        name="a cache whose key is cut short",
        because=(
            f"in {len(hits)} of {len(scene.passings)} places the recipient's question began as the "
            f"victim's did, for {min(hits)} letters and more, and was answered fast"
        ),
    )


def shared_agent(scene: Scene, found: Found) -> Mechanism | None:
    """The recipient's own answer, with words of a query that it overlapped."""
    before = scene.once(_count_before)
    if not scene.own(found) or before > FEW * len(scene.passings):
        return None
    return Mechanism(
        name="one agent object shared by overlapping runs",
        because=(
            f"the frames are {found.recipient}'s own by their ids and hold {found.victim}'s words; "
            f"in {len(scene.passings) - before} of {len(scene.passings)} such cases the two "
            "queries overlapped"
        ),
    )


def left_behind(scene: Scene, found: Found) -> Mechanism | None:
    """The recipient's own answer, with words of a query that was over before it was asked."""
    before = scene.once(_count_before)
    if not scene.own(found) or before <= FEW * len(scene.passings):
        return None
    return Mechanism(
        name="state that another's run had left behind",
        because=(
            f"in {before} of {len(scene.passings)} cases the victim's query was over before the "
            "recipient asked"
        ),
    )


def _count_joined(scene: Scene) -> int:
    return sum(seen["how"].startswith(REASSEMBLED) for seen in scene.all_sightings)


def _count_before(scene: Scene) -> int:
    return sum(each.before for each in scene.passings)


def _shares_cut_off(scene: Scene) -> tuple[float, float]:
    """Of the queries whose words reached others, and of all."""
    victims = {each.victim.id: each.victim for each in scene.passings}.values()
    return _cut_off(victims), _cut_off(scene.run.history.queries.values())


def _asked_before(scene: Scene) -> list[Passing]:
    asked = _asked(scene.run)
    return [each for each in scene.passings if _was_there(scene, asked, each)]


def _begun_alike(scene: Scene) -> list[int]:
    """Letters that questions had in common whose answers came fast."""
    alike = [
        _common(each.victim.text, each.recipient.text)
        for each in scene.passings
        if scene.answered_fast(each.recipient)
    ]
    return [letters for letters in alike if letters >= ALIKE]


def _cut_off(queries: Collection[Query]) -> float:
    """The share of queries that did not end ok."""
    cut = sum(query.ending is not Ending.OK for query in queries)
    return cut / len(queries) if queries else 0.0


def _asked(run: Run) -> dict[tuple[PrincipalId, str], list[Query]]:
    """Queries by who asked and in which words."""
    asked: dict[tuple[PrincipalId, str], list[Query]] = {}
    for query in run.history.queries.values():
        asked.setdefault((query.principal, query.text), []).append(query)
    return asked


def _was_there(
    scene: Scene, asked: Mapping[tuple[PrincipalId, str], list[Query]], passing: Passing
) -> bool:
    """Whether the victim had asked the same, and been answered, or this answer came fast."""
    own = passing.recipient
    same = [q for q in asked.get((passing.victim.principal, own.text), ()) if q.sent_s < over(own)]
    answered = any(query.done_s is not None and query.done_s <= own.sent_s for query in same)
    return answered or bool(same and scene.answered_fast(own))


def _common(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning, whatever their case."""
    pairs = zip(one.casefold(), other.casefold(), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _took(query: Query) -> str:
    if query.done_s is None:
        return ""
    return f", and was answered in {(query.done_s - query.sent_s) * 1000:.0f} ms"
