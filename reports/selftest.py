"""A selftest as Markdown: what was noticed, by which checks, and what was not tried.

The same text is shown at the terminal and kept in the documentation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from isolation_checks.selftest.mechanisms import UNKNOWN
from isolation_checks.selftest.nouns import Look, Result, Score, Selftest, Told

CLAIMED_AND_CAUGHT, CLAIMED_ONLY, CAUGHT, OTHER, NOTHING = "●", "○", "+", "~", "·"


def render(selftest: Selftest) -> bytes:
    """The whole of it: a sentence, the scores, the matrix, and what is missing."""
    parts = [
        headline(selftest),
        _scores(selftest.scores),
        _honest(selftest.honest),
        _matrix(selftest),
        confusion(selftest.scores),
        _missing(selftest),
        f"Made by `{selftest.command}`.",
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def headline(selftest: Selftest) -> str:
    """How many faults were noticed, and whether anybody innocent was accused."""
    noticed = {s.fault for s in selftest.scores} - {s.fault for s in selftest.missed}
    tried = {s.fault for s in selftest.scores}
    said = f"{len(noticed)} of {len(tried)} faults that were tried were noticed"
    accused = len(selftest.accused)
    runs = len(selftest.honest)
    if not runs:
        said += "; the honest platform was not tried"
    elif accused:
        said += f"; in {accused} of {runs} runs of the honest platform something was found"
    else:
        said += f"; in {runs} runs of the honest platform nothing was found"
    untried = len(selftest.untried)
    return said + (f"; {untried} faults were not tried at all." if untried else ".")


def _scores(scores: Sequence[Score]) -> str:
    head = (
        "fault",
        "on",
        "rate",
        "chances",
        "predicted",
        "observed",
        "95 %",
        "first",
        "noticed by",
        "looks like",
    )
    return table(head, [_score(score) for score in scores]) if scores else ""


def _score(score: Score) -> tuple[str, ...]:
    return (
        f"**{score.fault}**" if score.missed else score.fault,
        score.database,
        f"{score.rate:g}",
        "" if score.opportunities is None else f"{score.opportunities:,}",
        "" if score.predicted is None else _share(score.predicted),
        f"{score.detected} of {score.trials}",
        f"{_share(score.lower)} – {_share(score.upper)}",
        "" if score.first_s is None else f"{score.first_s:.1f} s",
        ", ".join(score.caught) or "**nothing**",
        "; ".join(looks_like(look, score.trials) for look in score.looks),
    )


def looks_like(look: Look, trials: int) -> str:
    """A mechanism, in how many trials it was seen, and whether it should not have been."""
    wrongly = "wrongly " if look.fits is False and look.mechanism != UNKNOWN else ""
    return f"{wrongly}{look.mechanism} ({look.trials} of {trials})"


def _share(value: float) -> str:
    return f"{value:.1%}" if 0 < value < 1 else f"{value:.0%}"


def _honest(results: Sequence[Result]) -> str:
    lines = []
    for result in results:
        parts = ", ".join(f"{name} {verdict}" for name, verdict in result.parts.items())
        found = f"; **found by** {', '.join(result.failed)}" if result.failed else ""
        several = f", {result.trial.workers} workers" if result.trial.workers > 1 else ""
        redis = ", Redis" if result.trial.redis else ""
        on = f"{result.trial.database}{redis}{several}, seed {result.trial.seed}"
        lines.append(f"- {on}: {parts}{found}")
    return "\n".join(["The honest platform:", "", *lines]) if lines else ""


def _matrix(selftest: Selftest) -> str:
    """Faults by checks; a check that neither claims nor says anything is left out."""
    used = [
        check
        for check in selftest.checks
        if any(check in (*s.claimed, *s.caught, *s.other) for s in selftest.scores)
    ]
    if not used:
        return ""
    head = ("fault", "on", *(str(number) for number in range(1, len(used) + 1)))
    rows = [
        (score.fault, score.database, *(_mark(score, check) for check in used))
        for score in selftest.scores
    ]
    legend = " · ".join(f"{number} {check}" for number, check in enumerate(used, 1))
    marks = (
        f"{CLAIMED_AND_CAUGHT} claims it and said FAIL, {CLAIMED_ONLY} claims it and did not, "
        f"{CAUGHT} said FAIL without claiming it, {OTHER} said FAIL, which need not mean it"
    )
    return "\n".join([f"{legend}. {marks}.", "", table(head, rows)])


def _mark(score: Score, check: str) -> str:
    if check in score.caught:
        return CLAIMED_AND_CAUGHT if check in score.claimed else CAUGHT
    if check in score.claimed:
        return CLAIMED_ONLY
    return OTHER if check in score.other else NOTHING


class Likened(Protocol):
    """What broke in a known way, and what it was said to look like: a score, or its like."""

    @property
    def fault(self) -> str:
        """Its name."""

    @property
    def trials(self) -> int:
        """How often it was tried."""

    @property
    def looks(self) -> Sequence[Look]:
        """What roots look like."""

    @property
    def told(self) -> Told | None:
        """How rightly."""


def confusion(scores: Sequence[Likened]) -> str:
    """The confusion matrix of fingerprints: what looks like what, rightly and wrongly."""
    told = [score.told for score in scores if score.told is not None and score.told.trials]
    if not told:
        return ""
    every = {look.mechanism for score in scores for look in score.looks if look.fits is not None}
    rows = [
        (name, _often(scores, name, rightly=True), _often(scores, name, rightly=False))
        for name in dict.fromkeys(look.mechanism for score in scores for look in score.looks)
        if name in every
    ]
    total = Told(
        **{name: sum(getattr(each, name) for each in told) for name in Told.__struct_fields__}
    )
    said = (
        f"Of {total.trials:,} trials in which something looks like a mechanism or might, "
        f"{total.rightly:,} look like the right one and nothing else, {total.beside:,} like it "
        f"and another beside it, {total.unknown:,} like none that is known, {total.wrongly:,} "
        "like another only:"
    )
    return "\n".join([said, "", table(("looks like", "rightly", "wrongly"), rows)])


def _often(scores: Sequence[Likened], mechanism: str, *, rightly: bool) -> str:
    """What looks like a mechanism, and in how many trials, whatever the database."""
    seen, trials = Counter[str](), Counter[str]()
    for score in scores:
        trials[score.fault] += score.trials
        for look in score.looks:
            if look.mechanism == mechanism and look.fits is rightly:
                seen[score.fault] += look.trials
    return ", ".join(f"{fault} ({number} of {trials[fault]})" for fault, number in seen.items())


def _missing(selftest: Selftest) -> str:
    lines = [f"- {n.fault} on {n.database} was not run: {n.why}" for n in selftest.not_run]
    lines += [f"- {r.trial.id} broke: {r.problem}" for r in selftest.broken]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
