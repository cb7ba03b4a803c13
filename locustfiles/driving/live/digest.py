"""What one process saw since it last told: counts, sketches, and foreign canaries.

It looks at batches that the recorder has written, in the recorder's native thread, so it may
not touch gevent; what it tells is bounded, however much there is to tell.  It sees a canary only
as it was made: not encoded, not apart, not over two frames.  The judge looks further.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

from isolation_checks import canary
from isolation_checks.records import Ending

PAIRS, PRINCIPALS, REASONS = 50, 500, 20
"""How many of each one message may hold."""
APART = 2_000
"""How many pairs of owner and recipient are kept apart; more are counted."""
BEFORE, AFTER = 60, 80
"""Octets of a frame that are shown around a foreign canary."""
LONGEST = 60
"""Characters of a word of the platform's that are told."""
PHASES = ("connect", "first event", "completion", "lag")
_WORD = re.compile(rb"cx[0-9a-hjkmnp-tv-z]{20}")
"""A canary's form in small letters, where its beginning is searched for fast."""
_KNOWN = 1 << 14
_EARLIER = -1
"""Stands for the owner of a canary of another run."""

Int64s = npt.NDArray[np.int64]
Records = Sequence[Mapping[str, Any]]


def sketch() -> HdrHistogram:
    """An empty sketch of durations in microseconds, to three digits, up to an hour.

    Two of them are added without loss, whichever process they come from.
    """
    return HdrHistogram(1, 3_600_000_000, 3)


