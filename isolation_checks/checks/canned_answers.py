"""Whether different questions were answered with different words."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from isolation_checks.checks import witness
from isolation_checks.checks.check import Found, Outcome, check
from isolation_checks.dialects.events import dialect_of
from isolation_checks.dialects.reading import cautiously
from isolation_checks.loading import words
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, groups_of, records
from isolation_checks.records import Ending, Kind, QueryId
from isolation_checks.statistics import bounds

LIMIT = 0.01
"""The share of answers that may be canned, where the plan limits no share of errors."""
SEVERAL = 3
"""As many different questions must have had the same answer."""
LOOKED_AT = 200
"""Of answers that hold no word of their question, how many are compared."""


@check(
    asks="Were different questions answered with different words?",
    part="objectives",
)
def answers_differ(run: Run) -> Outcome:
    """Few enough questions, each with a reference of its own, have word for word one answer.

    Only answers that hold no word of their own question are compared, and only on a platform
    whose answers do hold such words; on any other nobody can say.  Few enough are those that
    the plan's `error_share` allows.

    Catches:  fake_success.
    Blind to: excuses that are worded anew each time.
    """
    questions = [
        query
        for query in run.history.queries.values()
        if query.ending is Ending.OK and query.kind == Kind.QUESTION
    ]
    silent = {query.id: query for query in questions if not query.echoed}
    able = len(silent) < len(questions)
    compared = _spread(silent) if able else {}
    groups = list(_alike(run, compared).values()) if compared else []
    canned = [group for group in groups if len({query.text for query, _ in group}) >= SEVERAL]
    hits = sum(map(len, canned))
    limits = [float(o.limit) for o in run.history.plan.objectives if o.indicator == "error_share"]
    # of so many questions as the compared ones stand for
    examined = len(questions) * len(compared) // len(silent) if silent else len(questions)
    too_many = hits > 0 and bounds.share(hits, max(examined, hits))[0] > min(limits, default=LIMIT)
    return Outcome(
        examined=examined if able else 0,
        unit="answers",
        found=tuple(_found(run, group) for group in canned) if too_many else (),
        bounded=not hits,
        note="" if too_many else _note(len(questions), hits, able=able),
    )


def _note(questions: int, hits: int, *, able: bool) -> str:
    if not able:
        why = "no answer held a word of its own question: a canned one would look the same"
        return why if questions else "no question was answered"
    return f"{hits} answers were the same as others'" if hits else ""


def _spread(silent: dict[QueryId, Query]) -> dict[QueryId, Query]:
    """As many as are compared, from the whole of the run: what goes wrong late counts too."""
    step = -(-len(silent) // LOOKED_AT) or 1
    ordered = sorted(silent.values(), key=lambda query: query.sent_s)
    return {query.id: query for query in ordered[::step]}


_Answer = tuple[Query, dict[str, Any]]


def _alike(run: Run, silent: dict[QueryId, Query]) -> dict[str, list[_Answer]]:
    """The answers to these queries, by their words."""
    wanted = sorted(silent)
    last = run.frames.filter(
        (nw.col("ending") == Ending.OK.value) & nw.col("query").is_in(wanted)
    ).select("query", "stream", "index", "at_s", "kind")
    dialect = dialect_of(run.history.plan.dialect)
    groups: dict[str, list[_Answer]] = {}
    ended = records(last, "at_s", "stream", "index")
    said = {
        (group[0]["stream"], index): content
        for group in groups_of(ended, "stream")
        for index, content in run.contents(
            group[0]["stream"], [each["index"] for each in group]
        ).items()
    }
    for record in ended:
        content = said.get((record["stream"], record["index"]), "")
        text = cautiously(dialect, content.encode()).text
        if text and next(words.exact(text), None) is None:  # another's word is isolation's affair
            groups.setdefault(text, []).append((silent[QueryId(record["query"])], record))
    return groups


def _found(run: Run, group: list[_Answer]) -> Found:
    (query, record), (other, its) = group[0], group[1]
    return Found(
        kind="canned-answer",
        cwe=None,
        victim=query.principal,
        recipient=None,
        channel="query",
        sentence=f"{len(group)} questions, {query.principal}'s first, had the same answer "
        "word for word, which holds nothing of any of them",
        times=len(group),
        first_s=record["at_s"],
        witness=lambda: witness.in_order(
            witness.asked(run, query.id, "victim"),
            witness.arrived(run, record, query.principal, "victim"),
            witness.asked(run, other.id, "other"),
            witness.arrived(run, its, other.principal, "other"),
        ),
        places=tuple((each["stream"], each["index"]) for _, each in group),
        victim_query=query.id,
        queries=frozenset(each.id for each, _ in group),
    )
