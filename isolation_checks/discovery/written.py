"""Proposals as the `[rows]` part of a plan, with a comment on each line for a person to confirm."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from isolation_checks.discovery.propose import Line, Proposal

_WIDEST = 60
"""A value longer than this does not push the comments of the others to the right."""


def toml(
    url: str, proposals: Sequence[Proposal], heading: Iterable[str], kept: Mapping[str, object]
) -> str:
    """The part of a plan, beginning with a heading of comments.

    `url` is as the plan says it, and so are the other keys of its `[rows]` that are kept.
    """
    lines = [f"# {line}" for line in heading]
    lines += ["", "[rows]", f"url = {_value(url)}"]
    lines += [f"{name} = {_inline(value)}" for name, value in kept.items()]
    for proposal in proposals:
        sample = proposal.sample
        lines += ["", "[[rows.tables]]"]
        known = [Line(key="name", value=sample.name, why=_seen(proposal))]
        if sample.url != url:
            known.append(Line(key="url", value=sample.url, why="that is where it lies"))
        if sample.keys:
            known.append(Line(key="keys", value=sample.keys, why="the keys that are alike"))
        lines += _commented([*known, *proposal.lines])
        lines += [f"# {note}" for note in proposal.notes]
    return "\n".join(lines) + "\n"


def _seen(proposal: Proposal) -> str:
    number = len(proposal.sample.rows)
    which = "" if proposal.sample.whole else "the newest "
    return f"of {which}{number} rows {proposal.seen} are of this run"


def _commented(lines: Sequence[Line]) -> list[str]:
    said = [f"{line.key} = {_value(line.value)}" for line in lines]
    width = max((len(text) for text in said if len(text) <= _WIDEST), default=0)
    return [f"{text:{width}}  # {line.why}" for text, line in zip(said, lines, strict=True)]


def _value(value: str | int | tuple[str, ...]) -> str:
    """A value in TOML; its basic strings are written as JSON's are."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def plan(table: object) -> str:
    """A plan's tables as TOML, each key of the plan on one line."""
    assert isinstance(table, dict)
    return "".join(f"{_key(name)} = {_inline(value)}\n" for name, value in table.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