class Digest:
    """What one process saw in one run, and did not tell yet."""

    def __init__(self, *, run: str, process: str, key: bytes) -> None:
        self.run = run
        self.process = process
        self._key = key
        self._number = canary.run_number(run)
        self._owner_of_word: dict[bytes, int | None] = {}
        self._owner_of: dict[str, int] = {}
        self._session_owner: dict[int, int] = {}
        self._due: dict[str, int] = {}
        self._principals: list[tuple[Any, ...]] = []
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._provocations: Counter[str] = Counter()
        self._sketches = {phase: sketch() for phase in PHASES}
        self._pairs: dict[tuple[int, int], dict[str, Any]] = {}
        self._met: set[tuple[int, int]] = set()
        self._health: dict[str, Any] = {}
        self._looks: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "principals": self._principal,
            "sessions": self._session,
            "queries": self._query,
            "provocations": self._provocation,
            "health": self._healthy,
        }
        self.urgent = False
        """Somebody's words reached somebody whom they had not reached before."""

    def notes(self, stream: str, records: Records) -> None:
        """Look at records of one of the slower streams."""
        look = self._looks.get(stream)
        if look is not None:
            for record in records:
                look(record)

    def frames(
        self, first: int, sessions: Int64s, received_ns: Int64s, contents: list[bytes]
    ) -> None:
        """Look for foreign canaries in a batch of frames, the first of which has this index."""
        self._counts["frames"] += len(contents)
        joined = b"\n".join(contents).lower()
        found = list(_WORD.finditer(joined))
        if not found:
            return
        ends = np.cumsum(np.fromiter(map(len, contents), dtype=np.int64, count=len(contents)) + 1)
        places = np.searchsorted(ends, [match.start() for match in found], side="right")
        for match, place in zip(found, places.tolist(), strict=True):
            owner = self._whose(match[0])
            recipient = self._session_owner.get(int(sessions[place]))
            if owner is None or recipient is None or owner == recipient:
                continue
            if owner == _EARLIER:
                self._counts["earlier"] += 1
                continue
            if len(self._met) >= APART and (owner, recipient) not in self._met:
                self._counts["beyond"] += 1
                continue
            pair = self._pairs.setdefault((owner, recipient), {"times": 0})
            pair["times"] += 1
            if (owner, recipient) not in self._met:
                self._met.add((owner, recipient))
                self.urgent = True
                start = match.start() - (int(ends[place]) - len(contents[place]) - 1)
                pair["first"] = {
                    "at_ns": int(received_ns[place]),
                    "stream": f"history/{self.process}/frames",
                    "index": first + place,
                    "session": int(sessions[place]),
                    **_excerpt(contents[place], start, start + len(match[0])),
                }

    def told(self) -> dict[str, Any]:
        """Everything since the last call, as plain values; what is too much stays for the next."""
        told: dict[str, Any] = {
            "run": self.run,
            "process": self.process,
            "now_ns": time.monotonic_ns(),
            "principals": self._principals[:PRINCIPALS],
            "counts": dict(self._counts),
            "reasons": dict(self._reasons.most_common(REASONS)),
            "provocations": dict(self._provocations),
            "latency": {
                phase: sketched.encode()
                for phase, sketched in self._sketches.items()
                if sketched.get_total_count()
            },
            "health": self._health,
            "pairs": [[*pair, said] for pair, said in list(self._pairs.items())[:PAIRS]],
        }
        del self._principals[:PRINCIPALS]
        for pair in list(self._pairs)[:PAIRS]:
            del self._pairs[pair]
        for counter in (self._counts, self._reasons, self._provocations):
            counter.clear()
        for phase in told["latency"]:
            self._sketches[phase].reset()
        self._health = {}
        self.urgent = False
        return told

    def _whose(self, word: bytes) -> int | None:
        """The number of a canary's owner; None where it is no canary."""
        known = self._owner_of_word
        if word not in known:
            if len(known) >= _KNOWN:
                known.clear()
            parts = canary.read(self._key, word.decode("ascii"))
            if parts is None:
                known[word] = None
            else:
                known[word] = parts.owner if parts.run == self._number else _EARLIER
        return known[word]

    def _principal(self, record: Mapping[str, Any]) -> None:
        self._owner_of[record["principal"]] = record["owner"]
        columns = ("owner", "principal", "role", "tenant", "subject")
        self._principals.append(tuple(record.get(name) for name in columns))

    def _session(self, record: Mapping[str, Any]) -> None:
        owner = self._owner_of.get(record["principal"])
        if owner is not None:
            self._session_owner[record["session"]] = owner
        if record.get("channel") != "websocket":
            return
        self._counts[f"sessions {record['step']}"] += 1
        if record["step"] == "ready" and record.get("due_ns") is not None:
            self._took("connect", record["at_ns"] - record["due_ns"])

    def _query(self, record: Mapping[str, Any]) -> None:
        if record["step"] == "asked":
            self._counts["asked"] += 1
            self._due[record["query"]] = record["due_ns"]
            self._took("lag", record["sent_ns"] - record["due_ns"])
            return
        ending = str(record["ending"])
        self._counts[ending] += 1
        if ending != Ending.OK:
            self._reasons[str(record["reason"])[:LONGEST]] += 1
        due_ns = self._due.pop(record["query"], None)
        for phase, column in (("first event", "first_ns"), ("completion", "done_ns")):
            if due_ns is not None and record.get(column) is not None:
                self._took(phase, record[column] - due_ns)

    def _provocation(self, record: Mapping[str, Any]) -> None:
        self._provocations[record["kind"]] += 1

    def _healthy(self, record: Mapping[str, Any]) -> None:
        worst = max(record["stall_ns"], self._health.get("stall_ns", 0))
        self._health = {**record, "stall_ns": worst}

    def _took(self, phase: str, took_ns: int) -> None:
        sketched = self._sketches[phase]
        sketched.record_value(min(max(took_ns // 1_000, 1), sketched.highest_trackable_value))


def _excerpt(content: bytes, start: int, end: int) -> dict[str, Any]:
    """What stands around a word in a message, and where the word begins and ends in that."""
    before, word, after = (
        part.decode("utf-8", "replace")
        for part in (content[max(0, start - BEFORE) : start], content[start:end], content[end:])
    )
    after = after[:AFTER]
    return {"text": before + word + after, "mark": [len(before), len(before) + len(word)]}
