"""The judgement in a few sentences: what is wrong, for whom, since when, and what to do next.

It says only what the judgement holds; who reads nothing else should know where to begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isolation_checks.verdicts.finding import Finding
    from isolation_checks.verdicts.progress import Slice, Timeline
    from isolation_checks.verdicts.verdict import Judgement

NAMED = 4
"""How many people are named before the rest are counted."""
MOST = 3
"""Things to do that are named; each check and objective says its own."""
Told = list[tuple[str, tuple[str, ...]]]


def told(judgement: Judgement) -> Told:
    """A heading and its sentences each; those that would have nothing to say are left out."""
    first = next(iter(wording.roots_first(judgement.findings)), None)
    sentences: Told = [
        ("What is wrong", (*_broken(judgement, first), *_missed(judgement))),
        ("For whom", (*_whom(judgement), *_whose_answers(judgement))),
        ("Since when", (*_since(judgement), *_late_since(judgement))),
        ("How sure that is", tuple(_sure(judgement))),
        ("What is not known", _unknown(judgement)),
        ("What to do next", _next(judgement, first)),
    ]
    return [(heading, each) for heading, each in sentences if each]


def _broken(judgement: Judgement, first: Finding | None) -> Iterator[str]:
    if first is None:
        if judgement.verdict is Verdict.UNKNOWN:
            yield "Nothing wrong was seen, and too little was seen to say that all is well."
        return
    known = first.mechanism != "unknown"
    why = f" ({first.because})" if first.because else ""
    looks = f" It looks like this: {first.mechanism}{why}." if known else ""
    yield f"{_begun(first)}.{looks}"
    if judgement.roots > 1:
        more = wording.counted(judgement.roots - 1, "more root", "more roots")
        yield f"{more}, each with its own proof, {'is' if judgement.roots == 2 else 'are'} below."  # noqa: PLR2004 - the first and one more


def _begun(finding: Finding) -> str:
    """The finding's sentence as one begins, but for names, which stay as they are."""
    said = finding.sentence
    named = said.startswith(tuple(filter(None, (finding.victim, finding.recipient))))
    return said if named else _capital(said)


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _missed(judgement: Judgement) -> Iterator[str]:
    for outcome in judgement.objectives:
        if outcome.verdict is Verdict.FAIL:
            said = _capital(wording.limit(outcome.statement))
            yield f"{said} was missed: {wording.measured(outcome)}."


def _whom(judgement: Judgement) -> Iterator[str]:
    """Whose content went where; of what was lost or late, who asked for it."""
    if judgement.pairs:
        victims = list(dict.fromkeys(pair.owner for pair in judgement.pairs))
        recipients = list(dict.fromkeys(pair.recipient for pair in judgement.pairs))
        yield f"Content of {_people(victims)} reached {_people(recipients)}."
        return
    victims = list(dict.fromkeys(f.victim for f in judgement.findings if f.victim is not None))
    if victims:
        yield f"It happened to {_people(victims)}."


def _whose_answers(judgement: Judgement) -> Iterator[str]:
    """How many answers were late or never came, where that was too many."""
    run = judgement.timeline
    if run is None or not any(_missed(judgement)):
        return
    answered = sum(each.answered for each in run.slices)
    late = answered - sum(each.good for each in run.slices)
    unanswered = sum(each.unanswered for each in run.slices)
    if late and run.limit_s is not None:
        of = wording.counted(answered, "answer", "answers")
        yield f"Of {of} {wording.count(late)} took longer than {run.limit_s:g}{wording.NBSP}s."
    if unanswered:
        was = "was" if unanswered == 1 else "were"
        yield f"{wording.counted(unanswered, 'query', 'queries')} {was} never answered."


def _people(names: list[str]) -> str:
    if len(names) <= NAMED:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: NAMED - 1])} and {wording.count(len(names) - NAMED + 1)} others"


def _since(judgement: Judgement) -> Iterator[str]:
    """When something was found first, and under which load that was."""
    moments = [f.first_s for f in judgement.findings if f.first_s is not None]
    said = "It was first seen"
    if not moments:  # rows bear no time of ours; what they are about does
        moments = [m.at_s for f in judgement.findings for m in f.witness if m.at_s is not None]
        said = "It shows in rows, which have no time of ours; what led to it began"
    if moments:
        first = min(moments)
        said += f" {wording.seconds(first)} into the run"
        run = judgement.timeline
        if run is None:
            yield f"{said}."
        else:
            yield f"{said}, {_loaded(run, _counted_next(run, first))}."


