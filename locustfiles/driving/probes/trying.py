"""One attempt, while it is made: what its record will say.

It connects to nothing and records nothing; `ground` does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from isolation_checks.probing import Shows
from isolation_checks.records import SessionId
from locustfiles.driving.principals import Principal

CONTROL = "control"
ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(slots=True, kw_only=True)
class Trying:
    """One attempt, while it is made: the columns of its record."""

    kind: str
    way: str
    by: Principal
    victim: Principal | None
    said: str
    shows: Shows
    relies_on: str | None = None
    """The control without whose success a refusal would show nothing."""
    expected: str = REFUSED
    session: SessionId | None = None
    query: str | None = None
    about: str | None = None
    """The id of what was asked for: a conversation's, or a session's."""
    behind: SessionId | None = None
    """The session in which its owner looked behind the attempt."""
    watched: SessionId | None = None
    """The session of the victim's that must not suffer."""
    watched_query: str | None = None
    begun: str | None = None
    """Our name of the conversation that it began, where we name them; of no record."""
    word: str = ""
    """The canary of its own query; of no record either."""
    trouble: str | None = None
    began_ns: int = field(default_factory=time.monotonic_ns)

    def own(self, label: str) -> Trying:
        """Make it a control by this name: the owner's own, which must succeed."""
        self.kind, self.way, self.expected = CONTROL, label, ACCEPTED
        return self
