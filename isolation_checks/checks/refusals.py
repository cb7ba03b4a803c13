"""What a family of probes comes to: whether all were refused, and of which nobody can say.

It words and counts; what became of each attempt is `attempts`' to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isolation_checks import probing
from isolation_checks.checks import witness
from isolation_checks.checks.attempts import Attempts, Decided
from isolation_checks.checks.check import Found, Outcome
from isolation_checks.checks.doubts import Doubt
from isolation_checks.checks.signs import Sign
from isolation_checks.loading.history import Probe
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.probing import Family
from isolation_checks.verdicts.finding import Moment
from isolation_checks.verdicts.lattice import Verdict

_NAMED = 4
"""So many kinds that could not be made are named in a line."""
_UNMADE = "it was never made"
_SKIPPED = "what cannot be tried on this platform is left out by probes.skip"
_WHY_UNMADE = (
    "what was never made had no turn: a round of this family's {count} attempts takes "
    "{seconds:g} s of pauses and what each waits for its answer, so drive for longer, or shorten "
    "probes.every or probes.patience; and its decoy's own questions must be answered"
)
_NOT_GRANTED = (
    "an owner's own try must succeed first: is that way right in the plan, and probes.patience "
    "long enough?"
)
_MATES = (
    "principals who may share nothing are tried on each other where cast.tenants is 2 or more; "
    "where everybody may have everything, probes.skip leaves the kind out"
)
_TROUBLED = (
    "an accident is no refusal, so let the platform answer what it does not take by 401, 403 or "
    "404, give it more time by probes.every, or leave the kind out by probes.skip"
)
_HINTS = (
    (_UNMADE, _WHY_UNMADE),
    ("came to nothing", _NOT_GRANTED),
    ("the platform's tokens", _SKIPPED),
    ("does not rotate", _SKIPPED),
    ("the plan describes no way to read", _SKIPPED),
    ("lets these two share", _MATES),
    ("the platform answered", _TROUBLED),
)
"""What of a doubt is followed by what would help."""


def asked(family: Family) -> Callable[[Plan], str | None]:
    """Why a plan does not ask for a family of probes, or None where it does."""

    def why(plan: Plan) -> str | None:
        if not float(plan.probes.every):
            return probing.OFF
        if any(True for _ in probing.wanted(plan, family)):
            return None
        return f"{family.value}: {'; '.join(probing.not_asked(plan, family))}"

    return why


_SAYS = {
    "forged-token": "{by} was taken for {victim} by {what}: {sign}",
    "claimed-identity": "{by} was taken for {victim} by {what}: {sign}",
    "anothers-conversation": "{by} opened a conversation of {victim}'s by {what}: {sign}",
    "anothers-session": "{by} took a session of {victim}'s over by {what}: {sign}",
    "ended-login": "{victim}'s login had ended, and it went on by {what}: {sign}",
}
KINDS = {
    Family.TOKENS: "forged-token",
    Family.IDENTITY: "claimed-identity",
    Family.CONVERSATION: "anothers-conversation",
    Family.SESSION: "anothers-session",
    Family.LOGIN: "ended-login",
}
_CWE = {
    Family.TOKENS: 347,
    Family.IDENTITY: 639,
    Family.CONVERSATION: 639,
    Family.SESSION: 384,
    Family.LOGIN: 613,
}
_CWE_OF = {"no token": 287, "expired": 613, "other audience": 287, "other issuer": 287}


def judged(run: Run, family: Family) -> Outcome:
    """The outcome of a family of probes."""
    decided = list(Attempts(run).of(family))
    certain = [each for each in decided if each.doubt is None]
    accepted = [each for each in certain if each.sign is not None]
    groups: dict[tuple[Any, ...], list[Decided]] = {}
    for each in accepted:
        key = (each.probe.kind, each.probe.victim, each.probe.principal)
        groups.setdefault(key, []).append(each)
    note = _open(run, family, decided)
    return Outcome(
        examined=len(certain),
        unit="attempts",
        found=tuple(_found(run, family, group) for group in groups.values()),
        verdict=Verdict.UNKNOWN if note and not accepted else None,
        note=note,
    )


def _open(run: Run, family: Family, decided: list[Decided]) -> str:
    """What the plan asks for of which not one attempt could be decided, or one not refused."""
    done = {(each.probe.kind, each.probe.way) for each in decided if each.doubt is None}
    doubts: dict[tuple[str, str], Doubt] = {}
    for each in decided:
        which = (each.probe.kind, each.probe.way)
        if each.doubt is not None and (each.doubt.lasting or which not in doubts):
            doubts[which] = each.doubt
    done -= {which for which, doubt in doubts.items() if doubt.lasting}
    words = {which: doubt.words for which, doubt in doubts.items()}
    never = [
        f"{want.kind} by {want.way} ({words.get((want.kind, want.way), _UNMADE)})"
        for want in probing.wanted(run.history.plan, family)
        if (want.kind, want.way) not in done
    ]
    if not never:
        return ""
    asked = len(list(probing.wanted(run.history.plan, family)))
    seconds = asked * float(run.history.plan.probes.every)
    more = f"; and {len(never) - _NAMED} more" if len(never) > _NAMED else ""
    hints = dict.fromkeys(hint for part, hint in _HINTS if any(part in each for each in never))
    helps = "".join(f"; {hint.format(count=asked, seconds=seconds)}" for hint in hints)
    return f"nobody can say of {', '.join(never[:_NAMED])}{more}{helps}"


def _found(run: Run, family: Family, group: list[Decided]) -> Found:
    first, kind = group[0], KINDS[family]
    probe, sign = first.probe, first.sign
    assert sign is not None
    sentence = _SAYS[kind].format(
        by=probe.principal, victim=probe.victim, what=probe.said, sign=sign.words
    )
    shown = [each.sign.record for each in group if each.sign is not None and each.sign.record]
    over_http = "websocket" not in probe.way and not probe.way.startswith("message")
    return Found(
        kind=kind,
        cwe=_CWE_OF.get(probe.kind, _CWE[family]),
        victim=probe.victim,
        recipient=probe.principal,
        channel="http" if over_http else "frame",
        sentence=sentence,
        times=len(group),
        first_s=probe.at_s,
        witness=lambda: moments(run, probe, sign),
        places=tuple((record["stream"], record["index"]) for record in shown),
        queries=frozenset(
            query
            for each in group
            for query in (each.probe.query, each.probe.watched_query)
            if query is not None
        ),
    )


def moments(run: Run, probe: Probe, sign: Sign | None) -> tuple[Moment, ...]:
    """What was tried, and what came of it."""
    tried = Moment(
        at_s=probe.at_s, who=probe.principal, role="recipient", did="tried", text=probe.said
    )
    record = sign.record if sign is not None else None
    if sign is None or record is None:
        return (tried,)
    came = witness.arrived(run, dict(record), record["principal"], "recipient", sign.canary)
    return witness.in_order(tried, came)
