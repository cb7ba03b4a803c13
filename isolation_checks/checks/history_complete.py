"""Whether what was recorded is all that should have been, and could be read."""

from __future__ import annotations

from isolation_checks.checks import unread
from isolation_checks.checks.check import Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.verdicts.lattice import Verdict

_GOODBYE = (None, 1000)
"""The close codes of a session that we left because we wanted to."""


@check(
    asks="Did every process write down all it saw, and is it still as it was written?",
    part="evidence",
)
def history_complete(run: Run) -> Outcome:
    """Every expected process began, its seal agrees with its streams, and it heard all there was.

    Nine of ten messages that came while an answer was awaited could be read by the dialect.
    In one of which it makes nothing canaries are looked for, but no names, facts, ids or ends.

    Catches:  a killed worker, a full disk, a stream cut short or altered; messages over
              `target.frame_limit` or against the protocol, behind which nothing was heard;
              frames that are no packets of the framing which the plan names; messages of
              another form than the dialect's.
    Blind to: what a process could not see because it never ran.
    """
    gaps = [f"{p.id}: {gap}" for p in run.history.processes for gap in p.gaps]
    if run.unread:
        gaps.append(f"{run.unread} frames belong to sessions that are not in the history")
    strange, aside = unread.said(run)
    gaps += [strange] if strange else []
    deaf = [s for s in run.history.sessions.values() if s.by == "us" and s.code not in _GOODBYE]
    if deaf:
        gaps.append(
            f"{len(deaf)} sessions were ended by what the platform sent ({deaf[0].why}), "
            "and what it was and what came behind it was not looked at"
        )
    return Outcome(
        examined=len(run.history.processes),
        unit="processes",
        verdict=Verdict.UNKNOWN if gaps or not run.history.processes else Verdict.PASS,
        note="; ".join(gaps[:4]) + (f"; and {len(gaps) - 4} more" if len(gaps) > 4 else ""),  # noqa: PLR2004 - four fit a line
        bounded=False,
        times=len(gaps),
        blind=(aside,) if aside and not strange else (),
    )
