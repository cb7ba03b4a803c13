"""Another's conversation: an intruder with a good token of its own reads it, goes on in it.

By every message and request that the plan describes; those that could destroy anything
only where the plan allows it, and when the drive is over.
"""

from __future__ import annotations

from isolation_checks import probing
from isolation_checks.plan.tables.auth import Call
from isolation_checks.probing import Family, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.controls import (
    ask_about_conversations,
    begun,
    look_behind,
    own_reads,
)
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.rig import Rig

BEGUN = "own conversation"


def open_anothers_conversation(rig: Rig) -> None:
    """Have an intruder ask for conversations of a decoy's."""
    wanted = [w for w in probing.wanted(rig.plan, Family.CONVERSATION) if w.kind != "change"]
    if wanted:
        ask_about_conversations(Ground(rig), wanted, _try)


def change_anothers_conversation(rig: Rig) -> None:
    """Make the requests that could destroy something, once each, on a conversation of its own.

    Behind it the decoy makes the same, which must succeed; so that conversation is begun by
    nothing that rows are counted for.
    """
    wanted = [w for w in probing.wanted(rig.plan, Family.CONVERSATION) if w.kind == "change"]
    if not wanted:
        return
    ground = Ground(rig)
    who, timeout_s = ground.decoy.principal, float(rig.plan.workload.timeout)
    for each in wanted:
        line, conversation = begun(ground, who, ground.token(who), BEGUN, timeout_s)
        line.close()
        if conversation is not None:
            own_reads(ground, conversation)
            _try(ground, each, conversation)
            _own_change(ground, each, conversation)


def _call(ground: Ground, each: Wanted) -> Call | None:
    """The request by which an attempt is made, if it is made by one."""
    calls = (*probing.reads(ground.rig.plan), *probing.changes(ground.rig.plan))
    return next((call for call in calls if probing.name_of(call) == each.way), None)


def _own_change(ground: Ground, each: Wanted, conversation: str) -> None:
    """A control: its owner makes this request, and it does what it says."""
    who, call = ground.decoy.principal, _call(ground, each)
    assert call is not None
    said = f"{who.id}'s own token, for its own conversation"
    shows = Shows.GONE if call.method == "DELETE" else Shows.DONE
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=shows)
    if probing.tells(call):
        tried.shows = Shows.WRITTEN
    with ground.trying(tried.own(own(each.way))):
        tried.about = conversation
        ground.call(tried, call, conversation, Shown(token=ground.token(who)))
        look_behind(ground, tried, conversation)


def _try(ground: Ground, each: Wanted, conversation: str) -> None:
    rig, who = ground.rig, ground.decoy.principal
    call = _call(ground, each)
    shown = Shown(token=ground.token(ground.intruder))
    tried = Trying(
        kind=each.kind,
        way=each.way,
        by=ground.intruder,
        victim=who,
        said=f"its own token ({each.way})",
        shows={"read": Shows.WORDS, "continue": Shows.WRITTEN, "change": Shows.GONE}[each.kind],
        relies_on=own(each.way),
    )
    if call is not None and probing.tells(call):
        tried.shows = Shows.WRITTEN
    with ground.trying(tried):
        tried.about = conversation
        ground.watch(tried)
        if call is not None:
            ground.call(tried, call, conversation, shown)
            if each.kind == "change":
                look_behind(ground, tried, conversation)
            return
        line = ground.line(tried, shown)
        if not line.ready:
            return
        if each.kind == "continue":
            query = ground.ask(tried, line, conversation)
            line.wait_for_end(query)
            look_behind(ground, tried, conversation)
        else:
            number = probing.messages(rig.plan).index(each.way)
            query, content = ground.reading(conversation, tried.by.subject)[number]
            line.send(content)
            line.wait_for(query)
