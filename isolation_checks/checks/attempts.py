"""Of every probe, whether it was accepted: from what was recorded, never by a status alone.

Accepted is what shows: a session that may be used, an answer that holds the attempt's own
canary, words that only the victim was given.  What shows nothing is a refusal only where
the same thing, asked for by its owner, was granted; else nobody can say.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from isolation_checks import probing
from isolation_checks.checks import doubts
from isolation_checks.checks.doubts import Doubt
from isolation_checks.checks.heard import Heard, is_trouble
from isolation_checks.checks.signs import ACCEPTED, TAKEN, Sign, Signs
from isolation_checks.dialects.framing import framing_of, said
from isolation_checks.loading.history import Probe, Session
from isolation_checks.loading.run import Run
from isolation_checks.probing import QUERY, SOCKET, Family, Shows
from isolation_checks.records import SessionId

_NO_CLOSE_FRAME = 1006
"""The code of a connection that ended without any."""
_BUSY_CLOSES = (1012, 1013)
"""Codes of a platform that starts anew, or wants to be tried again later."""


_BY_OWN_TOKEN = ("read", "continue", "resume", "named in the message")
"""What shows nothing but its own good token when it connects: it should be let in."""
_CONTENT = frozenset((Shows.WORDS, Shows.WRITTEN, Shows.RESUMED, Shows.GONE))
"""What shows by another's words, which the plan may let flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An attempt, and what became of it."""

    probe: Probe
    sign: Sign | None = None
    doubt: Doubt | None = None


