"""A finding and its proof as data: places in the evidence, moments, who and whom."""

from __future__ import annotations

from typing import Literal

from isolation_checks.verdicts.lattice import Part
from isolation_checks.verdicts.versioned import Data

SHOWN = 20
"""How many findings are kept whole; every one is counted."""


class Place(Data, frozen=True, kw_only=True):
    """Where in the evidence a thing stands.

    A stream (`history/<process>/frames` or `rows/<n>/<table>`), and the index in it.
    """

    stream: str
    index: int


class Moment(Data, frozen=True, kw_only=True):
    """One step of a witness: at this time this principal did or got this.

    `text` is an excerpt (content of the target: escape it); `mark` is the
    half-open range of `text` that is the foreign content, in characters.
    """

    at_s: float | None
    """Seconds since the run began; None where the clock is not ours (rows)."""
    who: str
    role: Literal["victim", "recipient", "other"]
    did: str
    text: str = ""
    mark: tuple[int, int] | None = None
    place: Place | None = None


class Span(Data, frozen=True, kw_only=True):
    """A stretch of a lane in a finding's picture: a session or query that was open."""

    who: str
    kind: Literal["session", "query"]
    label: str
    from_s: float
    to_s: float | None


class Finding(Data, frozen=True, kw_only=True):
    """One thing that is wrong, with its proof."""

    id: str
    check: str
    part: Part
    kind: str
    """The class of the finding, a slug such as `foreign-canary` or `lost-row`."""
    cwe: int | None
    victim: str | None
    recipient: str | None
    channel: str
    """Where it showed: `frame`, `http`, `row` or `query`."""
    sentence: str
    times: int
    """How often the same thing (check, kind, victim, recipient) was found."""
    first_s: float | None
    mechanism: str
    """What its fingerprint looks like; `unknown` is a mechanism too."""
    because: str
    provocation: str | None
    witness: tuple[Moment, ...]
    spans: tuple[Span, ...] = ()
    folded_into: str | None = None
    """The id of the root finding of which this one is a consequence."""


class Pair(Data, frozen=True, kw_only=True):
    """That content of one principal reached another, on one channel."""

    owner: str
    recipient: str
    channel: str
    times: int
    """In how many frames, answers or rows, whichever checks saw them."""
