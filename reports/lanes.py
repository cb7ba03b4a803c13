"""Where everything goes in a finding's swim lanes: pure arithmetic, nothing is drawn here.

Lengths are pixels of the page, times are seconds since the run began.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isolation_checks.verdicts.finding import Finding, Moment, Span

ROLES = ("victim", "recipient", "other")
"""From the top lane to the bottom one."""
NAME, MARKS, BAR, BETWEEN = 24, 30, 17, 18
"""Heights in a lane: its name, its moments, a span, the blank under it."""
MARGIN = 4
DOT = 18
"""Diameter of a moment's mark; two marks of a lane keep this apart."""
GUTTER = 30
"""Width that a moment without a time of ours takes, right of the axis."""
AIR = 0.12
"""Share of the witness's duration that is shown before and after it."""
LEAST_AIR_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The picture of one finding, as places."""

    from_s: float
    to_s: float
    edge_s: float
    """The right edge; beyond `to_s` stand moments that have no time of ours."""
    second: float
    """Pixels in a second."""
    height: float
    roles: Mapping[str, str]
    """Whose lanes there are, from top to bottom, and what each is in the finding."""
    tops: Mapping[str, float]
    rows: Mapping[str, Sequence[Sequence[Span]]]
    """Each lane's spans, in rows in which none overlaps."""
    marks: tuple[tuple[float, float], ...]
    """Where the mark of each moment stands: seconds and pixels from the top."""
    arrow: tuple[int, int] | None
    """The moments in which the words were given and arrived."""


def layout(finding: Finding, width: int) -> Lanes | None:
    """Place a finding's moments and spans; None where it has no time to show."""
    window = _window(finding)
    if window is None:
        return None
    from_s, to_s = window
    timeless = sum(moment.at_s is None for moment in finding.witness)
    gutter = GUTTER * (timeless + 1) if timeless else 0
    second = (width - 2 * MARGIN - gutter) / (to_s - from_s)
    edge_s = to_s + gutter / second
    spans = [
        span
        for span in finding.spans
        if span.from_s < to_s and (span.to_s is None or span.to_s > from_s)
    ]
    roles = _roles(finding, spans)
    rows = {who: _stacked(spans, who) for who in roles}
    tops: dict[str, float] = {}
    height = 0.0
    for who in roles:
        tops[who] = height
        height += NAME + MARKS + BAR * len(rows[who]) + BETWEEN
    level = {who: top + NAME + MARKS / 2 for who, top in tops.items()}
    times = _apart(finding.witness, _times(finding.witness, to_s, second), edge_s, second)
    return Lanes(
        from_s=from_s,
        to_s=to_s,
        edge_s=edge_s,
        second=second,
        height=height,
        roles=roles,
        tops=tops,
        rows=rows,
        marks=tuple(
            (at, level[moment.who]) for at, moment in zip(times, finding.witness, strict=True)
        ),
        arrow=_arrow(finding.witness),
    )


def _window(finding: Finding) -> tuple[float, float] | None:
    """From when to when the picture shows: the witness and some air.

    A witness of one instant is shown within the queries that were open then, and one without
    any time within all spans.
    """
    times = [moment.at_s for moment in finding.witness if moment.at_s is not None]
    if min(times, default=0.0) == max(times, default=0.0):
        around = [span for span in finding.spans if not times or _asked(span, times[0])]
        times += [span.from_s for span in around]
        times += [span.to_s for span in around if span.to_s is not None]
    if not times:
        return None
    air = max(AIR * (max(times) - min(times)), LEAST_AIR_S)
    return min(times) - air, max(times) + air


def _asked(span: Span, at_s: float) -> bool:
    """Whether this is a query that was open at a time."""
    open_then = span.from_s <= at_s and (span.to_s is None or span.to_s >= at_s)
    return span.kind == "query" and open_then


def _roles(finding: Finding, spans: Sequence[Span]) -> dict[str, str]:
    """What everybody is in the finding; who is named in it outdoes who is in the witness."""
    roles = {span.who: "other" for span in spans}
    roles |= {moment.who: moment.role for moment in reversed(finding.witness)}
    for who, role in ((finding.recipient, "recipient"), (finding.victim, "victim")):
        if who in roles:
            roles[who] = role
    return dict(sorted(roles.items(), key=lambda lane: ROLES.index(lane[1])))


def _stacked(spans: Sequence[Span], who: str) -> list[list[Span]]:
    """One principal's spans in rows in which none overlaps: sessions above queries."""
    rows: list[list[Span]] = []
    for kind in ("session", "query"):
        first = len(rows)
        mine = [span for span in spans if span.who == who and span.kind == kind]
        for span in sorted(mine, key=lambda span: span.from_s):
            for row in rows[first:]:
                if row[-1].to_s is not None and row[-1].to_s <= span.from_s:
                    row.append(span)
                    break
            else:
                rows.append([span])
    return rows


def _times(witness: Sequence[Moment], to_s: float, second: float) -> list[float]:
    """When each moment was; those on another clock follow in their order after the axis."""
    times: list[float] = []
    timeless = 0
    for moment in witness:
        timeless += moment.at_s is None
        beyond = to_s + GUTTER * (timeless + 0.25) / second
        times.append(beyond if moment.at_s is None else moment.at_s)
    return times


def _apart(
    witness: Sequence[Moment], times: Sequence[float], edge_s: float, second: float
) -> list[float]:
    """The same times, moved where two marks of a lane would lie on top of one another."""
    places = list(times)
    for who in {moment.who for moment in witness}:
        mine = [place for place, moment in enumerate(witness) if moment.who == who]
        mine.sort(key=lambda place: times[place])
        for left, right in pairwise(mine):
            places[right] = max(places[right], places[left] + DOT / second)
        last = edge_s
        for place in reversed(mine):
            places[place] = min(places[place], last)
            last = places[place] - DOT / second
    return places


def _arrow(witness: Sequence[Moment]) -> tuple[int, int] | None:
    """From where the words were given to where they arrived, if they did."""
    victims = [place for place, moment in enumerate(witness) if moment.role == "victim"]
    recipients = [place for place, moment in enumerate(witness) if moment.role == "recipient"]
    if not victims or not recipients:
        return None
    given = next((place for place in victims if witness[place].mark), victims[0])
    arrived = next((place for place in recipients if witness[place].mark), recipients[-1])
    return given, arrived
