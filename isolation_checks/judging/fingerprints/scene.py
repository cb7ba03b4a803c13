"""A run and everything that was found in it, seen together; what fingerprints ask it."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from isolation_checks.checks.check import Found
from isolation_checks.judging.fingerprints.newest import Newest, Place, newest_of
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.records import QueryId

UNKNOWN = "unknown"
LOOKED_AT, LOOKED_AT_IN_ALL = 20, 500
"""Frames that are looked at, of one finding and of all together."""
MOST = 0.5
SOME = 0.1
"""The share of all at which a pattern is taken to be one."""
BEYOND = 1.3
"""So many times what is usual is no coincidence."""
SEVERAL = 3
"""So many are no coincidence."""
KEPT = "remember"
"""The kind of queries whose words the platform is to keep, and to give again."""
ALMOST_ALL = 0.9
"""What is no more than a few exceptions from all."""
SAME_SECONDS = 1.0
"""Events of one query, or with the same words, that come so near each other were sent at once."""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A mechanism and why it looks like it."""

    name: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Words of one query in the answer to another: how the two lay to each other."""

    victim: Query
    recipient: Query

    @property
    def before(self) -> bool:
        """The victim's query was over before the recipient asked."""
        return over(self.victim) < self.recipient.sent_s


@dataclass(slots=True)
class Scene:
    """A run and everything that was found in it, seen together.

    A mechanism that shows in many findings is recognised better in all than in each.
    """

    run: Run
    everything: Sequence[Found]
    newest: Newest = field(default_factory=Newest)
    """How many frames of others' queries went to the session that had connected last."""

    to_newest: frozenset[Place] = frozenset()
    """The frames of all that did."""
    relabelled: tuple[int, int] = (0, 0)
    """Of so many frames with another's words under the recipient's own ids, so many did."""
    reached: dict[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)
    """Whom an event that comes once a query reached, by query (or else by its words) and kind."""
    times: dict[tuple[str, str | None], list[tuple[str, float]]] = field(default_factory=dict)
    """When each of them got it; of one that is known by its words it was at nearly one time."""
    all_frames: list[dict[str, Any]] = field(default_factory=list)
    """The frames at the first places of all findings."""
    of_others: list[dict[str, Any]] = field(default_factory=list)
    """Those that went to somebody else than asked the query that they are about."""
    worded: list[dict[str, Any]] = field(default_factory=list)
    """Those in which another's words were seen."""
    all_sightings: list[dict[str, Any]] = field(default_factory=list)
    """Others' words at the first places of all findings."""
    foreign_kinds: frozenset[str] = frozenset()
    """The kinds of all frames in which anything of another's was seen."""
    passings: list[Passing] = field(default_factory=list)
    """Over all findings; where words of questions passed, those that were kept do not count."""
    usual_s: float = 0.0
    """The median time of an answer."""
    _answers: dict[Any, Any] = field(default_factory=dict)
    _frames: dict[Place, dict[str, Any]] = field(default_factory=dict)
    _sightings: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        took = [q.done_s - q.sent_s for q in self.run.history.queries.values() if q.done_s]
        self.usual_s = statistics.median(took) if took else 0.0
        wanted: dict[str, set[int]] = {}
        for found in self.everything:
            for stream, index in found.places[:LOOKED_AT]:
                if stream.startswith("history/"):
                    wanted.setdefault(stream, set()).add(index)
        for stream, indexes in wanted.items():
            own = (nw.col("stream") == stream) & nw.col("index").is_in(sorted(indexes))
            for frame in records(self.run.frames.filter(own)):
                self._frames[stream, frame["index"]] = frame
            for seen in records(self.run.sightings.filter(own & nw.col("foreign"))):
                self._sightings.setdefault((stream, seen["index"]), []).append(seen)
        nameless = self._named_by_their_words()
        named = [frame for frame in self._frames.values() if frame["label_query"]]
        read = {f["label_query"] for f in named if _asked_for(self.run, f)}
        asked = sorted(
            {f["label_query"] for f in named}, key=lambda query: (query not in read, query)
        )
        same = self.run.frames.filter(
            nw.col("label_query").is_in(asked[:LOOKED_AT_IN_ALL])
            & ~nw.col("kind").is_in(sorted(_repeated(self.run)))
        )
        for record in records(same.select("label_query", "kind", "principal", "at_s").unique()):
            key = record["label_query"], record["kind"]
            self.reached[key] = self.reached.get(key, frozenset()) | {record["principal"]}
            self.times.setdefault(key, []).append((record["principal"], record["at_s"]))
        heard = self.run.sightings.filter(
            nw.col("canary").is_in(sorted(nameless)[:LOOKED_AT_IN_ALL])
            # its owner may have got it as part of an answer
            & (nw.col("query").is_null() | (nw.col("owner") == nw.col("principal")))
            & (nw.col("channel") == "frame")
        )
        for record in records(heard.select("canary", "kind", "principal", "at_s").unique()):
            if abs(record["at_s"] - nameless[record["canary"]]) > SAME_SECONDS:
                continue
            key = record["canary"], record["kind"]
            self.reached[key] = self.reached.get(key, frozenset()) | {record["principal"]}
        ordered = sorted(self._frames.values(), key=lambda frame: float(frame["at_s"]))
        looked_at = ordered[:LOOKED_AT_IN_ALL]
        self.newest, self.to_newest = newest_of(self.run, looked_at, owner_of)
        self.all_frames = list(self._frames.values())
        self.of_others = [frame for frame in self.all_frames if of_another(frame)]
        self.worded = [self._frames[place] for place in self._sightings if place in self._frames]
        self.all_sightings = [seen for group in self._sightings.values() for seen in group]
        self.foreign_kinds = frozenset(
            frame["kind"]
            for place, frame in self._frames.items()
            if frame["kind"] and (place in self._sightings or of_another(frame))
        )
        self.passings = self._passings(self.all_sightings)
        relabelled = {
            place
            for frame in looked_at
            if (place := (frame["stream"], frame["index"])) in self._sightings
            and owner_of(frame) == frame["principal"]
        }
        self.relabelled = len(relabelled), len(relabelled & self.to_newest)

    def _named_by_their_words(self) -> dict[str, float]:
        """The words of events that name nobody and are part of no answer, and when one came.

        Such an event is about whoever's words it holds.
        """
        words: dict[str, float] = {}
        for place, group in self._sightings.items():
            frame, owners = self._frames.get(place), {seen["owner"] for seen in group}
            if frame is None or frame["query"] or owner_of(frame) or len(owners) != 1:
                continue
            (frame["query_owner"],) = owners
            frame["label_query"] = group[0]["canary"]
            words.setdefault(group[0]["canary"], frame["at_s"])
        return words

    def once(self, question: Callable[[Scene], _Answer]) -> _Answer:
        """The answer to a question about the whole scene, found once however often it is asked."""
        if question not in self._answers:
            self._answers[question] = question(self)
        answer: _Answer = self._answers[question]
        return answer

    def frames(self, found: Found) -> list[dict[str, Any]]:
        """The frames at the first places of a finding, as the relation has them."""
        places = found.places[:LOOKED_AT]
        return [self._frames[place] for place in places if place in self._frames]

    def reached_at_once(self, frame: dict[str, Any]) -> frozenset[str]:
        """Whom the event of a frame reached when its recipient got it.

        What somebody gets later was kept, as a cache keeps an answer with its ids.
        """
        key = frame["label_query"], frame["kind"]
        if key not in self.times:
            return self.reached.get(key, frozenset())
        at_s = frame["at_s"]
        return frozenset(who for who, got_s in self.times[key] if abs(got_s - at_s) <= SAME_SECONDS)

    def sightings(self, found: Found) -> list[dict[str, Any]]:
        """The victim's words at the first places of a finding."""
        return [
            seen
            for place in found.places[:LOOKED_AT]
            for seen in self._sightings.get(place, ())
            if seen["owner"] == found.victim
        ]

    def own(self, found: Found) -> bool:
        """Whether a finding is about the recipient's own answers, by most of their ids.

        What was told wrongly is stored wrongly: so are rows that hold another's words.
        """
        if not self.passings:
            return False
        frames = self.frames(found)
        if not frames:
            told = found.recipient_query is not None or self.once(_stored_as_told)
            return found.channel == "row" and told
        own = [frame for frame in frames if self._own(frame)]
        return len(own) >= MOST * len(frames)

    def about_others(self, found: Found) -> bool:
        """Whether most frames of a finding are of others' queries."""
        frames = self.frames(found)
        others = sum(map(of_another, frames))
        return bool(others) and others >= MOST * len(frames)

    def _own(self, frame: dict[str, Any]) -> bool:
        """Whether a frame is of its recipient's query, by its ids.

        Where it has none, by its place in an answer: if no such frame came out of place.
        """
        owner = owner_of(frame)
        if owner is not None:
            return bool(owner == frame["principal"])
        return frame["query"] is not None and self.once(_all_in_place)

    def answered_fast(self, query: Query) -> bool:
        """Whether a query was answered in less than half of what is usual."""
        if query.done_s is None:
            return False
        return query.done_s - query.sent_s < MOST * self.usual_s

    def _passings(self, sightings: list[dict[str, Any]]) -> list[Passing]:
        known = self.run.history.queries
        found = [
            Passing(victim=known[planted], recipient=known[answered])
            for seen in sightings
            if (planted := QueryId(seen["planted_query"] or "")) in known
            and (answered := QueryId(seen["query"] or "")) in known
        ]
        of_questions = [each for each in found if each.victim.kind != KEPT]
        return of_questions or found