class Attempts:
    """The probes of a run, with what was heard behind each."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._heard = Heard(run)
        self._signs = Signs(run, self._heard)

    def of(self, family: Family) -> Iterator[Decided]:
        """What became of the attempts of a family; but for those that came to nothing by us."""
        for probe in self._run.history.probes:
            if probe.expected != ACCEPTED and probing.FAMILY_OF.get(probe.kind) is family:
                decided = self._decided(probe)
                if not (probe.cut and decided.doubt is not None):
                    yield decided

    def answered_well(self, session: SessionId, since_s: float) -> bool:
        """Whether an answer came to its good end on a session."""
        return self._heard.answered_well(session, since_s)

    def granted(self, control: str | None) -> bool:
        """Whether a control succeeded: the same, asked for by its owner."""
        return control is None or control in self._signs.granted

    def _decided(self, probe: Probe) -> Decided:
        if probe.trouble is not None:
            return Decided(probe=probe, doubt=Doubt(probe.trouble))
        if self._shared(probe):
            return Decided(probe=probe, doubt=doubts.SHARED)
        sign = self._signs.of(probe)
        claims = probing.FAMILY_OF[probe.kind] is Family.IDENTITY
        if sign is not None and claims and self._given_to_anybody:
            return Decided(probe=probe, doubt=doubts.GIVEN_TO_ANYBODY)
        if sign is not None:
            return Decided(probe=probe, sign=sign)
        return Decided(probe=probe, doubt=self._accident(probe) or self._unproven(probe))

    def _unproven(self, probe: Probe) -> Doubt | None:
        """Which control would have to have succeeded for a refusal to mean anything."""
        needed = probing.own(SOCKET) if self._stopped_at_the_door(probe) else probe.relies_on
        if self.granted(needed):
            return None
        if needed == probing.own(QUERY) and needed in self._signs.answered:
            # its owner is answered, though no words show it; so it counts that this one was not
            if self._heard.said_no(probe):
                return None
            if self._signs.behind is None:
                return doubts.NO_WAY_TO_LOOK
        return doubts.even_came_to_nothing(needed)

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
        return self._heard.came_in(probe) and not self._heard.said_no(probe)

    @functools.cached_property
    def _given_to_anybody(self) -> bool:
        """Whether conversations are given to intruders who do not say that they are the victim."""
        return any(each.sign is not None for each in self.of(Family.CONVERSATION))

    @functools.cached_property
    def _hung_up_on(self) -> frozenset[str]:
        """How those failed to connect who had a good token: it is no refusal then.

        But for those that were cut off by us, who had ended a process of the platform's.
        """
        history = self._run.history
        tried = {probe.session for probe in history.probes if probe.expected != ACCEPTED}
        others = (each for each in history.sessions.values() if each.id not in tried)
        return frozenset(each.failed for each in others if each.failed is not None and not each.cut)

    def _shared(self, probe: Probe) -> bool:
        if probe.shows not in _CONTENT or probe.victim in (None, probe.principal):
            return False
        assert probe.victim is not None
        channel = "http" if self._heard.code(probe.session) is not None else "frame"
        if probing.FAMILY_OF[probe.kind] is Family.TOKENS:
            # a forger shows no name of its own, so that it is nobody's mate
            sharing = self._run.history.plan.sharing
            return any(each.scope == "everyone" and channel in each.channels for each in sharing)
        return self._run.ownership.may_share(probe.victim, probe.principal, channel)

    def _accident(self, probe: Probe) -> Doubt | None:
        """What else than a refusal may have kept an attempt from showing anything."""
        session = self._heard.session(probe.session)
        if session is None:
            return doubts.NOT_RECORDED
        trouble = self._trouble(probe, session)
        if trouble or self._stopped_at_the_door(probe):
            return trouble
        by_socket = session.opening_s is not None
        if by_socket and probe.kind in _BY_OWN_TOKEN and not self._heard.came_in(probe):
            return doubts.OWN_TOKEN_NOT_TAKEN
        return self._unseen(probe)

    def _trouble(self, probe: Probe, session: Session) -> Doubt | None:
        """What the platform answered that is no refusal, or why it answered nothing."""
        code, troubled = session.code, is_trouble(session.code)
        if session.failed is not None and code == _NO_CLOSE_FRAME and not probe.cut:
            return Doubt(session.failed) if session.failed in self._hung_up_on else None
        if code is not None and troubled and session.opening_s is None:
            return doubts.answered(code)
        if session.failed is not None and (code is None or troubled):
            return Doubt(session.failed)
        if code in _BUSY_CLOSES and self._heard.sent_away(probe):
            return doubts.closed(code)
        return None

    def _unseen(self, probe: Probe) -> Doubt | None:
        """Why what an attempt left behind could not have been seen."""
        if probe.shows not in (Shows.GONE, Shows.WRITTEN):
            return self._half_open(probe)
        if probe.shows is Shows.WRITTEN and probe.query is None:
            return doubts.NOTHING_ASKED
        if self._signs.behind is None:
            shown = self.granted(probing.own(QUERY)) or self._heard.said_no(probe)
            return None if shown else doubts.NO_WAY_TO_LOOK
        if not self.granted(self._signs.behind):
            return doubts.even_came_to_nothing(
                self._signs.behind, ", by which its owner looks behind it"
            )
        if not self._heard.looked(probe.behind) or not self._saw_it(probe):
            return doubts.NOT_LOOKED
        return self._unchanged(probe) if probe.shows is Shows.GONE else None

    def _saw_it(self, probe: Probe) -> bool:
        """Whether its owner, who looked for what was written, was shown its own words at least.

        By a WebSocket, where no status says what became of a look.
        """
        if probe.shows is not Shows.WRITTEN or self._heard.code(probe.behind) is not None:
            return True
        return self._signs.reads_its_own(probe)

    def _half_open(self, probe: Probe) -> Doubt | None:
        """What came that is no acceptance for certain, and no refusal either."""
        if self._only_welcomed(probe):
            return doubts.ONLY_WELCOMED if self._signs.not_answered(probe) else doubts.ALL_WELCOMED
        if self._let_in_as_nobody(probe):
            return doubts.AS_WHOM
        return doubts.GAVE_BACK if self._gave_back_something(probe) else None

    def _gave_back_something(self, probe: Probe) -> bool:
        """Whether the platform says that it gave a session back, and not that it is its own."""
        dialect = self._run.history.plan.dialect
        resume, framing = dialect.resume, framing_of(dialect)
        if probe.shows is not Shows.RESUMED or resume is None:
            return False
        own: set[str] = set()
        given: set[str | None] = set()
        for frame in self._heard.since(probe):
            content = self._run.content(frame["stream"], frame["index"]).encode()
            named = said(framing, (content,), resume.session)
            if frame["kind"] in resume.accepted:
                given.add(named)
            elif named is not None:
                own.add(named)
        return not given <= own

    def _let_in_as_nobody(self, probe: Probe) -> bool:
        """Whether somebody came in who might be a guest, where no session says whose it is."""
        if probe.shows is not Shows.LET_IN or not self._signs.as_guest(probe):
            return False
        plan = self._run.history.plan
        asked = probing.FAMILY_OF[probe.kind] is Family.TOKENS  # for what its victim was given
        read = asked and any(self.granted(probing.own(way)) for way in probing.messages(plan))
        if read or self._signs.whom(probe) is not None or probe.relies_on in self._signs.named:
            return False
        return self._heard.came_in(probe) and not self._heard.said_no(probe)

    def _unchanged(self, probe: Probe) -> Doubt | None:
        """Why a request may have changed something, whatever it was answered.

        What a DELETE did, its owner would have missed.
        """
        code = self._heard.code(probe.session)
        if not self._signs.reads_its_own(probe):
            return doubts.unreadable_behind(code)
        if code not in TAKEN or probe.way.startswith("DELETE "):
            return None
        return doubts.taken_without_words(probe.way, code)
