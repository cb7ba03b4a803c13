"""Whether an intruder who is refused harms its victim all the same."""

from __future__ import annotations

from collections.abc import Iterator

from isolation_checks import probing
from isolation_checks.checks import refusals
from isolation_checks.checks.attempts import AT_ONCE_S, Attempts, Decided
from isolation_checks.checks.check import Found, Outcome, check
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.probing import Family
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

SEVERAL, MOST = 2, 0.5
"""So often, and in so large a share of the attempts of a kind, is no coincidence."""
_WATCHED = (Family.TOKENS, Family.IDENTITY, Family.CONVERSATION, Family.SESSION)


def _asked(plan: Plan) -> str | None:
    whys = [refusals.asked(family)(plan) for family in _WATCHED]
    return None if None in whys else whys[0]


@check(asks="Did a refused intruder cut its victim off?", cwe=696, not_asked=_asked)
def interference(run: Run) -> Outcome:
    """While an intruder is refused its victim's session stays open and its answer comes whole.

    Twice, and in half of the attempts of a kind, at least; and not when the platform closed
    somebody else's session too.

    Catches:  sessions that are moved, or sockets that are replaced, before the check that refuses.
    Blind to: harm that shows later than half a second behind the attempt.
    """
    known = Attempts(run)
    refused = [
        each
        for family in _WATCHED
        for each in known.of(family)
        if not each.doubt
        and each.sign is None
        and each.probe.watched is not None
        and not each.probe.cut
    ]
    cuts = sorted(_cuts(run))
    harmed = [each for each in refused if _harmed(run, known, each, cuts)]
    found, loose = [], 0
    for kind in dict.fromkeys(each.probe.kind for each in refused):
        tried = [each for each in refused if each.probe.kind == kind]
        hit = [each for each in harmed if each.probe.kind == kind]
        if len(hit) >= max(SEVERAL, MOST * len(tried)):
            found.append(_found(run, hit, len(tried)))
        else:
            loose += len(hit)
    cut = "1 session was" if loose == 1 else f"{loose} sessions were"
    note = f"{cut} cut off during attempts; that may be chance" if loose else ""
    return Outcome(
        examined=len(refused),
        unit="attempts",
        found=tuple(found),
        verdict=Verdict.UNKNOWN if loose and not found else None,
        note=note or ("" if refused else "no refused attempt had a victim to watch"),
    )


_ENDS_LOGINS = ("expire", "logout")


def _cuts(run: Run) -> Iterator[tuple[float, int]]:
    """When the platform closed sessions of ordinary users, whose logins had not ended."""
    ended = {act.session for act in run.history.provocations if act.kind in _ENDS_LOGINS}
    for session in run.history.sessions.values():
        ordinary = session.channel != probing.CHANNEL and session.id not in ended
        if ordinary and session.by == "them" and session.closed_s is not None:
            yield session.closed_s, session.id


def _harmed(run: Run, known: Attempts, each: Decided, cuts: list[tuple[float, int]]) -> bool:
    """Whether the victim's session was cut off, or its answer lost, by this attempt alone."""
    probe = each.probe
    assert probe.watched is not None
    until = probe.over_s + AT_ONCE_S
    if any(probe.at_s <= at_s <= until and who != probe.watched for at_s, who in cuts):
        return False
    session = run.history.sessions.get(probe.watched)
    if session is None:
        return False
    cut = session.by == "them" and session.closed_s is not None
    if cut and probe.at_s <= (session.closed_s or 0.0) <= until:
        return True
    lost = probe.watched_query is not None and known.granted(probe.relies_on)
    return lost and not known.answered_well(probe.watched, probe.at_s)


def _found(run: Run, hit: list[Decided], tried: int) -> Found:
    probe = hit[0].probe
    victim = probe.victim
    closed = run.history.sessions[probe.watched].closed_s if probe.watched is not None else None
    cut = Moment(at_s=closed, who=victim or "", role="victim", did="was cut off")
    return Found(
        kind="interference",
        cwe=696,
        victim=victim,
        recipient=probe.principal,
        channel="frame",
        sentence=(
            f"{probe.principal} was refused ({probe.kind}), and {victim} was cut off by it: "
            f"{len(hit)} of {tried} times"
        ),
        times=len(hit),
        first_s=probe.at_s,
        witness=lambda: (*refusals.moments(run, probe, None), cut),
    )
