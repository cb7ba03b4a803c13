"""Why no query was answered, in the platform's own words where it said any."""

from __future__ import annotations

from collections import Counter

import narwhals.stable.v2 as nw

from isolation_checks.loading.history import Query
from isolation_checks.loading.run import CONTROL, Relation, Run, count, records
from isolation_checks.records import NEVER_SENT, Reason

NONE = "no query was answered"
SHOWN = 120
"""Characters of a message that are shown."""
_OURS = {
    Reason.TIMEOUT: "waited in vain",
    Reason.SESSION_LOST: "lost their session",
    Reason.GIVEN_UP: "were given up by us",
    Reason.RUN_ENDED: "were still open when the run ended",
}


def said(run: Run) -> str:
    """How most queries ended, of none of which the answer came, and what came instead."""
    sent = [q for q in run.history.queries.values() if q.reason not in (None, *NEVER_SENT)]
    if not sent:
        return NONE
    [(reason, many)] = Counter(query.reason for query in sent).most_common(1)
    how = _OURS.get(Reason(reason)) if reason in set(Reason) else f"ended by {reason!r}"
    like = [query for query in sent if query.reason == reason]
    return f"{NONE}: {many} of {len(sent)} {how}; {_came(run, like)}"


def _came(run: Run, queries: list[Query]) -> str:
    """What came of such queries, or else in the sessions on which they were asked."""
    received = run.frames.filter(~nw.col("opcode").is_in(CONTROL) & (nw.col("channel") == "frame"))
    own = received.filter(nw.col("query").is_in(list({query.id for query in queries})))
    text = _last(run, own)
    if text:
        return f"the last that came of them was {text}"
    sessions = {query.session for query in queries}
    beside = received.filter(nw.col("session").is_in(list(sessions)))
    text = _last(run, beside)
    if not text:
        return "not a single message came"
    return f"{count(beside):,} messages came, and none that answers any, the last {text}"


def _last(run: Run, frames: Relation) -> str:
    """The last of some frames, as far as it is shown; empty: there are none."""
    for frame in records(frames.sort("at_s", descending=True), limit=1):
        text = run.content(frame["stream"], frame["index"])
        return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"
    return ""
