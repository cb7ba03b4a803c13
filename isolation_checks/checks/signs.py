"""What shows that an attempt was accepted, or that its control was granted: words, never a status.

It knows what came, from `heard`; what an attempt comes to that shows nothing is `attempts`' to say.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from isolation_checks import probing
from isolation_checks.checks.heard import AT_ONCE_S, Heard, Record
from isolation_checks.loading.history import Probe
from isolation_checks.loading.identities import MARKED
from isolation_checks.loading.run import Run
from isolation_checks.probing import Family, Shows
from isolation_checks.records import Ending, Opcode, PrincipalId

TAKEN = range(200, 300)
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What shows that an attempt was accepted."""

    words: str
    record: Record | None = None
    """The frame in which it shows."""
    canary: str | None = None


class Signs:
    """What shows of each probe of a run that it was accepted; and which controls were."""

    def __init__(self, run: Run, heard: Heard) -> None:
        self._run = run
        self._heard = heard
        self.granted: set[str] = set()
        """The controls that succeeded."""
        self.answered: set[str] = set()
        """Those whose question was answered."""
        self.named: set[str] = set()
        """Those whose session said whom it speaks for."""
        self._echoed_in: set[str | None] = set()
        controls = [probe for probe in run.history.probes if probe.expected == ACCEPTED]
        controls.sort(key=lambda probe: probe.shows is Shows.GONE)  # which relies on others
        for probe in controls:
            echoed = {frame["kind"] for frame, _ in self._echoes(probe)}
            self._echoed_in |= echoed
            if echoed:
                self.answered.add(probe.way)
            if self.whom(probe) == probe.principal:
                self.named.add(probe.way)
            if self.of(probe) is not None:
                self.granted.add(probe.way)

    @functools.cached_property
    def behind(self) -> str | None:
        """The control of the way by which owners look behind attempts, where there is one."""
        plan = self._run.history.plan
        ways = (*map(probing.name_of, probing.reads(plan)), *probing.messages(plan))
        return probing.own(ways[0]) if ways else None

    def of(self, probe: Probe) -> Sign | None:
        """What shows that an attempt was accepted, if anything does."""
        if probe.session is None or probe.trouble is not None:
            return None
        by_shows: Mapping[Shows, Callable[[Probe], Sign | None]] = {
            Shows.LET_IN: self._let_in,
            Shows.WORDS: self._words,
            Shows.WRITTEN: self._written,
            Shows.ECHO: self._echo,
            Shows.TOKEN: self._token,
            Shows.RESUMED: self._resumed,
            Shows.GONE: self._gone,
            Shows.DONE: self._done,
        }
        return by_shows[probe.shows](probe)

    def _words(self, probe: Probe) -> Sign | None:
        for seen in self._heard.seen(probe, probe.session):
            own = probe.query is not None and seen["planted_query"] == probe.query
            if seen["owner"] == probe.victim and not own:
                told = f"words that only {probe.victim} was given came back"
                return Sign(words=told, record=seen, canary=seen["canary"])
        if probing.FAMILY_OF.get(probe.kind) is Family.IDENTITY:
            return self._greeted(probe)
        return None

    def _greeted(self, probe: Probe) -> Sign | None:
        """It was welcomed by the name that it had claimed."""
        opens = self._run.history.plan.dialect.opens
        for frame in self._heard.since(probe):
            if frame["kind"] in opens and frame["label_owner"] == probe.victim:
                return Sign(words=f"it was welcomed as {probe.victim}", record=frame)
        return None

    def _let_in(self, probe: Probe) -> Sign | None:
        words = self._words(probe)
        if words is not None or self.as_guest(probe):
            return words
        echo = self._echo(probe)
        if echo is not None:
            return echo
        frames, whom = list(self._heard.since(probe)), self.whom(probe)
        dialect, kinds = self._run.history.plan.dialect, {frame["kind"] for frame in frames}
        sent_away = self._heard.sent_away(probe)
        if not dialect.opens or not kinds.issuperset(dialect.opens) or sent_away:
            return None
        mine = probe.expected == ACCEPTED or whom == probe.victim
        if self.not_answered(probe) or not (mine or self._welcomes_tell):
            return None
        if any(frame["kind"] in dialect.refuses for frame in self._in_reply(probe, frames)):
            return None
        welcome = next(frame for frame in reversed(frames) if frame["kind"] in dialect.opens)
        named = f", as {whom}" if whom is not None else ""
        return Sign(words=f"the session was let in{named}", record=welcome)

    @functools.cached_property
    def _welcomes_tell(self) -> bool:
        """Whether anybody without a good token was not welcomed: so it is no mere greeting."""
        return any(
            probe.shows is Shows.LET_IN and self._heard.kept_out(probe)
            for probe in self._run.history.probes
            if probe.expected != ACCEPTED
        )

    def whom(self, probe: Probe) -> PrincipalId | None:
        """Whom the platform says that a session speaks for."""
        labels = (frame["label_owner"] for frame in self._heard.since(probe))
        return next((label for label in labels if label is not None), None)

    def as_guest(self, probe: Probe) -> bool:
        """Whether somebody without a good token, if it came in, came in as nobody known."""
        guests = self._run.history.plan.probes.guests and probe.expected != ACCEPTED
        return guests and self.whom(probe) != probe.victim

    def not_answered(self, probe: Probe) -> bool:
        """Whether a welcome was all that came, where its owner is answered behind it.

        A platform may say hello before it looks at a token.
        """
        asked = probe.expected != ACCEPTED and probe.query is not None
        return asked and probe.relies_on in self.answered and self._echo(probe) is None

    def _in_reply(self, probe: Probe, frames: list[Record]) -> list[Record]:
        """Those frames by which the platform may have refused an attempt.

        Of an owner's own, who was let in, it is no refusal that the session ended later: when
        its token ran out, say.
        """
        if probe.expected != ACCEPTED:
            return frames
        return [frame for frame in frames if frame["at_s"] <= probe.over_s + AT_ONCE_S]

    def _echo(self, probe: Probe) -> Sign | None:
        """An answer that holds the attempt's own canary."""
        for frame, canary in self._echoes(probe):
            told = "it was answered, with the word that it had told"
            return Sign(words=told, record=frame, canary=canary)
        return None

    def _echoes(self, probe: Probe) -> Iterator[tuple[Record, str]]:
        """The frames of an answer that hold its own canary, each with it.

        An error may repeat it too, and so may what comes before a refusal.
        """
        if probe.query is None:
            return
        mine = probe.expected == ACCEPTED
        if not mine and self._heard.said_no(probe) and not self._heard.ended_well(probe):
            return
        kinds = {(f["stream"], f["index"]): f for f in self._heard.since(probe)}
        for seen in self._heard.seen(probe, probe.session):
            frame = kinds.get((seen["stream"], seen["index"]))
            if frame is None or seen["planted_query"] != probe.query:
                continue
            if self._of_an_answer(frame, mine=mine):
                yield frame, seen["canary"]

    def _of_an_answer(self, frame: Record, *, mine: bool) -> bool:
        """Whether a frame is one of those that answers are made of: the plan's, or its owner's."""
        dialect, kind = self._run.history.plan.dialect, frame["kind"]
        if frame["ending"] not in (None, Ending.OK.value) or kind in dialect.refuses:
            return False
        if dialect.protocol:
            return kind in dialect.protocol
        return mine or frame["ending"] is not None or kind in self._echoed_in

    def _written(self, probe: Probe) -> Sign | None:
        shown = self._words(probe)
        if shown is not None:
            return shown
        for seen in self._heard.seen(probe, probe.behind):
            if probe.query is not None and seen["planted_query"] == probe.query:
                told = f"{probe.victim} then read the intruder's word in its own conversation"
                return Sign(words=told, record=seen, canary=seen["canary"])
        return None

    def _token(self, probe: Probe) -> Sign | None:
        if self._heard.code(probe.session) not in TAKEN:
            return None
        for frame in self._heard.since(probe):
            by_http = frame["opcode"] == Opcode.HTTP
            if by_http and MARKED.decode() in self._run.content(frame["stream"], frame["index"]):
                return Sign(words="a fresh token came back", record=frame)
        return None

    def _resumed(self, probe: Probe) -> Sign | None:
        """The victim's words, or that its session was given back.

        Its owner gets its words on every socket, maybe: that counts only without such an event.
        """
        shown = self._words(probe)
        resume = self._run.history.plan.dialect.resume
        if resume is None:
            return shown
        mine = probe.expected == ACCEPTED
        if shown is not None and not (mine and resume.accepted):
            return shown
        for frame in self._heard.since(probe):
            content = self._run.content(frame["stream"], frame["index"])
            named = mine or (probe.about is not None and probe.about in content)
            if named and frame["kind"] in resume.accepted:
                told = f"the platform says that it gave {probe.victim}'s session back"
                return Sign(words=told, record=frame)
        return None

    def _gone(self, probe: Probe) -> Sign | None:
        """What its owner had read before it cannot read behind the attempt, which was taken."""
        taken = self._heard.code(probe.session) in TAKEN
        if not (taken and self._heard.looked(probe.behind) and self.behind in self.granted):
            return None
        if self.reads_its_own(probe):
            return None
        record = self._heard.first(probe.behind)
        return Sign(words=f"{probe.victim} cannot read its own words any more", record=record)

    def _done(self, probe: Probe) -> Sign | None:
        code = self._heard.code(probe.session)
        return Sign(words=f"it was answered {code}") if code in TAKEN else None

    def reads_its_own(self, probe: Probe) -> bool:
        """Whether a victim that looked behind a probe was shown words of its own."""
        return any(seen["owner"] == probe.victim for seen in self._heard.seen(probe, probe.behind))
