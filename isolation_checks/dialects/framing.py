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
from isolation_checks.plan.tables.dialect import Dialect as Described


class Framing(Protocol):
    """Between frames and messages, which are JSON objects."""

    def message(self, frame: bytes) -> Any:  # noqa: ANN401 - JSON
        """The message in a received frame; None where there is none."""
        ...

    def sealed(self, message: Any) -> bytes:  # noqa: ANN401 - JSON
        """The frame that carries a message of ours."""
        ...


class Json:
    """A frame is a message: one JSON object, and nothing around it."""

    def message(self, frame: bytes) -> Any:  # noqa: ANN401 - JSON
        """The frame, parsed."""
        return parsed(frame)

    def sealed(self, message: Any) -> bytes:  # noqa: ANN401 - JSON
        """The message as JSON."""
        return orjson.dumps(message)


def framing_of(_described: Described) -> Framing:
    """The framing that a plan's dialect speaks in."""
    return Json()


def said(framing: Framing, frames: Iterable[bytes], places: Sequence[str]) -> str | None:
    """The first scalar at any of these places of any of these frames, as text."""
    found = (template.first_text(framing.message(frame), places) for frame in frames)
    return next((text for text in found if text is not None), None)
