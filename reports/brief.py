"""The judgement in a few sentences: what is wrong, for whom, since when, and what to do next.

It says only what the judgement holds; who reads nothing else should know where to begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolation_checks.judging.verdict import Verdict
from reports import advice, wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isolation_checks.judging.verdict import Finding, Judgement

NAMED = 4
"""How many people are named before the rest are counted."""
Told = list[tuple[str, str]]


def told(judgement: Judgement) -> Told:
    """A heading and a sentence each; those that would have nothing to say are left out."""
    roots = [f for f in judgement.findings if f.folded_into is None]
    first = next(iter(wording.roots_first(judgement.findings)), None)
    sentences = [
        ("What is wrong", _wrong(judgement, roots)),
        ("For whom", _whom(judgement)),
        ("Since when", _since(judgement)),
        ("What is not known", _unknown(judgement)),
        ("What to do next", _next(judgement, first)),
    ]
    return [(heading, sentence) for heading, sentence in sentences if sentence]


def _wrong(judgement: Judgement, roots: list[Finding]) -> str:
    if roots:
        first = roots[0]
        known = first.mechanism != "unknown"
        looks = f" It looks like this: {first.mechanism}." if known else ""
        more = judgement.roots - 1
        rest = wording.counted(more, "more root follows", "more roots follow") if more > 0 else ""
        said = f"{first.sentence}.{looks}{f' {rest}.' if rest else ''}"
        return f"{said} {_missed(judgement)}".rstrip()
    if missed := _missed(judgement):
        return missed
    if judgement.verdict is Verdict.UNKNOWN:
        return "Nothing wrong was seen, and too little was seen to say that all is well."
    return ""


def _missed(judgement: Judgement) -> str:
    missed = [
        f"{wording.limit(o.statement)} was missed: {wording.measured(o)}."
        for o in judgement.objectives
        if o.verdict is Verdict.FAIL
    ]
    return " ".join(missed)


def _whom(judgement: Judgement) -> str:
    """Whose content went where; of what was lost or late, who asked for it."""
    if judgement.pairs:
        victims = list(dict.fromkeys(pair.owner for pair in judgement.pairs))
        recipients = list(dict.fromkeys(pair.recipient for pair in judgement.pairs))
        return f"Content of {_people(victims)} reached {_people(recipients)}."
    found = [f for f in judgement.findings if f.victim is not None]
    victims = list(dict.fromkeys(f.victim for f in found if f.victim is not None))
    return f"It happened to {_people(victims)}." if victims else ""


def _people(names: list[str]) -> str:
    if len(names) <= NAMED:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: NAMED - 1])} and {wording.count(len(names) - NAMED + 1)} others"


def _since(judgement: Judgement) -> str:
    """When it was seen first, and under which load that was."""
    moments = [f.first_s for f in judgement.findings if f.first_s is not None]
    if not moments:
        return ""
    first = min(moments)
    said = f"It was first seen {wording.seconds(first)} into the run"
    run = judgement.timeline
    if run is None:
        return f"{said}."
    sessions = run.slices[min(int(first // run.slice_s), len(run.slices) - 1)].sessions
    most = max(each.sessions for each in run.slices)
    return (
        f"{said}, with {wording.counted(sessions, 'session', 'sessions')} open of {most} at most."
    )


def _unknown(judgement: Judgement) -> str:
    """Beside what failed, what could not be judged."""
    if judgement.verdict is not Verdict.FAIL:
        return ""
    open_ = [part for part in judgement.parts if part.verdict is Verdict.UNKNOWN]
    return " ".join(f"Whether {part.name} holds: {part.because}." for part in open_)


def _next(judgement: Judgement, first: Finding | None) -> str:
    if first is not None:
        return (
            f"Read {first.id} below: its witness is the least that proves it. Give it, with "
            f"\u201c{first.mechanism}\u201d, to whoever owns that code. Drive again after the fix; "
            f"\u201c{first.check}\u201d must then pass with as many examined."
        )
    asked: Iterable[str] = (
        advice.for_objective(o)
        for o in judgement.objectives
        if o.verdict is judgement.verdict is not Verdict.PASS
    )
    short = [
        f"{wording.count(o.needed)} more opportunities of the class {o.name} are needed: "
        "drive longer, or with more users at once."
        for o in judgement.opportunities
        if o.needed
    ]
    wanted = [*short, *asked, *(advice.for_check(c) for c in judgement.checks)]
    return " ".join(list(dict.fromkeys(filter(None, wanted)))[:2])
