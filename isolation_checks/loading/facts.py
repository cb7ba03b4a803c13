"""Finds what is known of a persona in what others are told, and in what is stored as others'.

A fact does not authenticate itself as a canary does: somebody else may be called the same,
and London is nobody's.  So it says which facts of whom stand where, which of them say
anything at all, and leaves it to a check how many it takes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isolation_checks import scanning
from isolation_checks.loading.columns import Frame
from isolation_checks.loading.history import Fact, History
from isolation_checks.loading.ownership import Ownership
from isolation_checks.records import PrincipalId, QueryId
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
    """A fact of somebody else's in what a principal was told, or in a row of its own."""

    stream: str
    index: int
    principal: PrincipalId
    channel: str
    at_s: float | None
    """When it came; of a row when the query was over that it names, None if nobody knows."""
    kind: str | None
    query: QueryId | None
    fact: Fact


Told = tuple[Frame, str, int]
"""What somebody was told: the message, its text, and how much of that was read before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row with facts in it, and whose it is."""

    stream: str
    index: int
    table: str
    holders: tuple[PrincipalId, ...]
    """Whose it is, and whose conversation's, as far as that is known."""
    query: QueryId | None
    of_run: bool
    """Whether its facts can only be this run's: another of the same seed has the same personas."""


@dataclass(slots=True)
class Facts:
    """The facts of a run's personas, and where those of others were seen."""

    ownership: Ownership
    sightings: list[FactSighting] = field(default_factory=list)
    """In what principals were told."""
    in_rows: list[FactSighting] = field(default_factory=list)
    """In rows that are this run's."""
    in_old_rows: list[FactSighting] = field(default_factory=list)
    """In rows that may be those of another run with the same seed."""
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
        owners = [frame.principal for frame, _, _ in told]
        seen = [seen and _size(text[:seen]) for _, text, seen in told]
        apart, own = self._apart([text for _, text, _ in told], owners, seen)
        self.own += own
        for at in apart:
            frame, text, read = told[at]
            for fact in self.named(text, read):
                self.see(fact, frame)

    def others_in(
        self, texts: Sequence[str], owners: Sequence[PrincipalId | None]
    ) -> Iterator[tuple[int, list[Fact]]]:
        """Which of many texts hold facts of others than their owners, and what each names."""
        apart, _ = self._apart(texts, owners, [0] * len(texts))
        for at in apart:
            yield at, self.named(texts[at])

    def _apart(
        self, texts: Sequence[str], owners: Sequence[PrincipalId | None], seen: Sequence[int]
    ) -> tuple[list[int], int]:
        """Which texts hold facts of others than these, and how many of the rest their own's.

        `seen`: how many octets of each were read before.
        """
        hits = self._scanner.among([text.lower() for text in texts])
        own = np.array([self._numbers.get(who, -1) if who else -1 for who in owners], np.int64)
        fresh = hits.ends > np.array(seen, np.int64)[hits.texts]
        others = self._whose[hits.numbers] != own[hits.texts]
        apart = np.unique(hits.texts[fresh & others])
        found: list[int] = apart.tolist()
        return found, len(np.setdiff1d(hits.texts[fresh & ~others], apart))

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
        else:
            self._keep(
                self.sightings,
                FactSighting(
                    stream=frame.stream,
                    index=frame.index,
                    principal=frame.principal,
                    channel=frame.channel,
                    at_s=frame.at_s,
                    kind=frame.kind,
                    query=frame.query,
                    fact=fact,
                ),
            )

    def see_in_a_row(self, fact: Fact, held: Held) -> None:
        """Remember that a fact stands in a row of whom it may not be shared with."""
        share = self.ownership.may_share
        owner, asked = fact.principal, self.ownership.history.queries.get(held.query or QueryId(""))
        wrong = (who for who in held.holders if who != owner and not share(owner, who, "row"))
        recipient = next(wrong, None)
        if recipient is not None:
            self._keep(
                self.in_rows if held.of_run else self.in_old_rows,
                FactSighting(
                    stream=held.stream,
                    index=held.index,
                    principal=recipient,
                    channel="row",
                    at_s=asked.over_s if asked else None,
                    kind=held.table,
                    query=held.query,
                    fact=fact,
                ),
            )

    def _keep(self, kept: list[FactSighting], sighting: FactSighting) -> None:
        if len(kept) < MOST:
            kept.append(sighting)
        else:
            self.more += 1


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
        came = "owns a row with" if untold.channel == "row" else "was told"
        why = f"{untold.principal} {came} {untold.fact.text!r}, which nobody had given"
        return Telling(sightings=(), unexplained=tuple(strange), by_themselves=why)
    early = {each.fact.text for each in sightings if _is_early(each, told.get(each.fact))}
    return Telling(
        sightings=tuple(each for each in strange if each.fact.text not in early),
        unexplained=tuple(each for each in strange if each.fact.text in early),
    )


def _is_early(sighting: FactSighting, told_s: float | None) -> bool:
    """Whether a fact came before it was told, or nobody knows that it ever was."""
    return told_s is None or (sighting.at_s is not None and sighting.at_s < told_s)


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
