"""The pieces of a stream put together again, as far as one word needs."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.dialects.events import dialect_of
from isolation_checks.dialects.reading import cautiously
from isolation_checks.loading import words
from isolation_checks.loading.run import Run, records

MOST = 50
"""So many frames before the last are looked at: a word of 22 symbols has no more pieces."""


def of_a_word(run: Run, record: dict[str, Any], canary: str) -> tuple[int, str] | None:
    """How many frames hold a word together, this record's the last, and what they say.

    Pieces of the same answer are tried first, then all that the session got.  None where
    neither holds it, or where the dialect cannot read them.
    """
    session = nw.col("session") == record["session"]
    near = (nw.col("index") <= record["index"]) & (nw.col("stream") == record["stream"])
    got = records(run.frames.filter(session & near & ~nw.col("kind").is_null()), "index")
    about = got[-1]["label_query"] if got else None
    same = [frame for frame in got if frame["label_query"] == about]
    return _held(run, same, canary) or _held(run, got, canary)


def _held(run: Run, frames: list[dict[str, Any]], canary: str) -> tuple[int, str] | None:
    last = [frame["index"] for frame in frames[-MOST:]]
    contents = run.contents(frames[-1]["stream"], last) if last else {}
    dialect = dialect_of(run.history.plan.dialect)
    said = ""
    for pieces, index in enumerate(reversed(last), 1):
        said = (cautiously(dialect, contents.get(index, "").encode()).text or "") + said
        if any(word.word.upper() == canary for word in words.everywhere(said)):
            return pieces, said
    return None
