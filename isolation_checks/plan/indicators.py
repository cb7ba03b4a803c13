"""What an objective may be about: each indicator's name among people, its kind, its meaning.

`meaning` and `advice` are one sentence each: what it says, and what to do where it is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "connect",
    "authenticated",
    "first_event",
    "gap",
    "tool_call",
    "completion",
    "throughput",
    "error_share",
]
Kind = Literal["duration", "rate", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One thing that a run measures."""

    label: str
    kind: Kind
    of: Literal["sessions", "queries"]
    meaning: str
    advice: str


INDICATORS: Mapping[Name, Indicator] = {
    "connect": Indicator(
        label="connect",
        kind="duration",
        of="sessions",
        meaning="How long a user waits from wanting a session until it can be used.",
        advice="Look for readiness checks that run one after another, and for a listen queue "
        "or a pool of connections that is too small for a burst.",
    ),
    "authenticated": Indicator(
        label="authenticated",
        kind="duration",
        of="sessions",
        meaning="How long the platform takes, once the connection stands, to say that it knows "
        "who we are.",
        advice="Look at the validation of tokens: calls to the auth service, fetched keys, and "
        "whether what was validated is kept.",
    ),
    "first_event": Indicator(
        label="first event",
        kind="duration",
        of="queries",
        meaning="How long a user looks at nothing after asking.",
        advice="Send a first event before the work begins, and look for a queue in front of the "
        "agent.",
    ),
    "gap": Indicator(
        label="gap between events",
        kind="duration",
        of="queries",
        meaning="How long an answer that has begun stands still.",
        advice="Look for work that blocks the loop which streams, and for buffers that are "
        "flushed late.",
    ),
    "tool_call": Indicator(
        label="tool call",
        kind="duration",
        of="queries",
        meaning="How long the agent's tools take, from the event that one begins to the event "
        "that it is over.",
        advice="Look at the tool's own dependencies, and at the pool of threads or connections "
        "that tools share.",
    ),
    "completion": Indicator(
        label="completion",
        kind="duration",
        of="queries",
        meaning="How long a user waits from wanting an answer until it is complete.",
        advice="Compare it with the first event, the gaps and the tool calls: the longest of "
        "these is where to look first.",
    ),
    "throughput": Indicator(
        label="throughput",
        kind="rate",
        of="queries",
        meaning="How many answers are completed each second.",
        advice="Raise the load until it no longer grows, and look there for the resource that "
        "is fully used.",
    ),
    "error_share": Indicator(
        label="errors",
        kind="share",
        of="queries",
        meaning="Which share of the queries is refused, fails, times out or loses its session.",
        advice="Sort them by how they ended: refusals want more room, time-outs more speed, "
        "lost sessions a look at restarts.",
    ),
}
