"""Two runs compared, as text for a terminal.  It may not compute anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.disarm import disarm
from reports.wording import count, rate, seconds, share

if TYPE_CHECKING:
    from isolation_checks.verdicts.comparison import Comparison, Line

HEADS = ("indicator", "change", "base", "now", "difference at 95 %", "larger", "p", "n")
_UNITS = {"s": seconds, "share": share, "per_s": rate}
_SAYS = {
    "worse": "worse: ",
    "better": "better, and nothing is worse",
    "no difference": "no difference beyond the margin",
    "unclear": "nobody can say: ",
}
LEGEND = (
    "larger: how often a sample of this run is larger than one of the base, 50% where nothing",
    "changed; p: Mann and Whitney's; neither decides",
)


def render(compared: Comparison) -> str:
    """The answer, a row per indicator, and what stands in the way."""
    compared = disarm(compared)
    margin = f"{compared.margin * 100:g} %"
    lines = [
        f"Crosstalk · run {compared.run} against {compared.base} · margin {margin}",
        "",
        _SAYS[compared.change] + _which(compared) if compared.lines else compared.change,
        "",
    ]
    rows = [HEADS, *(_row(line) for line in compared.lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    lines += [
        "  " + "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += ["", *(f"  {line}" for line in LEGEND)] if compared.lines else []
    whose: dict[str, list[str]] = {}
    for line in compared.lines:
        whose.setdefault(line.why, []).append(line.name)
    lines += [f"  {', '.join(names)}: {why}" for why, names in whose.items() if why]
    lines += [f"  {note}" for note in compared.notes]
    return "\n".join([*lines, f"exit {compared.exit_code}"]) + "\n"


def _which(compared: Comparison) -> str:
    """The indicators that make it worse, or unclear."""
    if compared.change not in {"worse", "unclear"}:
        return ""
    if compared.change == "unclear" and compared.notes:
        return "; ".join(compared.notes)
    return ", ".join(line.name for line in compared.lines if line.change == compared.change)


def _row(line: Line) -> tuple[str, ...]:
    show = _UNITS[line.unit]
    return (
        line.name,
        line.change,
        "—" if line.base is None else show(line.base),
        "—" if line.now is None else show(line.now),
        _difference(line),
        "—" if line.effect is None else f"{line.effect:.0%}",
        "—" if line.p is None else f"{line.p:.2g}",
        f"{count(line.samples[0])}, {count(line.samples[1])}",
    )


def _difference(line: Line) -> str:
    if line.difference is None or line.lower is None or line.upper is None:
        return "—"
    return f"{line.difference:+.1%} ({line.lower:+.1%} to {line.upper:+.1%})"
