"""From signs to tables of a plan, each line with how sure it is and by how much it was seen.

It decides nothing for good: whoever runs it confirms every line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from isolation_checks.discovery import times
from isolation_checks.discovery.joins import SHORT, Join, Joins, Step
from isolation_checks.discovery.known import Known
from isolation_checks.discovery.sample import Sample
from isolation_checks.discovery.signs import FEWEST, Held, Signs

SURE, LIKELY = 0.95, 0.7
MANY, SEVERAL = 10, 3
COUNTED = 20
"""Answered queries from which on equal numbers of rows are no chance."""
_OWNERS = re.compile(r"(owner|user|account|principal|subject|author|actor|customer|member)(_?id)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One key of a table with its value, and why."""

    key: str
    value: str | int | tuple[str, ...]
    why: str


@dataclass(slots=True, kw_only=True)
class Proposal:
    """A table as a plan would say it."""

    sample: Sample
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: int = 0
    """In how many rows something of the run was seen."""


def proposals(samples: Sequence[Sample], known: Known, read: Sequence[Signs]) -> list[Proposal]:
    """A proposal for every table in which words, queries or conversations of the run stand."""
    joins = Joins([sample for sample in samples if not sample.keys])
    signs = {id(each.sample): each for each in read}
    owners = {id(each.sample): _own_owner(each) for each in read}
    found = [
        _Table(each, known, joins, signs, owners).proposal()
        for each in read
        if each.ours and not each.sample.problem
    ]
    return sorted((each for each in found if each.lines), key=lambda p: (-p.seen, p.sample.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """A place that says whose a row is."""

    place: str
    held: Held
    by_email: bool


def _own_owner(signs: Signs) -> _Owner | None:
    """The place of a table that names the owners of its rows, if any does."""
    rows = signs.ours or signs.named
    supposed = signs.supposed()
    candidates = []
    for by_email, places in ((False, signs.subjects), (True, signs.emails)):
        for place, held in places.items():
            covered = len(rows & held.keys())
            like = bool(_OWNERS.search(place.rpartition(".")[2].lower()))
            several = len(set(held.values())) >= FEWEST
            if 2 * covered < len(rows) or not (several or (like and _is_long(signs, place, held))):
                continue
            right = sum(held[row] in whose for row, whose in supposed.items() if row in held)
            rank = (several, covered, like, not by_email, right, -place.count("."), -len(place))
            candidates.append((rank, _Owner(place=place, held=held, by_email=by_email)))
    return max(candidates, key=lambda each: each[0])[1] if candidates else None


def _is_long(signs: Signs, place: str, held: Held) -> bool:
    """Whether what names the one principal at a place is no number that anything may have.

    A place that is called as owners are, and always holds one, may be the fault that is sought.
    """
    values = signs.sample.places[place]
    return min(len(values[row]) for row in held) >= SHORT


@dataclass(slots=True)
class _Table:
    """One table, while its lines are found."""

    signs: Signs
    known: Known
    joins: Joins
    all_signs: Mapping[int, Signs]
    owners: Mapping[int, _Owner | None]

    def proposal(self) -> Proposal:
        signs, sample = self.signs, self.signs.sample
        proposal = Proposal(sample=sample, seen=len(signs.ours))
        steps = [] if sample.keys else list(self.joins.reachable(sample))
        lines = proposal.lines
        lines += self._key()
        lines += (owner := self._owner(steps))
        lines += (conversation := self._conversation())
        if owner and not any("->" in str(line.value) for line in owner):
            lines += self._conversation_owner(steps)
        lines += (query := self._query(steps))
        lines += (words := self._words())
        lines += self._time()
        if query and not sample.keys:
            self._counted(query, proposal)
        if not words and not (owner and (conversation or query)):
            lines.clear()
        if not owner and "{owner}" not in "".join(sample.keys):
            proposal.notes.append("whose its rows are is not found: nobody is accused by them")
        if sample.hidden:
            proposal.notes.append(
                "row-level security may hide rows from this role: let one read that sees all"
            )
        return proposal

    def _key(self) -> Iterator[Line]:
        sample = self.signs.sample
        if sample.keys:
            return
        if len(sample.key) == 1:
            yield Line(key="key", value=sample.key[0], why="declared as the primary key")
            return
        for column in sample.columns:
            values = sample.places[column.name]
            if sample.rows and len(set(values.values())) == len(sample.rows):
                why = f"different in all {len(sample.rows)} rows"
                yield Line(key="key", value=column.name, why=_said(why, len(sample.rows), 1.0))
                return

    def _owner(self, steps: Sequence[Step]) -> list[Line]:
        owner = self.owners[id(self.signs.sample)]
        if "{owner}" in "".join(self.signs.sample.keys):
            return []
        if owner is not None:
            return self._owned(owner.place, owner.held, (), by_email=owner.by_email)
        for step in steps:
            there = self.owners.get(id(step.sample))
            if there is not None:
                held = {row: there.held[far] for row, far in step.rows.items() if far in there.held}
                if len(set(held.values())) >= FEWEST and 2 * len(held) >= len(self.signs.ours):
                    way = step.way + there.place
                    return self._owned(way, held, step.joins, by_email=there.by_email)
        return []

    def _owned(
        self, way: str, held: Held, joins: tuple[Join, ...], *, by_email: bool
    ) -> list[Line]:
        rows, supposed = self.signs.ours, self.signs.supposed()
        covered = len(rows & held.keys())
        told = [row for row in supposed if row in held]
        right = sum(held[row] in supposed[row] for row in told)
        named = len(set(held.values()))
        why = (
            f"{covered} of {len(rows)} rows name "
            + (f"one of {named} principals" if named > 1 else "one principal, always the same")
            + (f", {right} of {len(told)} as their words or ids do" if told else "")
            + _by(joins)
        )
        share = min(covered / len(rows), right / len(told) if told else 1.0)
        lines = [Line(key="owner", value=way, why=_said(why, covered, share))]
        if by_email:
            lines.append(Line(key="owner_is", value="email", why="that is how they are named"))
        return lines

    def _conversation(self) -> list[Line]:
        return self._by_ids("conversation", self.signs.conversations, "a conversation")

    def _by_ids(self, key: str, places: Mapping[str, Held], what: str) -> list[Line]:
        if not places or f"{{{key}}}" in "".join(self.signs.sample.keys):
            return []
        place, held = max(places.items(), key=lambda each: (len(each[1]), -each[0].count(".")))
        there = len(self.signs.sample.places[place])
        why = f"{len(held)} of {there} values are {what} of this run"
        share = len(held) / len(self.signs.ours)
        return [Line(key=key, value=place, why=_said(why, len(held), share))]

    def _conversation_owner(self, steps: Sequence[Step]) -> Iterator[Line]:
        """By way of the table whose key a conversation is, and that says whose it is."""
        for step in steps:
            there, signs = self.owners.get(id(step.sample)), self.all_signs.get(id(step.sample))
            if there is None or signs is None or there.by_email:
                continue
            if step.joins[-1].key in signs.conversations and step.rows:
                why = f"{len(step.rows)} rows lead to a conversation" + _by(step.joins)
                share = len(step.rows) / len(self.signs.sample.rows)
                way = step.way + there.place
                yield Line(
                    key="conversation_owner", value=way, why=_said(why, len(step.rows), share)
                )
                return

    def _query(self, steps: Sequence[Step]) -> list[Line]:
        own = self._by_ids("query", self.signs.queries, "a query")
        if own or "{query}" in "".join(self.signs.sample.keys):
            return own
        for step in steps:
            signs = self.all_signs.get(id(step.sample))
            for place, held in (signs.queries if signs is not None else {}).items():
                rows = [row for row, far in step.rows.items() if far in held]
                if len(rows) >= FEWEST and 2 * len(rows) >= len(self.signs.ours):
                    why = f"{len(rows)} rows lead to a query of this run" + _by(step.joins)
                    share = len(rows) / len(self.signs.ours)
                    return [
                        Line(key="query", value=step.way + place, why=_said(why, len(rows), share))
                    ]
        return []

    def _words(self) -> Iterator[Line]:
        sample, words = self.signs.sample, self.signs.words
        for key, wanted in (("text", False), ("json", True)):
            columns = tuple(column for column in words if sample.is_json(column) is wanted)
            if columns:
                seen = ", ".join(f"{column} in {len(words[column])}" for column in columns)
                why = f"words of this run: {seen} of {len(sample.rows)} rows"
                held = min(len(words[column]) for column in columns)
                yield Line(key=key, value=columns, why=_said(why, held, 1.0))

    def _time(self) -> Iterator[Line]:
        rows = self.signs.ours
        found = times.made(self.signs.sample, rows, self.known.started_s)
        if found is None or found.kind is None:
            return
        why = f"{found.number} of {len(rows)} rows are of this run's time"
        share = found.number / len(rows)
        yield Line(key="time", value=found.place, why=_said(why, found.number, share))
        yield Line(key="time_is", value=found.kind, why="that is how they are written")

    def _counted(self, query: list[Line], proposal: Proposal) -> None:
        """How many rows every answered query has left, where it is the same for all."""
        way = str(query[0].value)
        place, sample = way.rpartition(" -> ")[2], self.signs.sample
        rows: Counter[str] = Counter()
        if "->" in way:
            steps = self.joins.reachable(sample)
            step = next(step for step in steps if way == step.way + place)
            far = step.sample.places[place]
            rows.update(far[there] for there in step.rows.values() if there in far)
        else:
            rows.update(sample.places[place].values())
        numbers = {rows[query_id] for query_id in self.known.answered}
        if not sample.whole or len(numbers) != 1 or 0 in numbers:
            return
        number = numbers.pop()
        why = f"each of {len(self.known.answered)} answered queries left exactly {number}"
        if len(self.known.answered) >= COUNTED:
            line = Line(
                key="each_query", value=number, why=_said(why, len(self.known.answered), 1.0)
            )
            proposal.lines.append(line)
        else:
            proposal.notes.append(f"perhaps each_query = {number}: {why}, which are few")


def _by(joins: tuple[Join, ...]) -> str:
    guessed = [f"{join.place} = {join.table}.{join.key}" for join in joins if not join.declared]
    if not joins:
        return ""
    if not guessed:
        return "; by declared references"
    counts = min((join.matched, join.of) for join in joins if not join.declared)
    return f"; {', '.join(guessed)} by equal values, {counts[0]} of {counts[1]}"


def _said(why: str, seen: int, share: float) -> str:
    """How sure a line is, and why."""
    if share >= SURE and seen >= MANY:
        return f"sure: {why}"
    if share >= LIKELY and seen >= SEVERAL:
        return f"likely: {why}"
    return f"perhaps: {why}"


def left_out(read: Sequence[Signs], proposed: Sequence[Proposal]) -> Iterator[str]:
    """Tables that are not proposed and may be asked about, each in a line."""
    names = {proposal.sample.name for proposal in proposed}
    for signs in read:
        sample = signs.sample
        if sample.problem:
            yield f"{sample.name} could not be read: {sample.problem}"
        elif sample.hidden and sample.name not in names:
            yield (
                f"{sample.name}: row-level security may hide its rows from this role, and nothing "
                "of this run was seen; let a role read that sees all"
            )
        elif signs.named and sample.name not in names:
            places = ", ".join({**signs.subjects, **signs.emails})
            yield f"{sample.name} names principals ({places}), and no words or queries"
