"""Whether the generator itself was on time."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np

from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run, count, records
from isolation_checks.verdicts.lattice import Verdict


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
    sent = np.array([query.sent_s - query.due_s for query in run.history.queries.values()])
    frames, late_frames, longest = _read(run, limit)
    shares = (
        float(np.mean(sent > limit)) if len(sent) else 0.0,
        late_frames / frames if frames else 0.0,
    )
    worst = max(float(np.max(sent, initial=0.0)), longest)
    stall = max((second.stall_s for second in run.history.health), default=0.0)
    late = max(shares) > lag.share
    note = (
        f"{shares[0]:.1%} of the queries were sent, and {shares[1]:.1%} of the frames read, "
        f"more than {limit:g} s late; at worst {worst:.2f} s, "
        f"the loop's longest round {stall:.2f} s"
    )
    if not len(sent):
        note = "no query was asked"
    return Outcome(
        examined=len(sent),
        unit="queries",
        verdict=Verdict.UNKNOWN if late or not len(sent) else Verdict.PASS,
        note=note if late or worst > limit or not len(sent) else "",
        bounded=False,
        times=int(np.sum(sent > limit)),
    )


def _read(run: Run, limit: float) -> tuple[int, int, float]:
    """How many frames there are, how many waited for us longer than that, and how long at most.

    Those of sessions that we did not read on purpose are left out.
    """
    unread = {a.session for a in run.history.provocations if a.kind == "slow_reader" and a.session}
    read = run.frames
    if unread:
        read = read.filter(~nw.col("session").is_in(sorted(unread)))
    frames = count(read)
    late = read.filter(nw.col("late_s") > limit)
    longest = records(late.select(nw.col("late_s").max().alias("longest")))[0]["longest"]
    return frames, count(late), longest or 0.0
