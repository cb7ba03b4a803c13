"""Breaks of delivery: an event of an answer is dropped."""

from __future__ import annotations

import random
from collections import defaultdict

from isolation_checks.control.breaks import Break, Words
from isolation_checks.control.extract import Extract, Record

KIND = "event dropped"
_Answer = dict[bytes, list[int]]
"""By the name of an event, the places in the stream of the frames that show it."""


def drop(
    taken: Extract, *, words: Words, spared: set[str], drawn: random.Random, breaks: int
) -> list[Break]:
    """Drop one event each of so many answers that showed all of theirs; some users are spared."""
    once = [name for name in words.protocol if name not in words.repeats]
    chances: list[tuple[str, Record, int]] = []
    for process in taken.processes:
        asked = _answered(taken, process)
        for query, shown in _shown(taken, process, asked, words.protocol).items():
            whole = all(shown.get(name) for name in words.protocol)
            single = [shown[name][0] for name in once if len(shown.get(name, ())) == 1]
            record = asked[query]
            if whole and single and record["principal"] not in spared:
                chances.append((process, record, drawn.choice(single)))
    gone: dict[str, set[int]] = defaultdict(set)
    planted = []
    for process, record, place in drawn.sample(chances, min(breaks, len(chances))):
        gone[process].add(place)
        who = record["principal"]
        planted.append(
            Break(kind=KIND, channel="delivery", victim=who, recipient=who, query=record["query"])
        )
    for process, places in gone.items():
        stream = f"history/{process}/frames"
        frames = enumerate(taken.records[stream])
        taken.records[stream] = [frame for place, frame in frames if place not in places]
    return planted


def _answered(taken: Extract, process: str) -> dict[str, Record]:
    """By its name, what was asked and ended well, with the moments between which."""
    asked: dict[str, Record] = {}
    ended: dict[str, Record] = {}
    for record in taken.of(process, "queries"):
        (asked if record["step"] == "asked" else ended)[record["query"]] = record
    return {
        query: record | {"until_ns": ended[query]["done_ns"]}
        for query, record in asked.items()
        if query in ended and ended[query]["ending"] == "ok" and ended[query]["done_ns"]
    }


def _shown(
    taken: Extract, process: str, asked: dict[str, Record], protocol: tuple[bytes, ...]
) -> dict[str, _Answer]:
    """Which frames show which event of which query.

    A frame is a query's that names it, or came while it was the only one of its session.
    """
    by_session: dict[int, list[Record]] = defaultdict(list)
    for record in asked.values():
        by_session[record["session"]].append(record)
    quoted = {name: b'"' + name + b'"' for name in protocol}
    shown: dict[str, _Answer] = defaultdict(lambda: defaultdict(list))
    for place, frame in enumerate(taken.of(process, "frames")):
        at_ns, content = frame["received_ns"], frame["content"]
        around = [
            record["query"]
            for record in by_session.get(frame["session"], ())
            if record["sent_ns"] <= at_ns <= record["until_ns"]
        ]
        named = [query for query in around if query.encode() in content] or around
        kinds = [name for name, word in quoted.items() if word in content]
        if len(named) == 1 and len(kinds) == 1:
            shown[named[0]][kinds[0]].append(place)
    return shown
