"""A buffer in which texts wait to be put into frames.

Only the fault buffer_reuse uses it: honest texts stay with their events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reference_platform.sockets.wire import Event

_TEXTS = ("delta", "content")


@dataclass(frozen=True, slots=True)
class _Staged:
    """A text in the buffer: all that is known of it is how long it was."""

    length: int


class Staging:
    """One buffer for all connections of a worker; it is never copied out of before sending."""

    def __init__(self) -> None:
        """An empty buffer; it grows to the longest text."""
        self._buffer = bytearray()

    def put(self, event: Event) -> Event:
        """Move an event's text into the buffer, over whatever was there."""
        for name in _TEXTS:
            text = event.payload.get(name)
            if isinstance(text, str):
                content = text.encode()
                self._buffer[: len(content)] = content
                return replace(event, payload={**event.payload, name: _Staged(len(content))})
        return event

    def take(self, event: Event) -> Event:
        """Fill an event's text in again, from whatever the buffer holds by now."""
        for name in _TEXTS:
            staged = event.payload.get(name)
            if isinstance(staged, _Staged):
                text = self._buffer[: staged.length].decode(errors="replace")
                return replace(event, payload={**event.payload, name: text})
        return event
