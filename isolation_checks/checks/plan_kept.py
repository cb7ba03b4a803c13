"""Whether the generator itself was on time."""

from __future__ import annotations

import numpy as np

from isolation_checks.checks.check import Outcome, check
from isolation_checks.judging.verdict import Verdict
from isolation_checks.loading.run import Run, records


@check(
    asks="Was the generator itself on time, so that its latencies can be trusted?",
    part="objectives",
)
def plan_kept(run: Run) -> Outcome:
    """Few queries were sent late, and few frames waited for us to read them.

    Catches:  a generator that is short of CPU, whose own queue would be measured.
    Blind to: delays in the network between us and the platform.
    """
    lag = run.history.plan.lag
    limit = float(lag.limit)
    queries = run.history.queries.values()
    sent = np.array([query.sent_s - query.due_s for query in queries])
    read = np.array([r["late_s"] for r in records(run.frames.select("late_s"))])
    shares = [float(np.mean(delays > limit)) if len(delays) else 0.0 for delays in (sent, read)]
    late = max(shares) > lag.share
    worst = max((float(np.max(delays)) for delays in (sent, read) if len(delays)), default=0.0)
    stall = max((second.stall_s for second in run.history.health), default=0.0)
    note = (
        f"{shares[0]:.1%} of the queries were sent, and {shares[1]:.1%} of the frames read, more than "
        f"{limit:g} s late; at worst {worst:.2f} s, the loop's longest round {stall:.2f} s"
    )
    verdict = Verdict.UNKNOWN if late or not len(sent) else Verdict.PASS
    return Outcome(
        examined=len(sent),
        unit="queries",
        verdict=verdict,
        note=note if late or worst > limit else "",
        bounded=False,
        times=int(np.sum(sent > limit)),
    )
