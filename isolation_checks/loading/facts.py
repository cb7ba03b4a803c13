"""Finds what is known of a persona in what others are told: names, firms, streets, mottoes.

A fact does not authenticate itself as a canary does: somebody else may be called the same,
and London is nobody's.  So it says which facts of whom stand where, which of them say
anything at all, and leaves it to a check how many it takes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import ahocorasick

from isolation_checks.loading.columns import Frame
from isolation_checks.loading.history import Fact, History
from isolation_checks.loading.ownership import Ownership
from isolation_checks.records import PrincipalId, QueryId, SessionId

SHORTEST = 8
"""A fact of fewer characters stands in texts by chance."""
MOST = 100_000
"""How many sightings are kept; what is more is only counted."""
_TITLES = re.compile(r"^(?:mr|mrs|ms|miss|dr)\.? | (?:md|phd|dds|dvm|jr\.?|sr\.?|ii|iii|iv|v)$")
_BETWEEN = re.compile(r"[^\w]+")
_REGISTERED = ("name", "persona")
"""Facts that go to the platform with an account, before anything is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSighting:
    """A fact of somebody else's in what a principal was told."""

    stream: str
    index: int
    session: SessionId
    principal: PrincipalId
    channel: str
    at_s: float
    kind: str | None
    query: QueryId | None
    fact: Fact


@dataclass(slots=True)
class Facts:
    """The facts of a run's personas, and where those of others were seen."""

    ownership: Ownership
    sightings: list[FactSighting] = field(default_factory=list)
    more: int = 0
    """How many sightings were not kept."""
    own: int = 0
    """How many texts held a fact of their own recipient's: others' could have come as well."""
    _automaton: ahocorasick.Automaton = field(default_factory=ahocorasick.Automaton)

    def __post_init__(self) -> None:
        holders: dict[str, dict[PrincipalId, Fact]] = {}
        for fact in self.ownership.history.facts:
            for form in _forms(fact.text):
                holders.setdefault(form, {})[fact.principal] = fact
        for form, facts in holders.items():
            if len(facts) == 1 and len(form) >= SHORTEST:
                self._automaton.add_word(form, (len(form), *facts.values()))
        if len(self._automaton):
            self._automaton.make_automaton()

    def __bool__(self) -> bool:
        """Whether any persona is known by anything."""
        return len(self._automaton) > 0

    def named(self, text: str, seen: int = 0, own: PrincipalId | None = None) -> list[Fact]:
        """Whose facts stand in a text and end behind its first so many characters.

        Of facts that overlap the longest counts; each stands as words of its own.  Where all
        are `own` they are only counted: most texts hold no others.
        """
        text = text.lower()
        found = [
            (last + 1 - size, last + 1, fact)
            for last, (size, fact) in self._in(text)
            if last >= seen
        ]
        if all(fact.principal == own for _, _, fact in found):
            self.own += bool(found)
            return []
        if len(found) > 1:
            found.sort(key=lambda each: (each[0], -each[1]))
        kept, behind = [], 0
        for start, end, fact in found:
            if start >= behind and not _glued(text, start, end):
                kept.append(fact)
                behind = end
        return kept

    def _in(self, text: str) -> Iterator[tuple[int, tuple[int, Fact]]]:
        found: Iterator[tuple[int, tuple[int, Fact]]] = self._automaton.iter(text)
        return found

    def see(self, fact: Fact, frame: Frame) -> None:
        """Remember that a fact stands in what a principal was told, if it is another's."""
        if fact.principal == frame.principal:
            self.own += 1
        elif self.ownership.may_share(fact.principal, frame.principal, frame.channel):
            return
        elif len(self.sightings) >= MOST:
            self.more += 1
        else:
            self.sightings.append(
                FactSighting(
                    stream=frame.stream,
                    index=frame.index,
                    session=frame.session,
                    principal=frame.principal,
                    channel=frame.channel,
                    at_s=frame.at_s,
                    kind=frame.kind,
                    query=frame.query,
                    fact=fact,
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Which sightings of facts say anything, and why others do not."""

    sightings: tuple[FactSighting, ...]
    unexplained: tuple[FactSighting, ...] = ()
    """Those that came before their owner had told them, or though nobody ever had: the
    platform knows them from elsewhere."""
    by_themselves: str = ""
    """A fact that nobody had been told and that came all the same: then none says anything."""


def telling(history: History, sightings: list[FactSighting]) -> Telling:
    """The sightings of facts that only their owner can have brought up.

    A fact says nothing where the recipient gave it itself, or where anybody heard it before
    its owner told it.  Where one came that was never told, facts come by themselves; but its
    owner may have told it in a probe, of which nobody wrote the words down.
    """
    if not sightings:
        return Telling(sightings=())
    said = _given_by(history, {sighting.principal for sighting in sightings})
    strange = [
        sighting
        for sighting in sightings
        if not any(f in said[sighting.principal] for f in _forms(sighting.fact.text))
    ]
    told = _told(history, {sighting.fact for sighting in sightings})
    probed = history.askers_of_probes
    untold = next(
        (e for e in sightings if e.fact not in told and e.fact.principal not in probed), None
    )
    if untold is not None:
        why = f"{untold.principal} was told {untold.fact.text!r}, which nobody had given"
        return Telling(sightings=(), unexplained=tuple(strange), by_themselves=why)
    early = {each.fact.text for each in sightings if each.at_s < told.get(each.fact, math.inf)}
    return Telling(
        sightings=tuple(each for each in strange if each.fact.text not in early),
        unexplained=tuple(each for each in strange if each.fact.text in early),
    )


def _given_by(history: History, recipients: Collection[PrincipalId]) -> dict[PrincipalId, str]:
    """All that each of these principals gave the platform itself, in small letters."""
    given: dict[PrincipalId, list[str]] = {who: [] for who in recipients}
    for query in history.queries.values():
        if query.principal in given:
            given[query.principal].append(query.text.lower())
    for fact in history.facts:
        if fact.principal in given:
            given[fact.principal].append(fact.text.lower())
    return {who: "\n".join(texts) for who, texts in given.items()}


def _told(history: History, facts: set[Fact]) -> dict[Fact, float]:
    """When each of these facts was first given to the platform; those that never were lack."""
    of: dict[PrincipalId, list[Fact]] = {}
    told: dict[Fact, float] = {}
    for fact in facts:
        of.setdefault(fact.principal, []).append(fact)
        if fact.place in _REGISTERED:
            told[fact] = fact.at_s
    for query in history.queries.values():
        for fact in of.get(query.principal, ()):
            if fact.text in query.text:
                told[fact] = min(query.sent_s, told.get(fact, query.sent_s))
    return told


def _forms(text: str) -> set[str]:
    """In small letters: as it is, without its signs, and a name without its titles."""
    plain = text.lower()
    bare = _TITLES.sub("", _TITLES.sub("", plain))
    return {plain, bare, _BETWEEN.sub(" ", plain).strip(), _BETWEEN.sub(" ", bare).strip()}


def _glued(text: str, start: int, end: int) -> bool:
    """Whether a stretch is part of a longer word."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    return before.isalnum() or behind.isalnum()
