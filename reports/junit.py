"""The judgement as JUnit XML, for the test screens of a CI.

It may not decide anything.  What is UNKNOWN is an error and what was not asked is skipped:
neither may look like something that passed.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, wording
from reports.disarm import disarm

if TYPE_CHECKING:
    from isolation_checks.verdicts.finding import Finding
    from isolation_checks.verdicts.outcomes import (
        CheckOutcome,
        ObjectiveOutcome,
        Opportunity,
        PartOutcome,
    )
    from isolation_checks.verdicts.verdict import Judgement

SUITE = "crosstalk"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, escaped or not."""


def render(judgement: Judgement) -> bytes:
    """A test case per part, check, objective and class of opportunity, in UTF-8."""
    judgement = disarm(judgement)
    suite = TestSuite(SUITE)
    suite.timestamp = legal(judgement.started_at)
    for name, value in _properties(judgement).items():
        suite.add_property(name, legal(value))
    suite.add_testcases(_cases(judgement))
    suite.time = judgement.scale.seconds
    document = JUnitXml(SUITE)
    document.add_testsuite(suite)
    for count in ("tests", "failures", "errors", "skipped", "time"):
        setattr(document, count, getattr(suite, count))
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue()


def legal(text: str) -> str:
    """The text without characters that XML 1.0 knows no way to write."""
    return _ILLEGAL.sub("", text)


def _properties(judgement: Judgement) -> dict[str, str]:
    return {
        "run": judgement.run,
        "target": judgement.target,
        "seed": str(judgement.seed),
        "verdict": judgement.verdict,
        "headline": judgement.headline,
        "exit code": str(judgement.exit_code),
        "crosstalk": judgement.crosstalk,
    }


def _cases(judgement: Judgement) -> list[TestCase]:
    cases = [_part(part) for part in judgement.parts]
    for check in judgement.checks:
        own = [finding for finding in judgement.findings if finding.check == check.name]
        cases.append(_check(check, own, judgement.run))
    cases += [_objective(objective) for objective in judgement.objectives]
    cases += [_opportunity(kind) for kind in judgement.opportunities]
    cases += [_case("not asked", what, Verdict.NOT_ASKED, what) for what in judgement.not_asked]
    return cases


def _part(part: PartOutcome) -> TestCase:
    idle = "" if part.gates else "does not decide the exit code"
    because = "; ".join(said for said in (part.because, idle) if said)
    return _case("verdict", part.name, part.verdict, because)


def _check(check: CheckOutcome, findings: list[Finding], run: str) -> TestCase:
    found = wording.counted(check.found, "found", "found")
    examined = f"{found} in {_examined(check)}"
    details = [f"{check.asks} {examined}", *([check.note] if check.note else [])]
    details += [_told(finding, run) for finding in findings]
    details += [f"What to do: {todo}" for todo in filter(None, [advice.for_check(check)])]
    if check.verdict is Verdict.FAIL:
        said = findings[0].sentence if findings else check.note or examined
    else:
        said = check.note or examined
    return _case(check.part, check.name, check.verdict, said, details)


def _examined(check: CheckOutcome) -> str:
    return f"{wording.count(check.examined)} {wording.unit(check.examined, check.unit)}"


def _told(finding: Finding, run: str) -> str:
    """A finding in a few lines: what, where and how often, what it looks like, what to do."""
    follows = "" if finding.folded_into is None else f" (follows from {finding.folded_into})"
    todo = advice.for_finding(finding)
    return (
        f"{finding.id}  {finding.sentence}{follows}\n"
        f"    {wording.where(finding)}\n"
        f"    looks like {wording.looks_like(finding)}\n"
        + (f"    to do: {todo}\n" if todo and not follows else "")
        + f"    crosstalk explain {run} {finding.id}"
    )


def _objective(objective: ObjectiveOutcome) -> TestCase:
    said = "; ".join(part for part in (wording.measured(objective), objective.note) if part)
    details = [*filter(None, [objective.meaning]), said]
    details += [f"What to do: {todo}" for todo in filter(None, [advice.for_objective(objective)])]
    name = wording.limit(objective.statement)
    return _case("objective", name, objective.verdict, said, details)


def _opportunity(kind: Opportunity) -> TestCase:
    """Too few opportunities are no pass, nor are none at all of a class of which none are wanted.

    What was seen in them is the checks' to fail, and no pass here.
    """
    silent = kind.seen or kind.bound is None or kind.bound > wording.CERTAIN
    idle = Verdict.NOT_ASKED if silent else Verdict.PASS
    verdict = Verdict.UNKNOWN if kind.needed else idle
    said = f"{wording.counted(kind.count, 'opportunity', 'opportunities')}. {wording.so(kind)}"
    return _case("opportunities", kind.name, verdict, said, [kind.meaning])


def _case(
    group: str, name: str, verdict: Verdict, said: str, details: list[str] | None = None
) -> TestCase:
    """A case that ends as its verdict says, with one sentence and, in its text, all of it."""
    case = TestCase(legal(name), f"{SUITE}.{legal(group)}")
    text = legal("\n".join(details or [said]))
    said = legal(said) or "no reason was given"
    if verdict is Verdict.FAIL:
        case.result = [Failure(said, "failed")]
    elif verdict is Verdict.UNKNOWN:
        case.result = [Error(said, "unknown")]
    elif verdict is Verdict.NOT_ASKED:
        case.result = [Skipped(said, "not asked")]
    elif text:
        case.system_out = text
    for result in case.result:
        result.text = text
    return case
