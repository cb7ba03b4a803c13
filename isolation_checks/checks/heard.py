"""What was recorded behind each probe: what came, on which session, and how that ended.

It says what there is; what that shows is `signs`' to say, and what became of a probe `attempts`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isolation_checks.loading.history import Probe, Session
from isolation_checks.loading.run import Run, records
from isolation_checks.records import Ending, SessionId

AT_ONCE_S = 0.5
"""What the platform does so soon behind an attempt, it does because of it."""
_LOOKED = (*range(200, 300), 403, 404, 410)
"""Of an owner's own look: it was let look, or what it asked for is not there, or not its own."""
_TROUBLE = 500
_BUSY = (408, 425, 429)
"""HTTP statuses of answers that are no refusal but an accident, and of too much at once."""
Record = Mapping[str, Any]


class Heard:
    """The frames and sightings of a run's probes, by their sessions."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._frames: dict[SessionId, list[Record]] = {}
        for record in records(run.probed_frames, "at_s", "stream", "index"):
            self._frames.setdefault(record["session"], []).append(record)
        self._sightings: dict[SessionId, list[Record]] = {}
        for record in records(run.probed_sightings, "at_s", "stream", "index"):
            self._sightings.setdefault(record["session"], []).append(record)

    def answered_well(self, session: SessionId, since_s: float) -> bool:
        """Whether an answer came to its good end on a session."""
        return any(
            frame["ending"] == Ending.OK.value and frame["at_s"] >= since_s
            for frame in self._frames.get(session, ())
        )

    def came_in(self, probe: Probe) -> bool:
        """Whether a session was welcomed as the plan says that sessions are."""
        session, opens = self.session(probe.session), self._run.history.plan.dialect.opens
        if session is None or session.failed is not None:
            return False
        return {frame["kind"] for frame in self.since(probe)}.issuperset(opens)

    def kept_out(self, probe: Probe) -> bool:
        """Whether a session was turned away before it was welcomed, and that by no accident."""
        session = self.session(probe.session)
        if session is None or self.came_in(probe):
            return False
        if session.failed is None:
            return self.said_no(probe)
        return session.code is not None and not is_trouble(session.code)

    def said_no(self, probe: Probe) -> bool:
        """Whether what was asked was answered by a failure, or by closing the session."""
        refuses = self._run.history.plan.dialect.refuses
        return self.sent_away(probe) or any(
            frame["ending"] == Ending.FAIL.value or frame["kind"] in refuses
            for frame in self.since(probe)
        )

    def sent_away(self, probe: Probe) -> bool:
        """Whether the platform took the socket and closed it again at once."""
        session = self.session(probe.session)
        if session is None or session.by != "them" or session.closed_s is None:
            return False
        return session.closed_s <= probe.over_s + AT_ONCE_S

    def ended_well(self, probe: Probe) -> bool:
        """Whether an answer came to its good end behind a probe."""
        return any(frame["ending"] == Ending.OK.value for frame in self.since(probe))

    def looked(self, session: SessionId | None) -> bool:
        """Whether an owner was let look."""
        known = self.session(session)
        if known is None:
            return False
        return known.code in _LOOKED if known.opening_s is None else known.failed is None

    def session(self, session: SessionId | None) -> Session | None:
        """A session, where there was one."""
        return self._run.history.sessions.get(session) if session is not None else None

    def code(self, session: SessionId | None) -> int | None:
        """The status of a request's answer; None for a WebSocket."""
        known = self.session(session)
        return known.code if known is not None and known.opening_s is None else None

    def first(self, session: SessionId | None) -> Record | None:
        """The first frame of a session."""
        return next(iter(self._frames.get(session, ())), None) if session is not None else None

    def since(self, probe: Probe) -> Iterator[Record]:
        """The frames that came on a probe's session when it had begun."""
        for frame in self._frames.get(probe.session, ()) if probe.session is not None else ():
            if frame["at_s"] >= probe.at_s:
                yield frame

    def seen(self, probe: Probe, session: SessionId | None) -> Iterator[Record]:
        """The planted words that came on a session when a probe had begun."""
        for sighting in self._sightings.get(session, ()) if session is not None else ():
            if sighting["at_s"] >= probe.at_s and sighting["planted"] and not sighting["identity"]:
                yield sighting


def is_trouble(status: int | None) -> bool:
    """Whether a status is that of an accident, and not of a refusal."""
    return status is not None and (status >= _TROUBLE or status in _BUSY)
