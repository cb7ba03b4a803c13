"""What of ours is written as JSON: a judgement, a capacity, a baseline, each of one version.

What is read back and is none, or is of another version, is the user's mistake, said in one
sentence.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from isolation_checks.errors import UsageError


class Data(msgspec.Struct, frozen=True):
    """A plain value that is written to JSON as it stands."""


class _Labelled(msgspec.Struct):
    """What every version of every shape says."""

    schema: str


_Kind = TypeVar("_Kind", bound=msgspec.Struct)


def decode(content: bytes, kind: type[_Kind], schema: str, *, noun: str, again: str) -> _Kind:
    """What `content` holds, if it is of this schema; `again` says how one makes a new one.

    Raises:
        UsageError: it is no such thing, or one of another version.
    """
    try:
        found = msgspec.json.decode(content, type=_Labelled).schema
        if found != schema:
            raise UsageError(f"this {noun} says {found!r}, not {schema!r}; {again}")
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise UsageError(f"this is no {noun} ({error}); {again}") from error
