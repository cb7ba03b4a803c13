"""Finds what is known of a persona in what others are told: names, firms, streets, mottoes.

A fact does not authenticate itself as a canary does: somebody else may be called the same,
and London is nobody's.  So it says which facts of whom stand where, which of them say
anything at all, and leaves it to a check how many it takes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isolation_checks import scanning
from isolation_checks.loading.columns import Frame
from isolation_checks.loading.history import Fact, History
from isolation_checks.loading.ownership import Ownership
from isolation_checks.records import PrincipalId, QueryId, SessionId
from isolation_checks.scanning import Scanner

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


Told = tuple[Frame, str, int]
"""What somebody was told: the message, its text, and how much of that was read before."""


@dataclass(slots=True)
class Facts:
    """The facts of a run's personas, and where those of others were seen."""

    ownership: Ownership
    sightings: list[FactSighting] = field(default_factory=list)
    more: int = 0
    """How many sightings were not kept."""
    own: int = 0
    """How many texts held a fact of their own recipient's: others' could have come as well."""
    _forms: list[bytes] = field(default_factory=list)
    _facts: list[Fact] = field(default_factory=list)
    """For every form the only fact that is written so."""
    _numbers: dict[PrincipalId, int] = field(default_factory=dict)
    _whose: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """For every form the number of its principal."""
    _scanner: Scanner = field(default_factory=lambda: Scanner(()))

    def __post_init__(self) -> None:
        holders: dict[str, dict[PrincipalId, Fact]] = {}
        for fact in self.ownership.history.facts:
            for form in _forms(fact.text):
                holders.setdefault(form, {})[fact.principal] = fact
        for form, facts in holders.items():
            if len(facts) == 1 and len(form) >= SHORTEST:
                self._forms.append(scanning.octets(form))
                self._facts += facts.values()
        for fact in self._facts:
            self._numbers.setdefault(fact.principal, len(self._numbers))
        self._whose = np.array([self._numbers[f.principal] for f in self._facts], dtype=np.int64)
        self._scanner = Scanner([scanning.word(form) for form in self._forms])

    def __bool__(self) -> bool:
        """Whether any persona is known by anything."""
        return bool(self._forms)

    def look(self, told: Sequence[Told]) -> None:
        """Note which facts of others were told in many messages.

        Most texts hold none, or none but their own recipient's, which are only counted: those
        are told apart all at once, and only the others are looked at one by one.
        """
        hits = self._scanner.among([text.lower() for _, text, _ in told])
        own = np.array([self._numbers.get(frame.principal, -1) for frame, _, _ in told], np.int64)
        seen = np.array([seen and _size(text[:seen]) for _, text, seen in told], np.int64)
        fresh = hits.ends > seen[hits.texts]
        others = self._whose[hits.numbers] != own[hits.texts]
        apart = np.unique(hits.texts[fresh & others])
        self.own += len(np.setdiff1d(hits.texts[fresh & ~others], apart))
        for at in apart.tolist():
            frame, text, read = told[at]
            for fact in self.named(text, read):
                self.see(fact, frame)

    def named(self, text: str, seen: int = 0) -> list[Fact]:
        """Whose facts stand in a text and end behind its first so many characters.

        Of facts that overlap the longest counts; each stands as words of its own.
        """
        octets, before = scanning.octets(text.lower()), _size(text[:seen])
        found = [
            (end - len(self._forms[number]), end, self._facts[number])
            for number, end in self._scanner.hits(octets)
            if end > before
        ]
        found.sort(key=lambda each: (each[0], -each[1]))
        kept, behind = [], 0
        for start, end, fact in found:
            if start >= behind and not _glued(octets, start, end):
                kept.append(fact)
                behind = end
        return kept

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


def _glued(text: bytes, start: int, end: int) -> bool:
    """Whether a stretch is part of a longer word."""
    return any(map(str.isalnum, scanning.around(text, start, end)))


def _size(text: str) -> int:
    """How many octets of a text in small letters its beginning takes."""
    return len(text) if text.isascii() else len(scanning.octets(text.lower()))
