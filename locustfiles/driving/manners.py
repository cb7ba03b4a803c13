"""What a framing itself wants said on one connection: a greeting, a pong, a farewell.

It runs in the hub and never blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isolation_checks.dialects.framing import Framing


class Manners:
    """Of one connection, however many messages it carries."""

    def __init__(
        self, framing: Framing, send: Callable[[bytes], bool], leave: Callable[[str], None]
    ) -> None:
        self.send = send
        self._framing = framing
        self._leave = leave
        self._greeting: bytes | None = None

    def know(self, message: Any) -> None:  # noqa: ANN401 - JSON
        """What carries the token, if a message does; to be known before there is a connection."""
        self._greeting = self._framing.greeting(message)

    def greet(self) -> None:
        """Greet, where it is for the client to speak first."""
        if self._framing.greets_first and self._greeting is not None:
            self.send(self._greeting)

    def mind(self, content: bytes) -> str | None:
        """Do what a frame of the framing's own asks for; why the session is over, if it is."""
        reply = self._framing.reply(content, self._greeting)
        if reply is not None:
            self.send(reply)
        dismissed = self._framing.over(content)
        if dismissed is not None:
            self._leave(dismissed)
        return dismissed
