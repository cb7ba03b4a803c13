"""Whether what the platform was told to remember is known wherever its teller asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from isolation_checks.checks import unplaced, visible, witness
from isolation_checks.checks.check import Found, Outcome, check
from isolation_checks.loading.history import Query
from isolation_checks.loading.run import Run, records
from isolation_checks.plan import provoking
from isolation_checks.plan.model import Plan
from isolation_checks.records import Ending, Kind, PrincipalId, QueryId
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

LIMIT = 0.01
"""The share of recalls that may fail, where the plan limits no share of errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Somebody asked for what they had told; whether it was in the answer."""

    asked: Query
    told: Query
    held: bool

    @property
    def elsewhere(self) -> bool:
        """It was told in another session."""
        return self.asked.session != self.told.session


def _asked(plan: Plan) -> str | None:
    if provoking.every(plan, "recall"):
        return None
    return "what is remembered elsewhere: the plan does not ask for it in another session"


@check(
    asks="Was what somebody told the platform to remember known in another session of theirs?",
    part="objectives",
    not_asked=_asked,
)
def recalled_elsewhere(run: Run) -> Outcome:
    """What is recalled in another session is missing no more often than in the same one.

    Beyond what the plan's `error_share` allows, and beyond what the platform leaves out where
    it was told: some never repeat word for word what they know.

    Catches:  ghost_store.
    Blind to: what is forgotten later than it was asked for.
    """
    recalls = list(recalls_of(run))
    here = [recall for recall in recalls if not recall.elsewhere]
    there = [recall for recall in recalls if recall.elsewhere]
    lost = [recall for recall in there if not recall.held]
    limits = [float(o.limit) for o in run.history.plan.objectives if o.indicator == "error_share"]
    limit = min(limits, default=LIMIT)
    usual = bounds.share(sum(not each.held for each in here), len(here))[1] if here else 1.0
    least, most = bounds.share(len(lost), len(there)) if lost else (0.0, 0.0)
    certain = least > max(usual, limit)
    # what it leaves out where it was told; from few such recalls nobody can say
    left_out = sum(not each.held for each in here) / len(here) if here else 0.0
    more = most > limit and (not here or len(lost) / len(there) > max(limit, left_out))
    nothing = there and not any(recall.held for recall in recalls)
    note = f"{len(lost)} of {len(there)} recalls lack what was told in another session"
    if nothing:
        note = "no recall held what had been told: what is known elsewhere cannot be seen"
    return Outcome(
        examined=len(there),
        unit="recalls",
        found=tuple(_found(run, cases) for cases in _by_teller(lost)) if certain else (),
        verdict=Verdict.UNKNOWN if nothing or (more and not certain) else None,
        note=note if lost and not certain else "",
        bounded=not lost,
    )


def recalls_of(run: Run) -> Iterator[Recall]:
    """Answered recalls, with the latest that their principal had told before."""
    unsure, queries = unplaced.unsure(run), run.history.queries
    told: dict[PrincipalId, list[tuple[float, str, Query]]] = {}
    for word, identity in visible.told_to_remember(run).items():
        query = queries[identity]
        if query.done_s is not None:
            told.setdefault(query.principal, []).append((query.done_s, word, query))
    own = (nw.col("channel") == "frame") & (nw.col("owner") == nw.col("principal"))
    seen = run.sightings.filter(own & ~nw.col("query").is_null()).select("query", "canary")
    held = {(record["query"], record["canary"]) for record in records(seen.unique())}
    for query in queries.values():
        recall = query.kind == Kind.RECALL and query.ending is Ending.OK
        before = [each for each in told.get(query.principal, ()) if each[0] <= query.sent_s]
        if recall and before and query.id not in unsure:
            _, word, teller = max(before, key=lambda each: each[0])
            yield Recall(asked=query, told=teller, held=(query.id, word) in held)


def _by_teller(lost: list[Recall]) -> list[list[Recall]]:
    groups: dict[PrincipalId, list[Recall]] = {}
    for recall in lost:
        groups.setdefault(recall.asked.principal, []).append(recall)
    return list(groups.values())


def _found(run: Run, cases: list[Recall]) -> Found:
    first = cases[0]
    who = first.asked.principal
    return Found(
        kind="forgotten-elsewhere",
        cwe=None,
        victim=who,
        recipient=None,
        channel="query",
        sentence=f"{who} told the platform something to remember, and another session of "
        f"{who}'s did not know it",
        times=len(cases),
        first_s=first.asked.sent_s,
        witness=lambda: witness.in_order(
            witness.asked(run, first.told.id, "victim"),
            witness.asked(run, first.asked.id, "victim"),
            Moment(
                at_s=first.asked.done_s,
                who=who,
                role="victim",
                did="was answered without what it had told",
            ),
        ),
        victim_query=first.told.id,
        queries=frozenset(QueryId(case.asked.id) for case in cases),
    )