def _late_since(judgement: Judgement) -> Iterator[str]:
    """From when on answers were late or missing, where an objective was missed."""
    run = judgement.timeline
    if run is None or not any(_missed(judgement)):
        return
    bad = [each for each in run.slices if each.unanswered or each.good < each.answered]
    if bad:
        yield (
            f"The first late or missing answer was noticed {bad[0].from_s:g}{wording.NBSP}s into "
            f"the run, {_loaded(run, bad[0])}."
        )


def _counted_next(run: Timeline, at_s: float) -> Slice:
    """The slice at whose middle, where sessions are counted, a moment was just over."""
    place = int((at_s + run.slice_s / 2) // run.slice_s)
    return run.slices[min(place, len(run.slices) - 1)]


def _loaded(run: Timeline, within: Slice) -> str:
    sessions = wording.counted(within.sessions, "session", "sessions")
    return f"with about {sessions} open of {max(each.sessions for each in run.slices)} at most"


def _sure(judgement: Judgement) -> Iterator[str]:
    """Of a pass: what the bound in its headline says, in words."""
    overlap = next((each for each in judgement.opportunities if each.name == "overlap"), None)
    if judgement.verdict is not Verdict.PASS or overlap is None or not overlap.bound:
        return
    many = wording.counted(overlap.count, "answer", "answers")
    yield (
        f"{many} repeated words of their own user's while another user's query was open, so "
        "that another's could have stood there; none did."
    )
    yield (
        f"Had {wording.share(overlap.bound, 'up')} of such answers held another's, a run like "
        "this one would have shown it 95 times in 100."
    )


def _unknown(judgement: Judgement) -> tuple[str, ...]:
    """Beside what failed, what could not be judged, and the first reason; its part has all."""
    if judgement.verdict is not Verdict.FAIL:
        return ()
    why = {
        part.name: part.because.partition("; ")
        for part in judgement.parts
        if part.verdict is Verdict.UNKNOWN
    }
    return tuple(
        f"{name.capitalize()} could not be judged: {first}{'; and more, below' if rest else ''}."
        for name, (first, _, rest) in why.items()
    )


def _next(judgement: Judgement, first: Finding | None) -> tuple[str, ...]:
    if first is not None:
        read = f"Read {first.id} below: it proves this, moment by moment."
        give = f"Give it to whoever owns that code. {advice.for_finding(first)}".rstrip()
        again = "must then pass with as many examined."
        return f"{read} {give}", f"Drive again after the fix; \u201c{first.check}\u201d {again}"
    if judgement.verdict is Verdict.PASS:
        read = "Read what this run could not see, below; then drive the load that you expect."
        return read, f"Keep it as the base of the next: crosstalk baseline {judgement.run}"
    short = [
        f"{wording.count(o.needed)} more opportunities of the class {o.name} are needed: "
        "drive longer, or with more users at once."
        for o in judgement.opportunities
        if o.needed
    ]
    failed, unknown = _asked(judgement, Verdict.FAIL), _asked(judgement, Verdict.UNKNOWN)
    first_of_all = _blinded(judgement)
    said = {todo for _, todo in first_of_all}
    rest = [(name, todo) for name, todo in unknown if todo not in said]
    if short or first_of_all:  # a longer run has more samples, too; and would be as blind
        rest = [(name, todo) for name, todo in rest if not todo.startswith("Drive longer")]
        short = [] if first_of_all else short
    return (*_together(failed), *_together(first_of_all), *short, *_together(rest))[:MOST]


def _blinded(judgement: Judgement) -> list[tuple[str, str]]:
    """What keeps the evidence from showing anything: before it is mended no drive would tell."""
    return [
        (check.name, advice.for_check(check))
        for check in judgement.checks
        if check.part == "evidence" and check.verdict is Verdict.UNKNOWN
    ]


def _asked(judgement: Judgement, verdict: Verdict) -> list[tuple[str, str]]:
    """What to do about the objectives and the checks of a verdict, by their names."""
    asked = [
        (wording.limit(o.statement), advice.for_objective(o))
        for o in judgement.objectives
        if o.verdict is verdict
    ]
    return asked + [(c.name, advice.for_check(c)) for c in judgement.checks if c.verdict is verdict]


def _together(asked: list[tuple[str, str]]) -> Iterator[str]:
    """Things to do, each once, behind everything that it would mend."""
    about: dict[str, list[str]] = {}
    for name, todo in asked:
        if todo:
            about.setdefault(todo, []).append(name)
    for todo, names in about.items():
        yield _capital(f"{', '.join(names)}: {todo[0].lower()}{todo[1:]}")