Fingerprint = Callable[[Scene, Found], Mechanism | None]


def _asked_for(run: Run, frame: dict[str, Any]) -> bool:
    """Whether whoever got a frame had asked for its conversation: then who else got it tells."""
    return (frame["principal"], frame["conversation"]) in run.asked_for


def of_another(frame: dict[str, Any]) -> bool:
    """Whether a frame is about another's query than its recipient's."""
    return owner_of(frame) not in (None, frame["principal"])


def owner_of(frame: dict[str, Any]) -> str | None:
    """Whose query a frame is about.

    Where the query is none of the history's, as those of probes, the user it names tells.
    """
    owner: str | None = frame["query_owner"] or frame["label_owner"]
    return owner


def _all_in_place(scene: Scene) -> bool:
    """Whether frames with another's words and without ids came in answers of their recipients'."""
    nameless = [frame for frame in scene.worded if owner_of(frame) is None]
    placed = [frame for frame in nameless if frame["query"] is not None]
    return len(placed) >= ALMOST_ALL * len(nameless)


def _stored_as_told(scene: Scene) -> bool:
    """Whether rows hold another's words mostly where that was told wrongly, too."""
    pairs = {
        channel: {(f.victim, f.recipient) for f in scene.everything if f.channel == channel}
        for channel in ("frame", "row")
    }
    return len(pairs["frame"] & pairs["row"]) >= MOST * max(1, len(pairs["row"]))


def telling(usual: float) -> float:
    """The share of cases from which on it is no coincidence; above 1 where no share would be."""
    return max(MOST, BEYOND * usual)


def over(query: Query) -> float:
    """When a query was over; never, where nobody wrote that down."""
    return query.over_s if query.over_s is not None else float("inf")


def in_common(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning, whatever their case."""
    pairs = zip(one.casefold(), other.casefold(), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _repeated(run: Run) -> set[str]:
    """The kinds of events of which an answer has several, such as the pieces of a stream."""
    named = run.frames.filter(~nw.col("label_query").is_null() & ~nw.col("kind").is_null())
    counts = named.group_by("label_query", "kind", "session").agg(nw.len().alias("n"))
    several = counts.filter(nw.col("n") > 1).select("kind").unique()
    dialect = run.history.plan.dialect
    once = set(dialect.protocol) - set(dialect.repeats)  # it may come twice by a defect
    return {record["kind"] for record in records(several)} - once
