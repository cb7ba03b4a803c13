"""The judgement as workflow commands of GitHub Actions, which shows them beside the job.

It may not decide anything.  A command ends with its line and the target's words never begin
one: they are escaped as the runner wants it, after `reports.disarm` wrote out line breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, wording
from reports.disarm import disarm

if TYPE_CHECKING:
    from isolation_checks.verdicts.verdict import Judgement

MOST = 9
"""Annotations of one kind beside the verdict's own: the runner shows ten of a step."""
Level = Literal["error", "warning", "notice"]
LEVELS: dict[Verdict, Level] = {
    Verdict.FAIL: "error",
    Verdict.UNKNOWN: "warning",
    Verdict.PASS: "notice",
    Verdict.NOT_ASKED: "notice",
}


def render(judgement: Judgement) -> bytes:
    """A line per annotation, the verdict's first; UTF-8."""
    judgement = disarm(judgement)
    verdict = judgement.verdict
    lines = [command(LEVELS[verdict], f"Crosstalk: {verdict}", judgement.headline)]
    for level, told in (("error", _wrong(judgement)), ("warning", _unknown(judgement))):
        lines += [command(level, title, said) for title, said in told[:MOST]]
        if len(told) > MOST:
            lines.append(f"… and {wording.counted(len(told) - MOST, level, level + 's')} more")
    return "".join(f"{line}\n" for line in lines).encode()


def command(level: str, title: str, said: str) -> str:
    """One workflow command: `::error title=…::…`."""
    return f"::{level} title={_property(title)}::{_data(said)}"


def _wrong(judgement: Judgement) -> list[tuple[str, str]]:
    """The roots of what was found, and the objectives that were missed."""
    told: list[tuple[str, str]] = []
    for finding in judgement.findings:
        if finding.folded_into is None:
            like = f"looks like {wording.looks_like(finding)}. {advice.for_finding(finding)}"
            said = f"{finding.sentence} ({wording.where(finding)}); {like.rstrip()}"
            told.append((f"{finding.id}: {finding.check}", said))
    return told + [
        (wording.limit(objective.statement), wording.measured(objective))
        for objective in judgement.objectives
        if objective.verdict is Verdict.FAIL
    ]


def _unknown(judgement: Judgement) -> list[tuple[str, str]]:
    """Parts, checks and objectives of which nobody can say anything."""
    told = [
        (f"{part.name}: UNKNOWN", part.because)
        for part in judgement.parts
        if part.verdict is Verdict.UNKNOWN
    ]
    told += [
        (f"{check.name}: UNKNOWN", check.note or "nothing was examined")
        for check in judgement.checks
        if check.verdict is Verdict.UNKNOWN
    ]
    return told + [
        (f"{wording.limit(objective.statement)}: UNKNOWN", wording.measured(objective))
        for objective in judgement.objectives
        if objective.verdict is Verdict.UNKNOWN
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
