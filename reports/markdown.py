"""The judgement as GitHub-flavoured Markdown, for job summaries and comments.

It may not decide anything.  What the target wrote can neither format, link, mention nor
refer: words are escaped, excerpts stand in code, and the whole stays under 60 kB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, brief, wording
from reports.disarm import disarm, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isolation_checks.verdicts.finding import Finding, Moment
    from isolation_checks.verdicts.outcomes import ObjectiveOutcome
    from isolation_checks.verdicts.verdict import Judgement

MOST_BYTES = 60_000
"""What fits into a comment (65,536 characters) with room for what others add."""
WHOLE = 5
"""Roots that are shown with their witness."""
NAMED = 5
"""Consequences that are named."""
SAID = 160
"""Characters of an excerpt."""
APART = ("What is wrong", "What is not known")
"""Said in few words by other means: by the headline, and by the table of parts."""
SIGNS = {
    Verdict.PASS: "✅ PASS",
    Verdict.FAIL: "❌ FAIL",
    Verdict.UNKNOWN: "⚠️ UNKNOWN",
    Verdict.NOT_ASKED: "NOT ASKED",
}
REST = "*The rest stands in the report.*"
_APART = "&#8203;"
"""A blank of no width: what it splits is no mention, no reference and no address."""
_FORMATS = re.compile(r"([\\`*_{}\[\]<>#|~&$])|^([-+=])|^(\d+)([.)])(?=\s|$)")
_REFERS = re.compile(
    r"(@(?=\w)|#(?=\d)|:(?=//)|\bwww(?=\.)|\bGH(?=-\d)|\b[0-9a-f]{3}(?=[0-9a-f]{4,37}\b))",
    re.IGNORECASE,
)


def render(judgement: Judgement) -> bytes:
    """The verdict, what proves it, the tables, and what was not seen; UTF-8, under 60 kB."""
    judgement = disarm(judgement)
    lines = [
        *_head(judgement),
        *_findings(judgement),
        *_checks(judgement),
        *_objectives(judgement),
        *_todo(judgement),
        *_unseen(judgement),
        *_meanings(judgement),
        *_foot(judgement),
    ]
    return _fitting(lines).encode()


def plain(text: str) -> str:
    """Words as they are, whatever signs are in them."""
    parts = _REFERS.split(text.strip())
    # every second part is what would refer to something; the blank goes behind it
    pieces = [
        _FORMATS.sub(_literally, part) + (_APART if place % 2 else "")
        for place, part in enumerate(parts)
    ]
    return "".join(pieces)


def code(text: str) -> str:
    """Words in a code span that fits a table's cell: nothing in it is formatted or refers."""
    if not text.strip():
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text.replace('|', chr(92) + '|')} {fence}"


def _literally(found: re.Match[str]) -> str:
    sign, first, number, after = found.groups()
    return f"{number}\\{after}" if number else f"\\{sign or first}"


def _head(judgement: Judgement) -> list[str]:
    """The verdict, and its three parts."""
    size = " · ".join(
        plain(part) for part in (f"run {judgement.run}", *wording.size(judgement.scale))
    )
    lines = [f"## {SIGNS[judgement.verdict]}: {plain(judgement.headline)}", "", size, ""]
    told = [
        f"- **{heading}** {plain(' '.join(sentences))}"
        for heading, sentences in brief.told(judgement)
        if heading not in APART
    ]
    lines += [*told, ""] if told else []
    rows = [
        (
            part.name,
            SIGNS[part.verdict],
            plain(part.because) + ("" if part.gates else " (does not decide the exit code)"),
        )
        for part in judgement.parts
    ]
    return lines + _table(("part", "verdict", "because"), rows)


def _findings(judgement: Judgement) -> list[str]:
    if not judgement.findings:
        return []
    roots = [each for each in judgement.findings if each.folded_into is None][:WHOLE]
    follow = [each for each in judgement.findings if each.folded_into is not None][:NAMED]
    counted = wording.counted(judgement.findings_total, "finding", "findings")
    lines = [f"### {counted}, {wording.counted(judgement.roots, 'root', 'roots')}", ""]
    for finding in roots:
        lines += _finding(finding)
    lines += [
        f"- **{plain(each.id)}** {plain(each.sentence)} ({plain(wording.how_often(each))}; "
        f"follows from {plain(each.folded_into or '')})"
        for each in follow
    ]
    lines += [""] if follow else []
    more = wording.beyond(judgement, (*roots, *follow))
    if more:
        lines += [f"… and {wording.count(more)} more.", ""]
    return lines


