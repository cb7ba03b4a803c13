"""Values with a unit, as a person writes them in a plan: `2s`, `0.3s..1s`, `5MB`, `env:NAME`.

It may not read the environment by itself: a secret is looked up only when it is used.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Literal

from isolation_checks.plan.indicators import Kind

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB)", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*s")
_LAW = re.compile(r"(?P<law>exponential|lognormal)\s+(?P<of>\S+)(?:\s+(?P<spread>\d+(?:\.\d+)?))?")
_RATES = re.compile(
    r"(?:(?P<least>\d+(?:\.\d+)?)/s\.\.)?(?P<most>\d+(?:\.\d+)?)/s(?P<each> per user)?"
)
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

    def value(self, whose: str = "the plan") -> str:
        """Look the secret up that somebody refers to.

        Raises:
            LookupError: it is not there; the message is one sentence.
        """
        kind, _, name = self.partition(":")
        if kind == "env":
            found = os.environ.get(name)
            if not found:
                raise LookupError(f"{whose} refers to {self}, and {name} is not set")
            return found
        try:
            found = Path(name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise LookupError(f"{whose} refers to {self}: {error.strerror}") from error
        except ValueError as error:  # neither text nor, with a NUL in it, a path
            raise LookupError(f"{whose} refers to {self}: it is no text in UTF-8") from error
        if not found:
            raise LookupError(f"{whose} refers to {self}, and that file is empty")
        return found


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


class Pause:
    """A law by which a user thinks: how long is drawn for each pause, in seconds."""

    __slots__ = ("first", "law", "second")

    def __init__(self, law: Literal["uniform", "exponential", "lognormal"], *of: float) -> None:
        """Of `uniform` the least and the most, of `exponential` the mean, of `lognormal` the
        median and the spread of the logarithm.
        """  # noqa: D205 - one sentence
        self.law = law
        self.first, self.second = of if len(of) > 1 else (of[0], 0.0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pause) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        if self.law == "uniform":
            return f"{self.first:g}s..{self.second:g}s"
        return f"{self.law} {self.first:g}s" + (f" {self.second:g}" if self.second else "")

    @property
    def mean(self) -> float:
        """How long a pause lasts on average."""
        if self.law == "uniform":
            return (self.first + self.second) / 2
        return self.first * math.exp(self.second**2 / 2)

    def draw(self, drawn: Random) -> float:
        """One pause."""
        if self.law == "uniform":
            return drawn.uniform(self.first, self.second)
        if self.law == "exponential":
            return drawn.expovariate(1 / self.first) if self.first else 0.0
        return drawn.lognormvariate(math.log(self.first), self.second) if self.first else 0.0


class Rates:
    """How many arrive each second: from the least to the most, altogether or for each user."""

    __slots__ = ("least", "most", "per_user")

    def __init__(self, least: float, most: float, *, per_user: bool = False) -> None:
        self.least, self.most, self.per_user = least, most, per_user

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rates) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        rising = f"{self.least:g}/s..{self.most:g}/s"
        said = rising if self.least != self.most else f"{self.most:g}/s"
        return said + (" per user" if self.per_user else "")


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


def pause(text: str) -> Pause:
    """Read `1s`, `0.3s..1s`, `exponential 1s`, or `lognormal 1s 0.8` (median and spread)."""
    match = _LAW.fullmatch(text.strip())
    if match is None or (match["law"] == "lognormal") != (match["spread"] is not None):
        if text.strip()[:1].isalpha():
            raise ValueError(
                f"{text!r} is no law of pauses; write 1s, 0.3s..1s, exponential 1s or "
                "lognormal 1s 0.8"
            )
        drawn = span(text)
        return Pause("uniform", drawn.least, drawn.most)
    if match["law"] == "exponential":
        return Pause("exponential", duration(match["of"]))
    return Pause("lognormal", duration(match["of"]), float(match["spread"]))


def rates(text: str) -> Rates:
    """Read `20/s`, `5/s..50/s`, or either with `per user` behind it."""
    match = _RATES.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no rate; write it like 20/s, 5/s..50/s or 0.5/s per user")
    most = float(match["most"])
    least = float(match["least"]) if match["least"] else most
    return Rates(least, most, per_user=bool(match["each"]))


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
    Pause: (pause, '"0.3s..1s"'),
    Rates: (rates, '"20/s"'),
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
    if isinstance(value, Duration | Span | Pause | Rates | Size | Limit):
        return str(value)
    if isinstance(value, Secret):
        return str.__str__(value)
    raise NotImplementedError(type(value))
