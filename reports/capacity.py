"""The capacity of a platform as text for a terminal.

It may not compute anything: what a planner wants to know stands in the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.wording import count, counted, rate, seconds

if TYPE_CHECKING:
    from isolation_checks.verdicts.capacity import Capacity, Estimate, Quantile, Step

HEADS = (
    *("users", "verdict", "n", "asked", "answered", "good", "p50", "p95"),
    *("errors", "bleeds", "late", "CPU"),
)
UNKNOWN = "—"


def render(planned: Capacity, width: int = 110) -> str:
    """The headline, a row per step, the law, and the answers."""
    lines = [f"Crosstalk · capacity of run {planned.run} · {planned.model}", ""]
    rows = [HEADS, *(_row(step) for step in planned.steps)]
    if all(row[-1] == UNKNOWN for row in rows[1:]):
        rows = [row[:-1] for row in rows]  # nothing of the platform's own was sampled
    lines += [planned.headline, "", *_table(rows), ""]
    lines += [
        f"  {counted(step.users, 'user', 'users')}: {_short(why, width)}"
        for step in planned.steps
        for why in _reasons(step)
    ]
    if planned.knee is not None:
        lines.append(f"knee: {_users(planned.knee)} (a range: knees jump with the noise)")
    if planned.law is not None:
        law = planned.law
        lines.append(
            f"scalability law: α {_between(law.alpha)}, β {_between(law.beta)}, "
            f"γ {_between(law.gamma)}; it explains {law.explained:.1%}"
        )
        if law.peak is not None:
            lines.append(f"most throughput: at {_users(law.peak)}")
    lines += [f"resources {sentence}" for sentence in planned.fullest]
    lines.append(_bleeding(planned))
    for answer in planned.answers:
        lines.append(f"{answer.asks} {answer.because}")
        if answer.users is not None:
            lines.append(f"  {_users(answer.users)}")
        lines += [f"  assumes: {each}" for each in answer.assumes]
    lines += [f"not said: {sentence}" for sentence in (*planned.refused, *planned.unsampled)]
    return "\n".join(lines) + "\n"


def _row(step: Step) -> tuple[str, ...]:
    by_q = {each.q: each for each in step.completion}
    errors = UNKNOWN if step.errors is None else f"{step.errors:.1%}"
    return (
        f"{step.users}{' *' if step.confirms else ''}",
        step.verdict.value,
        count(step.queries),
        rate(step.offered),
        rate(step.throughput.value),
        rate(step.goodput.value),
        _time(by_q.get(0.5)),
        _time(by_q.get(0.95)),
        errors,
        count(step.bleeds),
        f"{step.late:.1%}",
        _cpu(step),
    )


def _cpu(step: Step) -> str:
    """The platform's own processor time, where it was sampled."""
    used = next((each for each in step.resources if each.resource == "cpu"), None)
    if used is None:
        return UNKNOWN
    return f"{used.mean / used.most:.0%}" if used.most else f"{used.mean:.2g} cores"


def _reasons(step: Step) -> list[str]:
    missed = [
        f"{outcome.statement}: {outcome.verdict.value}"
        + (f", {outcome.note}" if outcome.note else "")
        for outcome in step.objectives
        if outcome.verdict.value != "PASS"
    ]
    return [*filter(None, [step.note]), *missed]


def _bleeding(planned: Capacity) -> str:
    found = planned.bleeding
    if found is None:
        return "isolation: nothing of one user's reached another at any of these loads"
    clean = "" if found.borne is None else f"; nothing was seen at {found.borne}"
    if found.below is not None:
        clean += f", where fewer than {found.below:.2g} of a thousand queries did"
    return (
        f"isolation first broke at {counted(found.users, 'user', 'users')}, "
        f"{found.concurrency:.3g} queries open at a time{clean}"
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.rjust(wide) for cell, wide in zip(row, widths, strict=True))
        for row in rows
    ]


def _time(found: Quantile | None) -> str:
    return UNKNOWN if found is None or found.measured is None else seconds(found.measured)


def _users(found: Estimate) -> str:
    if found.lower == found.upper:
        return f"{found.value:.0f} users"
    return f"{found.value:.0f} users ({found.lower:.0f} to {found.upper:.0f})"


def _between(found: Estimate) -> str:
    return f"{found.value:.3g} ({found.lower:.3g} to {found.upper:.3g})"


def _short(text: str, width: int) -> str:
    room = max(40, width - 16)
    return text if len(text) <= room else text[: room - 1] + "…"
