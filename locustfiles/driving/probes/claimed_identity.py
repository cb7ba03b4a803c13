"""Claimed identities: an intruder with a good token of its own says that it is somebody else.

In a message, in the query string, in headers, in the path; and asks for that somebody's
conversation, so that what comes back shows as whom it was taken.
"""

from __future__ import annotations

from isolation_checks import probing
from isolation_checks.probing import QUERY, SOCKET, Family, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.controls import ask_about_conversations, look_behind
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.line import Line
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.rig import Rig

_BY_NAME = ("named in the message", "named in the query string")
_NOTHING_CLAIMED = (
    "the platform's tokens and accounts tell the decoy from the intruder by nothing that "
    "probes.names says"
)


def claim_identities(rig: Rig) -> None:
    """Have an intruder claim to be a decoy, in every way that the plan describes."""
    wanted = list(probing.wanted(rig.plan, Family.IDENTITY))
    if wanted:
        ask_about_conversations(Ground(rig), wanted, _try)


def _try(ground: Ground, each: Wanted, conversation: str) -> None:
    who, token = ground.decoy.principal, ground.token(ground.intruder)
    claim = who.subject or who.email
    read = probing.messages(ground.rig.plan)
    asks = each.way == QUERY or (each.way == SOCKET and not read)
    shown_by = {QUERY: QUERY, SOCKET: read[0] if read else QUERY}.get(each.way, each.way)
    over_http = next(
        (c for c in probing.reads(ground.rig.plan) if probing.name_of(c) == each.way), None
    )
    tried = Trying(
        kind=each.kind,
        way=each.way,
        by=ground.intruder,
        victim=who,
        said=f"its own token, with {who.id} {each.kind}",
        shows=Shows.WRITTEN if asks else Shows.WORDS,
        relies_on=own(shown_by),
    )
    with ground.trying(tried):
        tried.about = conversation
        ground.watch(tried)
        if each.kind in _BY_NAME and not ground.claims():
            tried.trouble = _NOTHING_CLAIMED
            return
        shown = _shown(ground, each.kind, token, claim)
        if over_http is not None:
            ground.call(tried, over_http, conversation, shown)
            return
        line = ground.line(tried, shown)
        if not line.ready:
            return
        inside = claim if each.kind == "named in the message" else None
        if asks:
            _ask(ground, tried, line, conversation, inside)
        else:
            _read(ground, tried, line, conversation, inside)


def _shown(ground: Ground, kind: str, token: str, claim: str) -> Shown:
    probes = ground.rig.plan.probes
    return Shown(
        token=token,
        headers=dict.fromkeys(probes.headers, claim) if kind == "named in headers" else {},
        query=ground.claims() if kind == "named in the query string" else {},
        subject=claim if kind == "named in the path" else None,
    )


def _ask(ground: Ground, tried: Trying, line: Line, conversation: str, claim: str | None) -> None:
    query = ground.ask(tried, line, conversation, claim=claim)
    line.wait_for_end(query)
    look_behind(ground, tried, conversation)


def _read(ground: Ground, tried: Trying, line: Line, conversation: str, claim: str | None) -> None:
    """Ask for the conversation, by the messages that read one."""
    sent = ground.reading(conversation, claim or tried.by.subject)
    for number, (query, content) in enumerate(sent, 1):
        if claim is not None and tried.way != probing.messages(ground.rig.plan)[number - 1]:
            continue
        line.send(content if claim is None else ground.claimed(tried, content))
        line.wait_for(query)
