"""What to do about a check or an objective that did not pass: one sentence each.

It knows checks by their names and says something sensible of those that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from isolation_checks.judging.verdict import Verdict

if TYPE_CHECKING:
    from isolation_checks.judging.verdict import CheckOutcome, ObjectiveOutcome

FAILED: Mapping[str, str] = {
    "foreign canary in a frame": "Follow the first finding's witness to the code that chose "
    "that socket, cache entry or agent.",
    "frame of anothers": "Look at how an event finds its socket: something other than the user "
    "decides it.",
    "labels contradict content": "Trust the content: whatever writes the label does so after "
    "the wrong person was chosen.",
    "identity of anothers": "Look at where the identity of a session is kept: another's was "
    "read or written there.",
    "foreign row": "Look at where the owner of a row is taken from when it is written.",
    "row accounting": "Look at what happens between the answer and the commit: errors that are "
    "swallowed, retries that are not idempotent.",
    "event protocol": "Look for events sent twice, never, or by two emitters, at the times of "
    "the findings.",
    "error budget": "Read the platform's log at the times of the first failures.",
}
"""By check, where it failed."""
UNSEEN: Mapping[str, str] = {
    "history complete": "See which process left no seal, and why, before you trust the rest.",
    "everybody came": "See why principals of the cast never connected.",
    "users overlapped": "Drive more users at once, or longer.",
    "canaries echoed": "Have the agent repeat a word of its question; without that nothing "
    "foreign could show.",
    "plan kept": "See which part of the plan was not carried out.",
}
"""By check, where it could not look."""
BY_PART: Mapping[str, Mapping[Verdict, str]] = {
    "isolation": {
        Verdict.FAIL: "Read its first finding and give the witness to whoever owns that code.",
        Verdict.UNKNOWN: "Give it something to examine: drive longer, or ask for what it needs.",
    },
    "evidence": {
        Verdict.FAIL: "Mend the evidence first; nothing else in this report is sure without it.",
        Verdict.UNKNOWN: "Mend what its note names and drive again; until then nothing is sure.",
    },
    "objectives": {
        Verdict.FAIL: "Compare the slow or failed answers with the load at that time.",
        Verdict.UNKNOWN: "Drive longer: more samples would tell.",
    },
}
"""What holds for a check that is not named above."""
OBJECTIVES: Mapping[str, str] = {
    "completion": "Look at where the time of the slowest answer went, and at which load it was.",
    "first_event": "Look at what an answer waits for before its first event: a queue, a lock, "
    "a cold start.",
    "connect": "Look at what a connect waits for: logins and readiness checks, one after another.",
    "error_share": "Read the platform's log at the times of the first failures.",
}
"""By indicator, where an objective was missed."""


def for_check(check: CheckOutcome) -> str:
    """What to do about a check; empty where there is nothing to do."""
    if check.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return ""
    named = FAILED if check.verdict is Verdict.FAIL else UNSEEN
    return named.get(check.name) or BY_PART[check.part][check.verdict]


def for_objective(outcome: ObjectiveOutcome) -> str:
    """What to do about an objective; empty where there is nothing to do."""
    if outcome.verdict is Verdict.FAIL:
        return OBJECTIVES.get(outcome.indicator, BY_PART["objectives"][Verdict.FAIL])
    if outcome.verdict is Verdict.UNKNOWN:
        more = outcome.needed is not None
        return (
            "Drive longer, or with more users." if more else BY_PART["objectives"][Verdict.UNKNOWN]
        )
    return ""
