"""The fast look at a message whose names all stand at its root: most messages are such.

What is not the usual form is refused, and is then read with care: both give the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

import msgspec

from isolation_checks.dialects.reading import Reading
from isolation_checks.plan.tables.dialect import IDS
from isolation_checks.plan.tables.dialect import Dialect as Described

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_NOWHERE = "\u2022"
"""No message has a key that begins so."""


_Read = Callable[[bytes], Reading]


def at_the_root(described: Described, secrets: Sequence[str], otherwise: _Read) -> _Read:
    """What reads the names in messages; `otherwise` reads those of no usual form with care.

    `secrets` are the places of what must be known as secret as soon as it is heard.
    """
    where = described.where
    places = {"kind": where.type} | {name: where.ids(name) for name in IDS}
    heads = {name: groups[0] for name, groups in places.items() if groups}
    hidden = _tree(secrets)
    alone = len({*heads.values(), *hidden}) == len(heads) + len(hidden)
    deep = any("." in head or _is_open(head) for head in heads.values())
    if not heads or deep or not alone or described.kinds or any(map(_is_open, secrets)):
        return otherwise
    several = [name for name, group in places.items() if len(group) > 1]
    return _reader(_struct(heads, hidden), several, frozenset(described.ends), otherwise)


def _reader(
    root: type[Reading], several: Sequence[str], ends: frozenset[str], otherwise: _Read
) -> _Read:
    decoded = msgspec.json.Decoder(root).decode
    of_several = operator.attrgetter(*several, *several[:1]) if several else None

    def read(frame: bytes) -> Reading:
        try:
            reading = decoded(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return otherwise(frame)
        if reading.kind in ends or (of_several is not None and not all(of_several(reading))):
            return otherwise(frame)
        return reading

    return read


def _is_open(place: str) -> bool:
    """Whether a place leads through a list, or through any member."""
    return any(key == "*" or key.isdigit() for key in place.split("."))


_Tree = dict[str, "_Tree"]


def _tree(places: Sequence[str]) -> _Tree:
    root: _Tree = {}
    for place in places:
        below = root
        for key in place.split("."):
            below = below.setdefault(key, {})
    return root


def _struct(heads: dict[str, str], secrets: _Tree) -> type[Reading]:
    """A reading with the names as they stand in a message; one with a secret does not fit it."""
    fields, renamed = _hidden(secrets)
    for name, default in zip(Reading.__struct_fields__, Reading.__struct_defaults__, strict=True):
        fields.append((name, _Name | None if name in heads else Any, default))
        renamed[name] = heads.get(name, _NOWHERE + name)
    return cast(
        "type[Reading]",
        msgspec.defstruct("Root", fields, bases=(Reading,), rename=renamed, frozen=True, gc=False),
    )


def _hidden(secrets: _Tree) -> tuple[list[tuple[str, Any, Any]], dict[str, str]]:
    """Fields that nothing fits, at the ends of a tree; and their names in a message."""
    fields: list[tuple[str, Any, Any]] = []
    renamed: dict[str, str] = {}
    for number, (key, below) in enumerate(secrets.items()):
        name = f"hidden{number}"
        renamed[name] = key
        kind: Any = None
        if below:
            inner, inner_names = _hidden(below)
            kind = msgspec.defstruct("Inner", inner, rename=inner_names, gc=False) | None
        fields.append((name, kind, None))
    return fields, renamed
