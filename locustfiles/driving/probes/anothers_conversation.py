"""Another's conversation: an intruder with a good token of its own reads it, goes on in it.

By every message and request that the plan describes; those that could destroy anything
only where the plan allows it, and when the drive is over.
"""

from __future__ import annotations

from isolation_checks import probing
from isolation_checks.probing import SOCKET, Family, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.probes.controls import ask_about_conversations, look_behind, own_reads
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.trying import Trying
from locustfiles.driving.rig import Rig


def open_anothers_conversation(rig: Rig) -> None:
    """Have an intruder ask for conversations of a decoy's."""
    wanted = [w for w in probing.wanted(rig.plan, Family.CONVERSATION) if w.kind != "change"]
    if wanted:
        ask_about_conversations(Ground(rig), wanted, _try)


def change_anothers_conversation(rig: Rig) -> None:
    """Make the requests that could destroy something, once each, on a conversation of its own."""
    wanted = [w for w in probing.wanted(rig.plan, Family.CONVERSATION) if w.kind == "change"]
    if not wanted:
        return
    ground = Ground(rig)
    for turn, each in enumerate(wanted):
        conversation = ground.conversation(turn)
        if conversation is not None:
            own_reads(ground, conversation)
            _try(ground, each, conversation)


def _try(ground: Ground, each: Wanted, conversation: str) -> None:
    rig, who = ground.rig, ground.decoy.principal
    calls = (*probing.reads(rig.plan), *probing.changes(rig.plan))
    call = next((c for c in calls if probing.name_of(c) == each.way), None)
    shown = Shown(token=ground.token(ground.intruder))
    tried = Trying(
        kind=each.kind,
        way=each.way,
        by=ground.intruder,
        victim=who,
        said=f"its own token ({each.way})",
        shows={"read": Shows.WORDS, "continue": Shows.WRITTEN, "change": Shows.GONE}[each.kind],
        relies_on=own(each.way if each.kind == "read" else SOCKET),
    )
    if each.kind == "change":
        tried.relies_on = own(probing.name_of(probing.reads(rig.plan)[0]))
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
