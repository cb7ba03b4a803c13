"""Whether an intruder who is refused harms its victim all the same."""

from __future__ import annotations

from collections.abc import Iterator

from isolation_checks import probing
from isolation_checks.checks import refusals
from isolation_checks.checks.attempts import Attempts, Decided
from isolation_checks.checks.check import Found, Outcome, check
from isolation_checks.checks.heard import AT_ONCE_S
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.probing import Family
from isolation_checks.records import Ending, Reason
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

SEVERAL, MOST = 2, 0.5
"""So often, and in so large a share of the attempts of a kind, is no coincidence."""
CHANCE = 0.01
"""Lost answers count when as many would be lost more seldom, at the rate at which others are."""
_WATCHED = (Family.TOKENS, Family.IDENTITY, Family.CONVERSATION, Family.SESSION)


def _asked(plan: Plan) -> str | None:
    whys = [refusals.asked(family)(plan) for family in _WATCHED]
    return None if None in whys else whys[0]


@check(asks="Did a refused intruder cut its victim off?", cwe=696, not_asked=_asked)
def interference(run: Run) -> Outcome:
    """While an intruder is refused its victim's session stays open and its answer comes whole.

    Twice, and in half of the attempts of a kind, at least; and not when the platform closed
    somebody else's session too, or the victim itself had opened another just then, nor when it
    loses answers as often where nobody intrudes.

    Catches:  sessions that are moved, or sockets that are replaced, before the check that refuses.
    Blind to: harm that shows later than half a second behind the attempt.
    """
    known = Attempts(run)
    refused = [
        each
        for family in _WATCHED
        for each in known.of(family)
        if each.doubt is None
        and each.sign is None
        and each.probe.watched in run.history.sessions  # else nobody knows what came
        and not each.probe.cut
    ]
    cuts = sorted(_cuts(run))
    alone = [each for each in refused if not _others_too(each, cuts)]
    cut = [each for each in alone if _cut_off(run, each)]
    lost = [each for each in alone if each not in cut and _lost(known, each)]
    usual = _usually_lost(run) if lost else 0.0
    found, loose = [], 0
    for kind in dict.fromkeys(each.probe.kind for each in refused):
        tried = sum(each.probe.kind == kind for each in refused)
        closed = [each for each in cut if each.probe.kind == kind]
        missed = [each for each in lost if each.probe.kind == kind]
        if bounds.so_many(len(missed), tried, usual) > CHANCE:
            loose += len(missed)
            missed = []
        hit = sorted((*closed, *missed), key=lambda each: each.probe.at_s)
        if len(hit) >= max(SEVERAL, MOST * tried):
            found.append(_found(run, hit, tried))
        else:
            loose += len(hit)
    few = "1 session was" if loose == 1 else f"{loose} sessions were"
    note = f"{few} cut off during attempts, or not answered; that may be chance" if loose else ""
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


def _others_too(each: Decided, cuts: list[tuple[float, int]]) -> bool:
    """Whether the platform closed somebody else's session during an attempt, or just behind it."""
    probe = each.probe
    until = probe.over_s + AT_ONCE_S
    return any(probe.at_s <= at_s <= until and who != probe.watched for at_s, who in cuts)


def _cut_off(run: Run, each: Decided) -> bool:
    """Whether the platform closed the victim's session at the attempt."""
    probe = each.probe
    assert probe.watched is not None
    session = run.history.sessions.get(probe.watched)
    if session is None or session.by != "them" or session.closed_s is None:
        return False
    during = probe.at_s <= session.closed_s <= probe.over_s + AT_ONCE_S
    return during and not _gave_way(run, each, session.closed_s)


def _gave_way(run: Run, each: Decided, closed_s: float) -> bool:
    """Whether its owner had opened another just then, to look behind the attempt or in a control.

    A platform may keep but one socket of everybody's.
    """
    probe = each.probe
    return any(
        session.principal == probe.victim
        and session.id != probe.watched
        and session.opening_s is not None
        and probe.at_s < session.opening_s <= closed_s
        for session in run.history.sessions.values()
    )


def _lost(known: Attempts, each: Decided) -> bool:
    """Whether the victim's answer did not come, which comes where nobody intrudes."""
    probe = each.probe
    assert probe.watched is not None
    if probe.watched_query is None or not known.granted(probing.UNDISTURBED):
        return False
    return not known.answered_well(probe.watched, probe.at_s)


def _usually_lost(run: Run) -> float:
    """The share of answers that do not come in time though nobody intrudes.

    By the rule of succession, so that nothing is taken to be impossible that was seldom tried.
    """
    asked = [
        query
        for query in run.history.queries.values()
        if not query.provoked and query.reason != Reason.RUN_ENDED and query.ending is not None
    ]
    lost = sum(
        query.ending is not Ending.OK
        or query.done_s is None
        or query.done_s - query.sent_s > probing.ANSWER_SECONDS
        for query in asked
    )
    return (lost + 1) / (len(asked) + 2)


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
