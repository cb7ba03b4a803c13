"""What a dialect is: pure functions between our operations and a platform's messages.

A dialect opens no socket, looks at no clock and keeps no state; the same object
serves the driver while it runs and the judge when a run is loaded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from isolation_checks.records import Ending


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a dialect reads in one received message.  None means: it does not say."""

    kind: str | None = None
    """The platform's own name of the event."""
    query: str | None = None
    run: str | None = None
    conversation: str | None = None
    user: str | None = None
    sequence: int | None = None
    text: str | None = None
    delta: bool = False
    """The text is a piece of a streamed answer, to be joined with its neighbours."""
    ending: Ending | None = None
    """How this event ends its query, when it does."""
    secrets: tuple[str, ...] = ()
    """Credentials that the message carries."""
    control: bool = False
    """It is the framing's own, such as a heartbeat: no message, and part of no answer."""
    unreadable: str | None = None
    """Why nobody can say what stands in it: a gap in the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a query is built from."""

    query: str
    text: str
    conversation: str | None
    turn: int
    subject: str
    token: str
    now_s: float


SILENT = Reading()
OF_THE_FRAMING = Reading(control=True)
"""All that there is to read in a heartbeat, or in what belongs to the frame before it."""


class Dialect(Protocol):
    """How one platform speaks."""

    opens: frozenset[str]
    """Events after all of which a session may be used; empty: the upgrade suffices."""
    refuses: frozenset[str]
    protocol: tuple[str, ...]
    repeats: frozenset[str]
    first: frozenset[str]

    def ask(self, query: Ask) -> bytes:
        """The message that asks."""
        ...

    def read(self, frame: bytes) -> Reading:
        """What a received message says; SILENT for what it cannot make out."""
        ...

    def answer(self, reading: Reading, frame: bytes, names: dict[str, Any]) -> bytes | None:
        """What the platform wants to be answered to this message, if anything."""
        ...

    def alive(self, names: dict[str, Any]) -> bytes | None:
        """What keeps a session alive, if anything does."""
        ...

    def renew(self, names: dict[str, Any]) -> bytes | None:
        """What hands a fresh token to an open session, if anything does."""
        ...

    def read_conversation(self, names: dict[str, Any]) -> tuple[bytes, ...]:
        """Messages that ask for the history of a conversation."""
        ...


def cautiously(dialect: Dialect, frame: bytes) -> Reading:
    """What a dialect reads in a frame that was loaded before.

    Nothing where a class of somebody's own raises: loading has said so, as a gap.
    """
    try:
        return dialect.read(frame)
    except Exception:  # noqa: BLE001 - the plan's own code
        return SILENT
