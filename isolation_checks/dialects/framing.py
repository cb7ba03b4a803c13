"""How messages stand in frames: a frame is a message, or a packet of a protocol below it.

Whoever reads, sends or greets asks the framing; nobody else knows of packets.  Pure, like
the dialects that stand on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson

from isolation_checks.dialects import template
from isolation_checks.dialects.parsing import parsed
from isolation_checks.dialects.reading import Reading
from isolation_checks.dialects.socket_io import SocketIo
from isolation_checks.plan.tables.dialect import Dialect as Described
from isolation_checks.records import Opcode


class Framing(Protocol):
    """Between frames and messages, which are JSON objects or arrays."""

    readable: frozenset[Opcode]
    """The frames that hold messages; another is part of the one before it."""
    greets_first: bool
    """A client greets as soon as it is connected; or else when it is told to."""

    def opened(self, frame: bytes) -> bytes | Reading:
        """The message in a frame as JSON; or all that there is to read in it."""
        ...

    def message(self, frame: bytes) -> Any:  # noqa: ANN401 - JSON
        """The message in a frame; None where there is none."""
        ...

    def sealed(self, message: Any) -> bytes:  # noqa: ANN401 - JSON
        """The frame that carries a message of ours."""
        ...

    def greeting(self, message: Any) -> bytes | None:  # noqa: ANN401 - JSON
        """What a client says first, with the message that carries its token, if one does."""
        ...

    def reply(self, frame: bytes, greeting: bytes | None) -> bytes | None:
        """What the framing itself wants answered to a frame, if anything."""
        ...

    def over(self, frame: bytes) -> str | None:
        """Why the platform ends or refuses a session by this frame, if it does."""
        ...

    def address(self, url: str) -> str:
        """The address as a client asks for it."""
        ...


class Json:
    """A frame is a message: one JSON object or array, and nothing around it."""

    readable = frozenset((Opcode.TEXT, Opcode.BINARY))
    greets_first = True

    def opened(self, frame: bytes) -> bytes | Reading:
        """The frame as it is."""
        return frame

    def message(self, frame: bytes) -> Any:  # noqa: ANN401 - JSON
        """The frame, parsed."""
        return parsed(frame)

    def sealed(self, message: Any) -> bytes:  # noqa: ANN401 - JSON
        """The message as JSON."""
        return orjson.dumps(message)

    def greeting(self, message: Any) -> bytes | None:  # noqa: ANN401 - JSON
        """The message that carries the token, and nothing where none does."""
        if isinstance(message, str):
            return message.encode()
        return None if message is None else orjson.dumps(message)

    def reply(self, frame: bytes, greeting: bytes | None) -> bytes | None:  # noqa: ARG002 - as others
        """Nothing: WebSocket has heartbeats of its own."""
        return None

    def over(self, frame: bytes) -> str | None:  # noqa: ARG002 - as others
        """None: WebSocket has a close frame for that."""
        return None

    def address(self, url: str) -> str:
        """As the plan says."""
        return url


def framing_of(described: Described) -> Framing:
    """The framing that a plan's dialect speaks in."""
    return SocketIo(described.namespace) if described.framing == "socket.io" else Json()


def said(framing: Framing, frames: Iterable[bytes], places: Sequence[str]) -> str | None:
    """The first scalar at any of these places of any of these frames, as text."""
    found = (template.first_text(framing.message(frame), places) for frame in frames)
    return next((text for text in found if text is not None), None)
