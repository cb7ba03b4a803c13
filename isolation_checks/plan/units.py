"""Values with a unit, as a person writes them in a plan: `2s`, `0.3s..1s`, `5MB`, `env:NAME`.

It may not read the environment by itself: a secret is looked up only when it is used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from isolation_checks.plan.indicators import Kind

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB)", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*s")
_UNITS: Mapping[Kind, str] = {"duration": "s", "rate": "/s", "share": ""}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"b": 1, "kb": 1_000, "mb": 1_000_000}


class Duration(float):
    """A stretch of time, in seconds."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{float(self):g}s"


class Size(int):
    """A number of bytes."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{int(self)}B"


class Limit(float):
    """An objective's limit: seconds, answers a second, or a share, by how it was written."""

    kind: Kind

    @classmethod
    def of(cls, value: float, kind: Kind) -> Limit:
        """A limit with its kind."""
        limit = cls(value)
        limit.kind = kind
        return limit

    def __str__(self) -> str:
        return f"{float(self):g}{_UNITS[self.kind]}"


class Secret(str):
    """A reference to a secret: `env:NAME` or `file:PATH`.  The value is never in a plan."""

    __slots__ = ()

    def value(self) -> str:
        """Look the secret up.

        Raises:
            LookupError: it is not there; the message is one sentence.
        """
        kind, _, name = self.partition(":")
        if kind == "env":
            found = os.environ.get(name)
            if not found:
                raise LookupError(f"the plan refers to {self}, and {name} is not set")
            return found
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise LookupError(f"the plan refers to {self}: {error.strerror}") from error


class Span:
    """A range of durations, in seconds, from which a value is drawn evenly."""

    __slots__ = ("least", "most")

    def __init__(self, least: float, most: float) -> None:
        self.least = least
        self.most = most

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and (self.least, self.most) == (other.least, other.most)

    def __hash__(self) -> int:
        return hash((self.least, self.most))

    def __str__(self) -> str:
        return f"{self.least:g}s..{self.most:g}s"


def duration(text: str) -> Duration:
    """Read `2s`, `500ms`, `15m`, `1h`.  Raises ValueError with what would be right."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration; write it like 2s, 500ms or 15m")
    return Duration(float(match[1]) * _SECONDS[match[2]])


def span(text: str) -> Span:
    """Read `0.3s..1s`, or one duration for both ends."""
    least, dots, most = text.partition("..")
    first = float(duration(least))
    last = float(duration(most)) if dots else first
    if last < first:
        raise ValueError(f"{text!r} runs backwards; write the shorter duration first")
    return Span(first, last)


def size(text: str) -> Size:
    """Read `8192B`, `64KB`, `5MB` (powers of ten)."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write it like 8192B, 64KB or 5MB")
    return Size(int(float(match[1]) * _BYTES[match[2].lower()]))


def secret(text: str) -> Secret:
    """Read a reference; a bare value is refused without being repeated."""
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", text):
        raise ValueError("a secret is a reference, env:NAME or file:PATH, never the value itself")
    return Secret(text)


def limit(value: str | float) -> Limit:
    """Read a duration, a rate such as `20/s`, or a bare number as a share between 0 and 1."""
    if isinstance(value, str):
        rate = _RATE.fullmatch(value.strip())
        return Limit.of(float(rate[1]), "rate") if rate else Limit.of(duration(value), "duration")
    if not 0 <= value <= 1:
        raise ValueError(
            f"{value} is no share; write a duration like 5s, a rate like 20/s, or a number from "
            "0 to 1"
        )
    return Limit.of(float(value), "share")


_READERS: Mapping[type, tuple[Callable[[str], Any], str]] = {
    Duration: (duration, '"2s"'),
    Span: (span, '"0.3s..1s"'),
    Size: (size, '"5MB"'),
    Secret: (secret, '"env:NAME"'),
}


def decode(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook is typed so
    """Msgspec's hook for reading the types above."""
    if kind is Limit and isinstance(value, str | int | float):
        return limit(value)
    if kind not in _READERS:
        raise NotImplementedError(kind)
    reader, example = _READERS[kind]
    if not isinstance(value, str):
        raise ValueError(f"expected text such as {example}, got {value!r}")  # noqa: TRY004 - msgspec turns a ValueError into its own
    return reader(value)


def encode(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook is typed so
    """Msgspec's hook for writing: every unit as what reads back to it."""
    if isinstance(value, Limit) and value.kind == "share":
        return float(value)
    if isinstance(value, Duration | Span | Size | Limit):
        return str(value)
    if isinstance(value, Secret):
        return str.__str__(value)
    raise NotImplementedError(type(value))
