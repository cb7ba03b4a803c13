"""Messages as data: filling `{name}` in a table, and finding a dotted place in a message.

It knows no platform and no dialect.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

_WORD = r"[a-z_][a-z0-9_]*(?:\.[^{}|]+)?"
_HOLE = re.compile(rf"\{{({_WORD}(?:\|{_WORD})*)\}}")
_ALMOST = re.compile(r"\{([A-Za-z_][\w.|-]*)\}")
_ABSENT = object()


def fill(template: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON has no better type
    """A template with its holes filled.

    A string that is one hole and nothing else becomes the value itself, whatever
    its type; where that value is unknown (None), its key is left out, and in an array it
    is null, so that what stands behind it keeps its place.  `{a|b}` takes the first that
    is known; `{frame.payload.id}` looks into a mapping.
    """
    result = _fill(template, names)
    return None if result is _ABSENT else result


def _fill(template: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(template, str):
        whole = _HOLE.fullmatch(template)
        if whole:
            value = _value(whole[1], names)
            return _ABSENT if value is None else value
        return _HOLE.sub(lambda hole: str(_known(_value(hole[1], names))), template)
    if isinstance(template, Mapping):
        filled = {key: _fill(value, names) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not _ABSENT}
    if isinstance(template, Sequence):
        filled_items = [_fill(item, names) for item in template]
        return [None if item is _ABSENT else item for item in filled_items]
    return template


def _known(value: Any) -> Any:  # noqa: ANN401 - JSON
    return "" if value is None else value


def _value(hole: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    for alternative in hole.split("|"):
        value = find(names, alternative)
        if value is not None:
            return value
    return None


def in_url(template: str, names: Mapping[str, Any]) -> str:
    """A template of a URL, or of its path, with what is filled in quoted."""
    return str(fill(template, _Quoted(names)))


class _Quoted(Mapping[str, Any]):
    """Names whose texts can stand in a URL."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - whatever it stands for
        value = self._names[name]
        return urllib.parse.quote(value, safe="") if isinstance(value, str) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def holes(template: Any) -> frozenset[str]:  # noqa: ANN401 - JSON
    """The first part of every name that a template refers to."""
    if isinstance(template, str):
        found = (alternative for hole in _HOLE.findall(template) for alternative in hole.split("|"))
        return frozenset(name.partition(".")[0] for name in found)
    if isinstance(template, Mapping):
        return frozenset().union(*map(holes, template.values()))
    if isinstance(template, Sequence):
        return frozenset().union(*map(holes, template))
    return frozenset()


def strange_holes(template: Any) -> frozenset[str]:  # noqa: ANN401 - JSON
    """What looks like a hole and would be sent as it stands: `{Query}`, `{user-id}`."""
    if isinstance(template, str):
        return frozenset(_ALMOST.findall(_HOLE.sub("", template)))
    if isinstance(template, Mapping):
        return frozenset().union(*map(strange_holes, template.values()))
    if isinstance(template, Sequence):
        return frozenset().union(*map(strange_holes, template))
    return frozenset()


def find(message: Any, place: str) -> Any:  # noqa: ANN401 - JSON
    """What stands at a dotted place of a message, or None.

    A string that is JSON itself is looked into: there are envelopes that carry theirs so.
    """
    for key in place.split("."):
        if isinstance(message, str):
            message = _inside(message)
        if isinstance(message, Mapping):
            message = message.get(key)
        elif isinstance(message, Sequence) and key.isdigit():
            message = message[int(key)] if int(key) < len(message) else None
        else:
            return None
        if message is None:
            return None
    return message


def _inside(text: str) -> Any:  # noqa: ANN401 - JSON
    """The object or array that a string is the JSON of; None where it is none."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def find_all(message: Any, place: str) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Everything that stands at a place in which `*` means every member."""
    key, _, rest = place.partition(".")
    if key == "*":
        members: Any = ()
        if isinstance(message, str):
            message = _inside(message)
        if isinstance(message, Mapping):
            members = message.values()
        elif isinstance(message, Sequence):
            members = message
        below = members
    else:
        found = find(message, key)
        below = () if found is None else (found,)
    for member in below:
        if rest:
            yield from find_all(member, rest)
        else:
            yield member


def first_text(message: Any, places: Sequence[str]) -> str | None:  # noqa: ANN401 - JSON
    """The first scalar found at any of the places, as text."""
    for place in places:
        text = as_text(find(message, place))
        if text is not None:
            return text
    return None


def as_text(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """A scalar as text; None for what says nothing: an empty string, a truth value, no scalar."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every string inside a JSON value, in order, however deep it is."""
    left = [value]
    while left:
        member = left.pop()
        if isinstance(member, str):
            yield member
        elif isinstance(member, Mapping):
            left.extend(reversed(list(member.values())))
        elif isinstance(member, Sequence):
            left.extend(reversed(member))