def _finding(finding: Finding) -> list[str]:
    lines = [
        f"**{plain(finding.id)}** {plain(finding.sentence)}  ",
        plain(wording.where(finding)),
        "",
    ]
    rows = [
        (wording.clock(moment.at_s), plain(moment.who), plain(moment.did), _said(finding, moment))
        for moment in finding.witness
    ]
    if rows:
        lines += _table(("time", "who", "did or received", "words"), rows)
    lines += [f"Looks like {plain(wording.looks_like(finding))}", ""]
    todo = advice.for_finding(finding)
    return [*lines, *([f"*What to do.* {plain(todo)}", ""] if todo else [])]


def _said(finding: Finding, moment: Moment) -> str:
    before, marked, after = excerpt(moment.text, moment.mark, SAID)
    owner = wording.pointed_at(finding, moment)
    parts = [code(before), f"**{code(marked)}**" if code(marked) else "", code(after)]
    parts.append(f"← {plain(owner)}" if owner else "")
    return " ".join(part for part in parts if part)


def _checks(judgement: Judgement) -> list[str]:
    rows = []
    for check in judgement.checks:
        asked = check.verdict is not Verdict.NOT_ASKED
        rows.append(
            (
                plain(check.name),
                SIGNS[check.verdict],
                wording.count(check.examined) if asked else "—",
                wording.count(check.found) if asked else "—",
                plain(wording.found_note(check)),
            )
        )
    heads = ("check", "verdict", "examined", "found", "so")
    return ["### Checks", "", *_table(heads, rows, right=(2, 3))] if rows else []


def _objectives(judgement: Judgement) -> list[str]:
    rows = [
        (
            plain(wording.limit(objective.statement)),
            SIGNS[objective.verdict],
            plain(wording.measured(objective)),
        )
        for objective in judgement.objectives
    ]
    heads = ("objective", "verdict", "measured")
    return ["### Objectives", "", *_table(heads, rows)] if rows else []


def _todo(judgement: Judgement) -> list[str]:
    """Of every check and objective that did not pass: what it asks, and what to do."""
    told = [
        (check.name, check.asks, advice.for_check(check))
        for check in judgement.checks
        if advice.for_check(check)
    ]
    told += [
        (wording.limit(each.statement), _meaning(each), advice.for_objective(each))
        for each in judgement.objectives
        if advice.for_objective(each)
    ]
    lines = [
        f"- **{plain(name)}** {plain(means)} *What to do.* {plain(todo)}"
        for name, means, todo in told
    ]
    return ["### What to do", "", *lines, ""] if lines else []


def _meaning(outcome: ObjectiveOutcome) -> str:
    like = wording.slow_like(outcome)
    return f"{outcome.meaning} It {like}." if like else outcome.meaning


def _meanings(judgement: Judgement) -> list[str]:
    """What the other checks and objectives ask, folded away."""
    lines = [
        f"- **{plain(check.name)}** {plain(check.asks)}"
        for check in judgement.checks
        if not advice.for_check(check)
    ]
    lines += [
        f"- **{plain(wording.limit(each.statement))}** {plain(each.meaning)}"
        for each in judgement.objectives
        if each.meaning and not advice.for_objective(each)
    ]
    if not lines:
        return []
    summary = "<details><summary>What the others ask</summary>"
    return [summary, "", *lines, "", "</details>", ""]


def _unseen(judgement: Judgement) -> list[str]:
    """What was asked and could not be seen, and what was not asked."""
    lines: list[str] = []
    for title, things in (
        ("What this run could not see", judgement.blind),
        ("What was not asked", judgement.not_asked),
    ):
        if things:
            lines += [f"### {title}", "", *(f"- {plain(thing)}" for thing in things), ""]
    return lines


def _foot(judgement: Judgement) -> list[str]:
    said = f"Crosstalk {judgement.crosstalk} · {judgement.target} · seed {judgement.seed}"
    return [f"{plain(said)} · exit {judgement.exit_code}"]


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: tuple[int, ...] = ()
) -> list[str]:
    rules = ["---:" if place in right else "---" for place in range(len(heads))]
    return [*(f"| {' | '.join(row)} |" for row in (heads, rules, *rows)), ""]


def _fitting(lines: list[str]) -> str:
    """As many whole lines as fit; what makes way is said."""
    room = MOST_BYTES - len(REST) - 4
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join([*kept, "", REST, ""])
        kept.append(line)
    return "\n".join([*kept, ""])
