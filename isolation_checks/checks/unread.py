"""Of which messages the dialect made nothing, and whether that is too much.

Platforms send what is no answer, in whatever form: a greeting, a beat of the heart.  So it
is what comes while an answer is awaited that counts.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from isolation_checks.loading.run import CONTROL, Run, count, records

MANY = 0.1
"""Where more than this share of what came to those who awaited an answer cannot be read, most
checks have not looked at enough of it."""
SHOWN = 40
"""Characters of such a message that are shown."""


def said(run: Run) -> tuple[str, str]:
    """Why evidence is lacking, if it is, and what could not be read at all; empty: nothing."""
    received = run.frames.filter(~nw.col("opcode").is_in(CONTROL) & (nw.col("channel") == "frame"))
    silent = received.filter(nw.col("unread"))
    many = count(silent)
    if not many:
        return "", ""
    asked = run.queries.select("session", "sent_s", "over_s")
    at, sent, over = (nw.col(name) for name in ("at_s", "sent_s", "over_s"))
    awaited = count(
        silent.join(asked, on="session", how="inner")
        .filter((at >= sent) & (over.is_null() | (at <= over)))
        .select("stream", "index")
        .unique()
    )
    everything = count(received)
    [first] = records(silent.select("at_s", "stream", "index"), "at_s", "stream", "index", limit=1)
    text = run.content(first["stream"], first["index"])[:SHOWN]
    line = (
        f"the dialect could read nothing in {many:,} of {everything:,} messages, such as {text!r}: "
        "they were searched for canaries, and not for names, facts, ids or ends"
    )
    too_many = awaited > MANY * (everything - many + awaited)
    return (line if too_many else ""), line
