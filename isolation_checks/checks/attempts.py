"""Of every probe, whether it was accepted: from what was recorded, never by a status alone.

Accepted is what shows: a session that may be used, an answer that holds the attempt's own
canary, words that only the victim was given.  What shows nothing is a refusal only where
the same thing, asked for by its owner, was granted; else nobody can say.
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
from isolation_checks.probing import QUERY, SOCKET, Family, Shows
from isolation_checks.records import Ending, Opcode, SessionId

_TROUBLE = 500
_BUSY = (408, 425, 429)
"""HTTP statuses of answers that are no refusal but an accident, and of too much at once."""
_NOT_LOOKED = "its owner could not look behind it"
_NO_WAY_TO_LOOK = (
    "it was answered, and nobody can see what it wrote: the plan describes no way to read a "
    "conversation, dialect.read_conversation or dialect.read_conversation_http"
)
_ONLY_WELCOMED = (
    "it was welcomed, and its question was not answered, as its owner's is: does an event of "
    "dialect.opens come before a token was looked at?"
)
_BY_OWN_TOKEN = ("read", "continue", "resume", "named in the message")
"""What shows nothing but its own good token when it connects: it should be let in."""
_TAKEN = range(200, 300)
_ACCEPTED = "accepted"
_CONTENT = frozenset((Shows.WORDS, Shows.WRITTEN, Shows.RESUMED, Shows.GONE))
"""What shows by another's words, which the plan may let flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What shows that an attempt was accepted."""

    words: str
    record: Record | None = None
    """The frame in which it shows."""
    canary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An attempt, and what became of it."""

    probe: Probe
    sign: Sign | None = None
    doubt: str = ""
    """Why nobody can say what became of it."""


class Attempts:
    """The probes of a run, with what was heard behind each."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._heard = Heard(run)
        self._answered: set[str] = set()
        controls = [probe for probe in run.history.probes if probe.expected == _ACCEPTED]
        controls.sort(key=lambda probe: probe.shows is Shows.GONE)  # which relies on others
        self._granted: set[str] = set()
        for probe in controls:
            if self._sign(probe) is not None:
                self._granted.add(probe.way)
            if self._echo(probe) is not None:
                self._answered.add(probe.way)

    def of(self, family: Family) -> Iterator[Decided]:
        """What became of the attempts of a family; but for those that came to nothing by us."""
        for probe in self._run.history.probes:
            if probe.expected != _ACCEPTED and probing.FAMILY_OF.get(probe.kind) is family:
                decided = self._decided(probe)
                if not (probe.cut and decided.doubt):
                    yield decided

    def answered_well(self, session: SessionId, since_s: float) -> bool:
        """Whether an answer came to its good end on a session."""
        return self._heard.answered_well(session, since_s)

    def granted(self, control: str | None) -> bool:
        """Whether a control succeeded: the same, asked for by its owner."""
        return control is None or control in self._granted

    def _decided(self, probe: Probe) -> Decided:
        if probe.trouble is not None:
            return Decided(probe=probe, doubt=probe.trouble)
        if self._shared(probe):
            doubt = "the plan lets these two share what would show it"
            return Decided(probe=probe, doubt=doubt)
        sign = self._sign(probe)
        claims = probing.FAMILY_OF[probe.kind] is Family.IDENTITY
        if sign is not None and claims and self._given_to_anybody:
            return Decided(probe=probe, doubt="whoever asks is given it, without any claim")
        if sign is not None:
            return Decided(probe=probe, sign=sign)
        return Decided(probe=probe, doubt=self._accident(probe) or self._unproven(probe))

    def _unproven(self, probe: Probe) -> str:
        """Which control would have to have succeeded for a refusal to mean anything."""
        needed = probing.own(SOCKET) if self._stopped_at_the_door(probe) else probe.relies_on
        if self.granted(needed):
            return ""
        if needed == probing.own(QUERY) and needed in self._answered:
            # its owner is answered, though no words show it; so it counts that this one was not
            if self._heard.said_no(probe):
                return ""
            if self._behind is None:
                return _NO_WAY_TO_LOOK
        return f"even {needed} came to nothing"

    def _stopped_at_the_door(self, probe: Probe) -> bool:
        """Whether a name that was claimed in connecting was answered by not letting it in."""
        if probing.FAMILY_OF.get(probe.kind) is not Family.IDENTITY or probe.way != SOCKET:
            return False
        unasked = probe.shows is Shows.WRITTEN and probe.query is None
        return not self._heard.came_in(probe) or (unasked and self._heard.sent_away(probe))

    def _only_welcomed(self, probe: Probe) -> bool:
        """Whether a forger was welcomed, who is no guest, and nothing said that it was refused."""
        plan = self._run.history.plan
        if probe.shows is not Shows.LET_IN or plan.probes.guests or not plan.dialect.opens:
            return False
        came = self._heard.came_in(probe) and self._not_answered(probe)
        return came and not self._heard.said_no(probe)

    @functools.cached_property
    def _given_to_anybody(self) -> bool:
        """Whether conversations are given to intruders who do not say that they are the victim."""
        return any(each.sign is not None for each in self.of(Family.CONVERSATION))

    def _shared(self, probe: Probe) -> bool:
        if probe.shows not in _CONTENT or probe.victim in (None, probe.principal):
            return False
        assert probe.victim is not None
        channel = "http" if self._heard.code(probe.session) is not None else "frame"
        return self._run.ownership.may_share(probe.victim, probe.principal, channel)

    def _accident(self, probe: Probe) -> str:
        """What else than a refusal may have kept an attempt from showing anything."""
        session = self._heard.session(probe.session)
        if session is None:
            return "nothing was recorded of it"
        code, troubled = session.code, _is_trouble(session.code)
        if code is not None and troubled and session.opening_s is None:
            return f"the platform answered {code}"
        if session.failed is not None and (code is None or troubled):
            return session.failed
        if self._stopped_at_the_door(probe):
            return ""
        by_socket = session.opening_s is not None
        if by_socket and probe.kind in _BY_OWN_TOKEN and not self._heard.came_in(probe):
            return "its own good token was not taken either"
        return self._unseen(probe)

    def _unseen(self, probe: Probe) -> str:
        """Why what an attempt left behind could not have been seen."""
        if probe.shows not in (Shows.GONE, Shows.WRITTEN):
            return _ONLY_WELCOMED if self._only_welcomed(probe) else ""
        if probe.shows is Shows.WRITTEN and probe.query is None:
            return "nothing could be asked"
        if self._behind is None:
            shown = self.granted(probing.own(QUERY)) or self._heard.said_no(probe)
            return "" if shown else _NO_WAY_TO_LOOK
        if not self.granted(self._behind):
            return f"even {self._behind} came to nothing, by which its owner looks behind it"
        if not self._heard.looked(probe.behind):
            return _NOT_LOOKED
        return self._unchanged(probe) if probe.shows is Shows.GONE else ""

    def _unchanged(self, probe: Probe) -> str:
        """Why a request of which its owner saw nothing may have changed something.

        What a DELETE did, its owner would have missed.
        """
        code = self._heard.code(probe.session)
        if code not in _TAKEN or probe.way.startswith("DELETE "):
            return ""
        return (
            f"{probe.way} was answered {code}, and nobody can see what it did: it holds no {{text}}"
        )

    @functools.cached_property
    def _behind(self) -> str | None:
        """The control of the way by which owners look behind attempts, where there is one."""
        plan = self._run.history.plan
        ways = (*map(probing.name_of, probing.reads(plan)), *probing.messages(plan))
        return probing.own(ways[0]) if ways else None

    def _sign(self, probe: Probe) -> Sign | None:
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
        echo = self._words(probe) or self._echo(probe)
        frames = list(self._heard.since(probe))
        dialect, kinds = self._run.history.plan.dialect, {frame["kind"] for frame in frames}
        whom = next((f["label_owner"] for f in frames if f["label_owner"] is not None), None)
        guest = self._run.history.plan.probes.guests and probe.victim not in (whom, probe.principal)
        if echo is not None and not guest:
            return echo
        sent_away = self._heard.sent_away(probe)
        if not dialect.opens or not kinds.issuperset(dialect.opens) or sent_away or guest:
            return None
        if self._not_answered(probe):
            return None
        if any(frame["kind"] in dialect.refuses for frame in self._in_reply(probe, frames)):
            return None
        welcome = next(frame for frame in reversed(frames) if frame["kind"] in dialect.opens)
        named = f", as {whom}" if whom is not None else ""
        return Sign(words=f"the session was let in{named}", record=welcome)

    def _not_answered(self, probe: Probe) -> bool:
        """Whether a welcome was all that came, where its owner is answered behind it.

        A platform may say hello before it looks at a token.
        """
        asked = probe.expected != _ACCEPTED and probe.query is not None
        return asked and probe.relies_on in self._answered and self._echo(probe) is None

    def _in_reply(self, probe: Probe, frames: list[Record]) -> list[Record]:
        """Those frames by which the platform may have refused an attempt.

        Of an owner's own, who was let in, it is no refusal that the session ended later: when
        its token ran out, say.
        """
        if probe.expected != _ACCEPTED:
            return frames
        return [frame for frame in frames if frame["at_s"] <= probe.over_s + AT_ONCE_S]

    def _echo(self, probe: Probe) -> Sign | None:
        """An answer that holds the attempt's own canary; an error may repeat it too."""
        if probe.query is None:
            return None
        dialect = self._run.history.plan.dialect
        kinds = {(f["stream"], f["index"]): f for f in self._heard.since(probe)}
        for seen in self._heard.seen(probe, probe.session):
            frame = kinds.get((seen["stream"], seen["index"]))
            if frame is None or seen["planted_query"] != probe.query:
                continue
            well = frame["ending"] in (None, Ending.OK.value)
            promised = not dialect.protocol or frame["kind"] in dialect.protocol
            if well and promised and frame["kind"] not in dialect.refuses:
                told = "it was answered, with the word that it had told"
                return Sign(words=told, record=frame, canary=seen["canary"])
        return None

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
        if self._heard.code(probe.session) not in _TAKEN:
            return None
        for frame in self._heard.since(probe):
            by_http = frame["opcode"] == Opcode.HTTP
            if by_http and MARKED.decode() in self._run.content(frame["stream"], frame["index"]):
                return Sign(words="a fresh token came back", record=frame)
        return None

    def _resumed(self, probe: Probe) -> Sign | None:
        shown = self._words(probe)
        resume = self._run.history.plan.dialect.resume
        if shown is not None or resume is None or probe.about is None:
            return shown
        for frame in self._heard.since(probe):
            accepted = frame["kind"] in resume.accepted
            if accepted and probe.about in self._run.content(frame["stream"], frame["index"]):
                told = f"the platform says that it gave {probe.victim}'s session back"
                return Sign(words=told, record=frame)
        return None

    def _gone(self, probe: Probe) -> Sign | None:
        """What its owner had read before it cannot read behind the attempt, which was taken."""
        taken = self._heard.code(probe.session) in _TAKEN
        if not (taken and self._heard.looked(probe.behind) and self.granted(self._behind)):
            return None
        if any(seen["owner"] == probe.victim for seen in self._heard.seen(probe, probe.behind)):
            return None
        record = self._heard.first(probe.behind)
        return Sign(words=f"{probe.victim} cannot read its own words any more", record=record)

    def _done(self, probe: Probe) -> Sign | None:
        code = self._heard.code(probe.session)
        return Sign(words=f"it was answered {code}") if code in _TAKEN else None


def _is_trouble(status: int | None) -> bool:
    return status is not None and (status >= _TROUBLE or status in _BUSY)
