"""What a planted break is, and who is there for it: the nouns that all who plant share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from isolation_checks.control.extract import Extract, Record

Channel = Literal["frame", "row", "delivery"]
Circle = Callable[[Record], str]
"""From the record of a principal to a name for those with whom it shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One planted break: what kind, where it stands, whose words reached whom."""

    kind: str
    channel: Channel
    victim: str
    recipient: str
    places: tuple[tuple[str, int], ...] = ()
    query: str | None = None
    """The query whose event was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the plan says, as words that stand in messages."""

    texts: tuple[bytes, ...]
    """The names under which texts stand."""
    protocol: tuple[bytes, ...]
    """The events that every answer shows."""
    repeats: tuple[bytes, ...]
    """Those of them that may come again."""
    binary: bool = True
    """Whether messages may come in binary frames, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who is there, who are strangers to each other, and what each was given."""

    circles: dict[str, str]
    names: dict[str, str]
    """By what the platform calls a principal, its subject or its email."""
    owners: dict[bytes, str]
    given: tuple[tuple[int, str, bytes], ...]
    """When, to whom, which canary."""

    def strangers(self, one: str, other: str) -> bool:
        """Whether two principals share nothing."""
        return self.circles.get(one, one) != self.circles.get(other, other)


def cast(taken: Extract, circle: Circle) -> Cast:
    """Who is there by the records."""
    principals = list(taken.everywhere("principals"))
    tokens = [each for each in taken.everywhere("plantings") if each["kind"] == "token"]
    return Cast(
        circles={each["principal"]: circle(each) for each in principals},
        names={
            each[name]: each["principal"]
            for each in principals
            for name in ("email", "subject")
            if each[name] is not None
        },
        owners={each["canary"].encode(): each["principal"] for each in tokens},
        given=tuple(sorted((e["at_ns"], e["principal"], e["canary"].encode()) for e in tokens)),
    )
