"""What makes a refusal mean something: the owner does by every way what is then tried.

A way that does not even work for the owner proves nothing when it is refused to another.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Sequence

import gevent

from isolation_checks import probing
from isolation_checks.plan.tables.auth import Call
from isolation_checks.probing import QUERY, SOCKET, Shows, Wanted, own
from locustfiles.driving.opening import Shown
from locustfiles.driving.principals import Principal
from locustfiles.driving.probes.ground import Ground
from locustfiles.driving.probes.line import Line
from locustfiles.driving.probes.trying import CONTROL, Trying


def ask_about_conversations(
    ground: Ground, wanted: Sequence[Wanted], attempt: Callable[[Ground, Wanted, str], None]
) -> None:
    """Make every attempt on one conversation of the decoy's after another, behind its controls.

    The intruder's own token is taken, and the decoy can read what is asked for.
    """
    for turn in itertools.count():
        conversation = ground.conversation(turn)
        if conversation is None:
            ground.pause()
            continue
        own_socket(ground, ground.intruder, ground.token(ground.intruder), own(SOCKET))
        own_reads(ground, conversation)
        own_query(ground, conversation)
        for each in wanted:
            ground.pause()
            attempt(ground, each, conversation)


def begun(
    ground: Ground, who: Principal, token: str, label: str, seconds: float
) -> tuple[Line, str | None]:
    """A control: its owner asks over a line that stays open; and the id of its conversation.

    Like whatever a probe asks, that question is in no account of rows.
    """
    tried = Trying(kind="", way="", by=who, victim=who, said="a question", shows=Shows.ECHO)
    with ground.trying(tried.own(label)):
        line = ground.line(tried, Shown(token=token), kept=True)
        query = ground.ask(tried, line)
        line.wait_for_end(query, seconds)
    ground.word = tried.word
    ours = (None, query)
    named = (r.conversation for r, _ in line.heard if r.query in ours and r.conversation)
    return line, next(named, tried.begun)


def look_behind(ground: Ground, tried: Trying, conversation: str) -> None:
    """Have the decoy read its own conversation, when what was said there can be read there."""
    gevent.sleep(ground.lag_s)
    _look(ground, tried, conversation)


def _look(ground: Ground, tried: Trying, conversation: str) -> bool:
    """Read it by the first way that there is; whether what was tried had said something there."""
    who = ground.decoy.principal
    calls = probing.reads(ground.rig.plan)
    looked = Trying(kind=CONTROL, way="", by=who, victim=who, said="", shows=Shows.WORDS)
    shown = Shown(token=ground.token(who))
    heard: list[bytes] = []
    if calls:
        answer = ground.call(looked, calls[0], conversation, shown)
        heard += [answer[1]] if answer is not None else []
    else:
        line = ground.line(looked, shown)
        for query, content in ground.reading(conversation, who.subject)[:1]:
            line.send(content)
            line.wait_for(query)
        heard += [content for _, content in line.heard]
    tried.behind = looked.session
    return _holds(heard, tried.word)


def _holds(heard: Iterable[bytes], word: str) -> bool:
    """Whether a word is in what was heard, as far as can be seen without undoing anything."""
    return any(word.encode().lower() in content.lower() for content in heard)


def own_socket(ground: Ground, by: Principal, token: str, label: str) -> None:
    """A control: with this token, which is good, its owner is let in, and answered."""
    said = f"{by.id}'s own token"
    tried = Trying(kind="", way="", by=by, victim=by, said=said, shows=Shows.LET_IN)
    with ground.trying(tried.own(label)):
        line = ground.line(tried, Shown(token=token))
        if line.ready:
            query = ground.ask(tried, line)
            line.wait_for_end(query)


def own_reads(ground: Ground, conversation: str) -> None:
    """Controls: by every way of reading, the decoy reads its own conversation."""
    who, plan = ground.decoy.principal, ground.rig.plan
    token = ground.token(who)
    for call in probing.reads(plan):
        own_call(ground, who, token, call, conversation, own(probing.name_of(call)))
    for number, way in enumerate(probing.messages(plan)):
        ground.until(functools.partial(_own_message, ground, token, conversation, number, way))


def _own_message(ground: Ground, token: str, conversation: str, number: int, way: str) -> bool:
    """A control: the decoy reads its own conversation by this message; whether it did.

    What it is told before it asks is no answer.
    """
    who = ground.decoy.principal
    said = f"{who.id}'s own token, for its own conversation"
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=Shows.WORDS)
    with ground.trying(tried.own(own(way))):
        tried.about = conversation
        line = ground.line(tried, Shown(token=token))
        before = len(line.heard)
        if line.ready:
            query, content = ground.reading(conversation, who.subject)[number]
            tried.began_ns = time.monotonic_ns()
            line.send(content)
            line.wait_for(query)
    return _holds((content for _, content in line.heard[before:]), ground.word)


def own_query(ground: Ground, conversation: str) -> None:
    """A control: the decoy goes on in its own conversation, and then its words show there.

    In the answer or behind it, in no longer a time than the same is given to an intruder.
    """
    who = ground.decoy.principal
    said = f"a question of {who.id}'s, in its own conversation"
    tried = Trying(kind="", way="", by=who, victim=who, said=said, shows=Shows.WRITTEN)
    with ground.trying(tried.own(own(QUERY))):
        tried.about = conversation
        line = ground.line(tried, Shown(token=ground.token(who)))
        if line.ready:
            tried.began_ns = time.monotonic_ns()
            query = ground.ask(tried, line, conversation)
            line.wait_for_end(query)
            lag_s = ground.until(lambda: _look(ground, tried, conversation))
            ground.lag_s = max(ground.lag_s, lag_s or 0.0)


def own_call(  # noqa: PLR0913, PLR0917 - whose control of what it is
    ground: Ground, by: Principal, token: str, call: Call, conversation: str, label: str
) -> None:
    """A control: with this token its owner reads its own conversation by this request."""
    said = f"{by.id}'s own token, for its own conversation"

    def read() -> bool:
        tried = Trying(kind="", way="", by=by, victim=by, said=said, shows=Shows.WORDS)
        with ground.trying(tried.own(label)):
            tried.about = conversation
            answer = ground.call(tried, call, conversation, Shown(token=token))
        return answer is None or _holds([answer[1]], ground.word)

    ground.until(read)
