"""Fingerprints of things that are found by a key which does not tell whose they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.scene import (
    ALMOST_ALL,
    MOST,
    SEVERAL,
    Mechanism,
    Scene,
    in_common,
    of_another,
    owner_of,
)
from isolation_checks.records import ConversationLabel, PrincipalId, QueryId

ALIKE = 24
"""Letters that two questions have in common at their beginning when only that was compared."""
TWO = 2
"""So many cases are no coincidence where few queries could have met so."""
SEEDED = "document"
"""The place of words that were put into the platform's store, and asked in no question."""
BEGINNING, LEAST = 8, 4
"""Letters of a name that platforms cut ids to, and the fewest."""
CALLED = {"emails": "email", "user ids": "subject"}
"""What users are called by, as it is told and as a principal has it."""
RARE = 0.1
"""The share of all pairs of users who may be called alike, where that is to say anything."""
_LACKING = ("missing-event", "no-answer", "no-end")


def names_alike(scene: Scene, found: Found) -> Mechanism | None:
    """Frames went astray only between users whose ids or emails begin alike."""
    if not scene.about_others(found):
        return None
    told = scene.once(_astray_alike)
    if told is None:
        return None
    field, letters, alike = told
    return Mechanism(
        name="a group named after the beginning of an id",
        because=(
            f"in {alike} of {len(scene.of_others)} cases the {field} of the two begin with the "
            f"same {letters} letters, whatever their case"
        ),
    )


def begins_alone(scene: Scene, found: Found) -> Mechanism | None:
    """Frames went astray only to users whose whole id is what the victim's begins with."""
    if not scene.about_others(found):
        return None
    told = scene.once(_astray_to_beginnings)
    if told is None:
        return None
    field, pairs, alike = told
    return Mechanism(
        name="a subscription that takes the beginning of an id for the whole",
        because=(
            f"in {alike} of {len(scene.of_others)} cases, between {pairs} pairs of users, the "
            f"{field} of the one who got it is what the other's begins with"
        ),
    )


def one_id(scene: Scene, found: Found) -> Mechanism | None:
    """Frames went astray only between those who had asked under one id."""
    asked = scene.once(asked_under)
    if not any(frame["label_query"] in asked for frame in scene.frames(found)):
        return None
    astray, between = scene.once(_between_namesakes)
    if not between or between < ALMOST_ALL * astray:
        return None
    return Mechanism(
        name="a reply finds its session by the client's id alone",
        because=(
            f"in {between} of {astray} cases the id in the frame was one that both had asked under"
        ),
    )


def one_id_in_answers(scene: Scene, found: Found) -> Mechanism | None:
    """Words passed only between two who had asked under one id."""
    same, cases = scene.once(_count_under_one_id), len(scene.passings)
    if not scene.own(found) or same < max(TWO, ALMOST_ALL * cases):
        return None
    return Mechanism(
        name="a reply finds its session by the client's id alone",
        because=f"in {same} of {cases} cases the two had asked under one id, and the "
        "answer to the one came to the other",
    )


def cut_short(scene: Scene, found: Found) -> Mechanism | None:
    """Answers passed between users called alike, and not where others asked the same."""
    told, apart = scene.once(_passed_alike), scene.once(_count_apart)
    if told is None or apart < SEVERAL or not scene.own(found) or not scene.once(_were_there):
        return None
    field, letters, alike = told
    if not _alike(scene, found, field, letters):
        return None  # that others are called alike says nothing of these two
    return Mechanism(
        name="a cache whose key is cut short",
        because=(
            f"in {alike} of {len(scene.passings)} cases the {field} of the two begin with the same "
            f"{letters} letters, and most such answers were there already; {apart} answers to what "
            "others, who are called otherwise, had asked word for word held nothing of theirs"
        ),
    )


def searched_for(scene: Scene, found: Found) -> Mechanism | None:
    """The words had been put into a store, by somebody who told them in no question."""
    seen, stored = scene.once(_count_stored)
    if not stored or stored < seen:
        return None
    if found.victim is None or found.victim in scene.once(_askers):
        return None
    return Mechanism(
        name="a search that does not ask whose documents they are",
        because=(
            f"in all {seen} cases another's words were such as it had put into the "
            "platform's store, and told in no question"
        ),
    )


def unknown_yet(scene: Scene, found: Found) -> Mechanism | None:
    """Answers lack events where they begin a conversation, and nowhere else."""
    if found.kind not in _LACKING:
        return None
    lacking, first, later, whole = scene.once(_count_openings)
    if first < max(SEVERAL, ALMOST_ALL * lacking) or later < SEVERAL or whole > MOST * first:
        return None
    return Mechanism(
        name="events follow the conversation's id, which is known to no session yet",
        because=(
            f"{first} of {lacking} answers that lack events began a conversation, and of {later} "
            f"answers to what followed {lacking - first} lack any"
        ),
    )


def _count_under_one_id(scene: Scene) -> int:
    pairs = ((each.victim, each.recipient) for each in scene.passings)
    return sum(
        one is not other and (one.named or one.id) == (other.named or other.id)
        for one, other in pairs
    )


def _astray_alike(scene: Scene) -> tuple[str, int, int] | None:
    return _begin_alike(scene, [(owner_of(f), f["principal"]) for f in scene.of_others])


