"""What to do about a finding, a check or an objective that did not pass: one sentence each.

It knows checks by their names and says something sensible of those that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from isolation_checks.verdicts.lattice import Verdict
from reports import mechanisms

if TYPE_CHECKING:
    from isolation_checks.verdicts.finding import Finding
    from isolation_checks.verdicts.outcomes import CheckOutcome, ObjectiveOutcome

FAILED: Mapping[str, str] = {
    "foreign canary in a frame": "Follow the first finding's witness to the code that chose "
    "that socket, cache entry or agent.",
    "frame of anothers": "Look at how an event finds its socket: something other than the user "
    "decides it.",
    "labels contradict content": "Trust the content: whatever writes the label does so after "
    "the wrong person was chosen.",
    "identity of anothers": "Look at where the identity of a session is kept: another's was "
    "read or written there.",
    "foreign facts": "Look at what that answer was made from: a memory, a cache or a search "
    "that did not ask whose it is.",
    "session ids differ": "Look at how session ids are made: clocks, counters and short random "
    "parts repeat themselves under load.",
    "foreign row": "Look at where the owner of a row is taken from when it is written.",
    "forged tokens": "Look for a way in that verifies less: a test header, another algorithm, "
    "an expiry that nobody reads, a validation that is kept under too short a key.",
    "claimed identities": "Take the user from the verified token everywhere, never from a "
    "message, an address or a header.",
    "anothers conversations": "Check the owner wherever a conversation is looked up by its id, "
    "over HTTP and in the socket alike.",
    "anothers sessions": "Check the owner wherever a session is given back by its id.",
    "ended logins": "When a login ends, close its sockets and forget what was validated for it.",
    "interference": "Refuse first: nothing of a session may be moved or replaced before the "
    "token was checked.",
    "event protocol": "Look for events sent twice, never, or by two emitters, at the times of "
    "the findings.",
    "row accounting": "Look at what happens between the answer and the commit: errors that are "
    "swallowed, retries that are not idempotent.",
    "answers differ": "Look for a ready-made text that is sent instead of an answer, above all "
    "where the platform is overloaded.",
    "recalled elsewhere": "Look at where memory is kept: in one worker's process it is gone with "
    "it, and unknown to the others.",
    "everybody let in again": "Look for places per user that are taken and never freed: the "
    "first connects succeed, later ones do not.",
}
"""By check, where it failed."""
UNSEEN: Mapping[str, str] = {
    "history complete": "See which process left no seal, and why, or say in the dialect how "
    "messages read of which it makes nothing, before you trust the rest.",
    "everybody came": "See why principals of the cast never connected.",
    "users overlapped": "Drive more users at once, or longer.",
    "canaries echoed": "Have the agent repeat a word of its question; without that nothing "
    "foreign could show.",
    "control found": "Mend what its note names, the dialect or the sharing: a break that was "
    "planted was not seen, and a real one would not have been.",
    "foreign canary in a frame": "See that answers repeat words of their questions, and that "
    "the dialect reads where they stand.",
    "frame of anothers": "Say in the dialect where frames carry their ids, or in the plan that "
    "they carry none.",
    "labels contradict content": "Say in the dialect where frames carry the user's id, or in "
    "the plan that they carry none.",
    "identity of anothers": "See that the dialect reads the text of answers, and drive again.",
    "foreign facts": "Drive longer, so that more of what personas told is asked for again.",
    "session ids differ": "Say in the dialect where the platform states the id of a session.",
    "foreign row": "Let whoever reads the rows read those of all users, and describe in the "
    "plan where their owner stands.",
    "forged tokens": "Drive until every probe had its turn, and see that a good token is taken "
    "by the ways that its note names.",
    "claimed identities": "Drive until every probe had its turn, and see that the plan names "
    "what this platform reads.",
    "anothers conversations": "See why even the owner got nothing by the way that its note "
    "names; until that works, a refusal proves nothing.",
    "anothers sessions": "See why nobody got even the own session back; until that works, a "
    "refusal proves nothing.",
    "ended logins": "Drive until logins were ended and tried again by every way that its note "
    "names.",
    "interference": "Drive again: what was chance does not come back with the same attempts.",
    "event protocol": "See that answers came at all, and that the dialect knows the events of one.",
    "row accounting": "See that rows were read to the end and had settled, and that the plan "
    "says how a row names its query.",
    "answers differ": "Drive longer: a few answers alike may be chance.",
    "recalled elsewhere": "See that what is told to remember is asked for again in another "
    "session, and that the answer repeats it.",
    "plan kept": "Give the generator more processes or a quieter machine: while it is late, "
    "what it measures is partly its own.",
    "everybody let in again": "Drive longer, with more reconnects: a few that failed may be "
    "chance.",
}
"""By check, where it could not look or could not tell."""
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
NOTHING_ANSWERED = (
    "no query was answered",
    "no query at all was answered",
    "no question was answered",
)
"""How a note begins where the reason is not the check's own, but that no answer came."""
BY_NOTE: Mapping[str, str] = {
    "are they encrypted": "Name no `text` and `json` for rows whose words cannot be read: they "
    "are then judged by owner, query and conversation.",
    "let `owner` lead": "Say in the plan whose a row is by the conversation it stands in, where "
    "its author is the agent.",
    "collect again": "Collect the rows again with `crosstalk collect`, and judge again: what is "
    "late is there by then.",
    "the rows could not be read": "See that `rows.url` names the platform's own database, and "
    "that tables and columns are called there as in the plan.",
}
"""By what a note says: where it names a cause, the advice is about that one."""
ANSWER_FIRST = (
    "Mend what keeps answers away (the first finding shows it, if there is one), or the plan's "
    "way of asking."
)


OF_ONE_USER = (
    "Look at the key under which an agent keeps what it was told: it must hold the conversation, "
    "not the user alone."
)
"""Where words passed from one conversation of a user's into another."""


def for_finding(finding: Finding) -> str:
    """Where to look: what its kind or mechanism says, or else its check; empty where none does."""
    if finding.kind == "stale-context":
        return OF_ONE_USER
    return mechanisms.look(finding.mechanism) or FAILED.get(finding.check, "")


def for_check(check: CheckOutcome) -> str:
    """What to do about a check; empty where there is nothing to do."""
    if check.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return ""
    if check.verdict is Verdict.UNKNOWN and check.note.startswith(NOTHING_ANSWERED):
        return ANSWER_FIRST
    if check.verdict is Verdict.UNKNOWN:
        noted = next((todo for said, todo in BY_NOTE.items() if said in check.note), "")
        if noted:
            return noted
    named = FAILED if check.verdict is Verdict.FAIL else UNSEEN
    return named.get(check.name) or BY_PART[check.part][check.verdict]


def for_objective(outcome: ObjectiveOutcome) -> str:
    """What to do about an objective; empty where there is nothing to do."""
    if outcome.verdict is Verdict.FAIL:
        known = mechanisms.look(outcome.looks.mechanism) if outcome.looks else ""
        return known or outcome.advice or BY_PART["objectives"][Verdict.FAIL]
    if outcome.verdict is Verdict.UNKNOWN and outcome.note.startswith(NOTHING_ANSWERED):
        return ANSWER_FIRST
    if outcome.verdict is Verdict.UNKNOWN:
        more = outcome.needed is not None
        return (
            "Drive longer, or with more users." if more else BY_PART["objectives"][Verdict.UNKNOWN]
        )
    return ""
