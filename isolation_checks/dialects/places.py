"""The places of a dialect, compiled once, so that a message is read without walking it.

Only what a plan names is decoded.  A message whose form is not the usual one is
`Unusual`: walking through it, as `template` does, gives the same in more time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from isolation_checks.dialects import template

Getter = Callable[[Any], Any]
_Path = tuple[str, ...]
_NOT_AN_OBJECT = str | int | float | bool | list[Any] | None
_NOWHERE: _Path = ("(no message has this key)",)
"""Where a group's head lies that has no place of its own."""


class Unusual(Exception):  # noqa: N818 - no error: the message must be walked through
    """No JSON, or no object, or something else stands where an object was expected."""


class Places:
    """Groups of places in messages that are JSON objects; the first hit of a group wins."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        split = [[_split(place) for place in group] for group in groups]
        leaves = _leaves(path for group in split for path, _ in group)
        names = {path: ".".join(f"f{at}" for at in numbers) for path, numbers in _numbered(leaves)}
        self._decode = msgspec.json.Decoder(_struct(_tree(leaves))).decode
        self._groups: list[list[tuple[Getter, str]]] = []
        self._heads: list[str] = []
        self.single: list[bool] = []
        """For every group, whether its head is all there is to look at."""
        for group in split:
            found = [_below(path, rest, names) for path, rest in group]
            self._groups.append([(operator.attrgetter(name), rest) for name, rest in found])
            direct = bool(found) and not found[0][1]
            self._heads.append(found[0][0] if direct else names[_NOWHERE])
            self.single.append(not found or (direct and len(found) == 1))

    def decoded(self, message: bytes) -> Any:  # noqa: ANN401 - a struct that is made here
        """What a message holds at the places of any group.

        Raises:
            Unusual: it is no JSON object.
        """
        try:
            return self._decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unusual from error

    def heads(self, *groups: int) -> Getter:
        """A getter of what stands at the first place of each of some groups.

        It takes what `decoded` gave, gives a tuple where there are two or more, and raises
        AttributeError for what is Unusual.
        """
        return operator.attrgetter(*(self._heads[group] for group in groups))

    def values(self, decoded: Any, group: int) -> Iterator[Any]:  # noqa: ANN401 - see `decoded`
        """What stands at each place of a group, in their order; None where nothing does."""
        for getter, rest in self._groups[group]:
            value = getter(decoded)
            yield template.find(value, rest) if rest else value

    def lists(self, decoded: Any, group: int) -> Iterator[list[Any]]:  # noqa: ANN401 - see `decoded`
        """Everything at each place of a group in which `*` means every member."""
        for getter, rest in self._groups[group]:
            value = getter(decoded)
            if rest:
                yield list(template.find_all(value, rest))
            else:
                yield [] if value is None else [value]


def _split(place: str) -> tuple[_Path, str]:
    """A place up to where it leads through a list or through any member, and the rest."""
    keys = place.split(".")
    open_at = next((at for at, key in enumerate(keys) if key == "*" or key.isdigit()), len(keys))
    return tuple(keys[:open_at]), ".".join(keys[open_at:])


def _leaves(paths: Iterable[_Path]) -> list[_Path]:
    """Paths of which none leads into another: what stands there is decoded as it is."""
    kept: list[_Path] = [_NOWHERE]
    for path in sorted(set(paths), key=len):
        if not any(path[: len(leaf)] == leaf for leaf in kept):
            kept.append(path)
    return kept


def _below(path: _Path, rest: str, names: dict[_Path, str]) -> tuple[str, str]:
    """The attribute that holds a path, and what is left to walk from there."""
    length = next(at for at in range(len(path) + 1) if path[:at] in names)
    left = ".".join((*path[length:], *((rest,) if rest else ())))
    return names[path[:length]], left


_Tree = dict[str, "_Tree"]


def _tree(leaves: Iterable[_Path]) -> _Tree:
    root: _Tree = {}
    for leaf in leaves:
        below = root
        for key in leaf:
            below = below.setdefault(key, {})
    return root


def _numbered(leaves: Sequence[_Path]) -> Iterator[tuple[_Path, list[int]]]:
    """The leaves with the numbers of their fields, level by level."""
    for leaf in leaves:
        below, numbers = _tree(leaves), []
        for key in leaf:
            numbers.append(list(below).index(key))
            below = below[key]
        yield leaf, numbers


def _struct(tree: _Tree) -> type[msgspec.Struct]:
    """The type that decodes a tree of keys and passes over everything else."""
    fields: list[tuple[str, Any, Any]] = []
    renamed = {}
    for number, (key, below) in enumerate(tree.items()):
        renamed[f"f{number}"] = key
        if below:
            inner = _struct(below)
            fields.append((f"f{number}", inner | _NOT_AN_OBJECT, inner()))
        else:
            fields.append((f"f{number}", Any, None))
    return msgspec.defstruct("Message", fields, rename=renamed, frozen=True, gc=False)