def _astray_to_beginnings(scene: Scene) -> tuple[str, int, int] | None:
    """Which names of recipients are the beginning of victims', between how many, how often.

    Where many names begin another it says nothing.
    """
    known = scene.run.history.principals
    for field, said in (("user id", "subject"), ("email", "email")):
        names = {each.id: getattr(each, said) or "" for each in known.values()}
        cases = [
            (owner, PrincipalId(frame["principal"]))
            for frame in scene.of_others
            if (owner := PrincipalId(owner_of(frame) or "")) in names
            and 0 < len(names[frame["principal"]]) < len(names[owner])
            and names[owner].startswith(names[frame["principal"]])
        ]
        pairs = len(set(cases))
        if pairs < SEVERAL or len(cases) < ALMOST_ALL * len(scene.of_others):
            continue
        whole = sorted(filter(None, names.values()))
        begun = sum(o.startswith(one) for one in whole for o in whole) - len(whole)
        if begun <= RARE * len(whole) ** 2:
            return field, pairs, len(cases)
    return None


def _passed_alike(scene: Scene) -> tuple[str, int, int] | None:
    pairs = [(each.victim.principal, each.recipient.principal) for each in scene.passings]
    return _begin_alike(scene, pairs)


def _begin_alike(
    scene: Scene, those: Sequence[tuple[str | None, str]]
) -> tuple[str, int, int] | None:
    """Which names of victims and recipients begin alike, by how many letters, and how often.

    Where many others' names begin alike as well it says nothing: all ids may begin so.
    """
    if not those:
        return None
    for field in CALLED:
        names = _names(scene, field)
        pairs = [(names.get(one or "", ""), names.get(other, "")) for one, other in those]
        common = sorted((in_common(*pair) for pair in pairs), reverse=True)
        letters = min(BEGINNING, common[math.ceil(ALMOST_ALL * len(common)) - 1])
        begins = Counter(name[:letters] for name in names.values())
        others = sum(n * (n - 1) for n in begins.values()) - 2 * len({*map(frozenset, pairs)})
        if letters >= LEAST and others <= RARE * len(names) ** 2:
            return field, letters, sum(n >= letters for n in common)
    return None


def _names(scene: Scene, field: str) -> dict[str, str]:
    """What users are called, by who they are."""
    known = scene.run.history.principals.values()
    return {each.id: (getattr(each, CALLED[field]) or "").casefold() for each in known}


def _alike(scene: Scene, found: Found, field: str, letters: int) -> bool:
    """Whether the two of a finding are called by names that begin with so many same letters."""
    names = _names(scene, field)
    one, other = names.get(found.victim or "", ""), names.get(found.recipient or "", "")
    return in_common(one, other) >= letters


def asked_under(scene: Scene) -> dict[str, frozenset[PrincipalId]]:
    """The ids that the platform was given by several, and by whom."""
    asked: dict[str, set[PrincipalId]] = {}
    for query in scene.run.history.queries.values():
        asked.setdefault(query.named or query.id, set()).add(query.principal)
    return {name: frozenset(who) for name, who in asked.items() if len(who) > 1}


def _between_namesakes(scene: Scene) -> tuple[int, int]:
    """Of so many frames of others, those that name an id which their recipient had used, too."""
    asked = scene.once(asked_under)
    astray = [frame for frame in scene.all_frames if of_another(frame)]
    return len(astray), sum(f["principal"] in asked.get(f["label_query"], ()) for f in astray)


def _count_stored(scene: Scene) -> tuple[int, int]:
    """Of so many sightings, those of words that their owner had only put into a store."""
    askers, plantings = scene.once(_askers), scene.run.history.plantings
    planted = [plantings.get(seen["canary"]) for seen in scene.all_sightings]
    stored = [p for p in planted if p and p.place == SEEDED and p.principal not in askers]
    return len(planted), len(stored)


def _askers(scene: Scene) -> frozenset[PrincipalId]:
    return frozenset(query.principal for query in scene.run.history.queries.values())


def _count_openings(scene: Scene) -> tuple[int, int, int, int]:
    """How many answers lack events, how many of them began a conversation, and two of all.

    These are the answers to what followed in a conversation, and those that began one and
    lack none.
    """
    history = scene.run.history
    opened: dict[tuple[PrincipalId, ConversationLabel], QueryId] = {}
    for query in sorted(history.queries.values(), key=lambda query: query.sent_s):
        opened.setdefault((query.principal, query.conversation), query.id)
    lacking = {query for f in scene.everything if f.kind in _LACKING for query in f.queries}
    answered = {query.id for query in history.queries.values() if query.done_s is not None}
    first = frozenset(opened.values())
    return (
        len(lacking),
        len(lacking & first),
        len((answered | lacking) - first),
        len((answered & first) - lacking),
    )


def _were_there(scene: Scene) -> bool:
    """Whether most answers with another's words came fast, to a question that began as theirs."""
    hits = sum(
        in_common(each.victim.text, each.recipient.text) >= ALIKE
        and scene.answered_fast(each.recipient)
        for each in scene.passings
    )
    return hits >= MOST * len(scene.passings)


def _count_apart(scene: Scene) -> int:
    """Answers to what somebody called otherwise had asked before, and without its words."""
    told = scene.once(_passed_alike)
    letters = told[1] if told else BEGINNING
    called = {p.id: (p.email or "").casefold() for p in scene.run.history.principals.values()}
    passed = {each.recipient.id for each in scene.passings}
    asked: dict[str, set[PrincipalId]] = {}
    apart = 0
    for query in sorted(scene.run.history.queries.values(), key=lambda query: query.sent_s):
        others = asked.setdefault(query.text, set()) - {query.principal}
        own = called.get(query.principal, "")[:letters]
        if query.echoed and query.id not in passed:
            apart += any(called.get(other, "")[:letters] != own for other in others)
        asked[query.text].add(query.principal)
    return apart
