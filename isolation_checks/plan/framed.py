"""What a framing asks of the dialect that stands on it, and what it says itself of a plan.

Each complaint is one sentence that says what would be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isolation_checks.dialects import socket_io, template
from isolation_checks.plan.tables.dialect import Dialect
from isolation_checks.plan.tables.target import Template

_KEYS = ("event", "data", "args", "ack")


def with_its_own(dialect: Mapping[str, Any]) -> dict[str, Any]:
    """A dialect's table with what its framing says of it: the same where that stands there."""
    table = dict(dialect)
    where = table.get("where", {})
    if table.get("framing") != "socket.io" or not isinstance(where, Mapping):
        return table
    own = {"opens": socket_io.OPENS, "refuses": socket_io.REFUSES}
    for key, names in own.items():
        given = table.get(key, [])
        if isinstance(given, list):
            table[key] = [*given, *(name for name in names if name not in given)]
    table["where"] = {"type": ["event"], "session": ["data.sid"], **where}
    return table


def complaints(dialect: Dialect) -> Iterator[str]:
    """What is wrong with a dialect for the framing that it names."""
    if dialect.framing == "json":
        if dialect.namespace != socket_io.NOBODYS:
            yield "dialect.namespace is Socket.IO's; write framing = 'socket.io' beside it"
        return
    if dialect.class_ is not None:
        yield "dialect.class reads frames itself, whatever their framing; leave framing out"
        return
    if not dialect.namespace.startswith("/") or "," in dialect.namespace:
        yield "dialect.namespace begins with /, and has no comma"
    for where, sent in _sent(dialect):
        yield from (f"{where}: {what}" for what in _of_event(sent))


def _sent(dialect: Dialect) -> Iterator[tuple[str, Template]]:
    """Every message that is sent, with its place in the plan."""
    resume = dialect.resume
    several = (
        *((f"dialect.answers for {reply.when!r}", reply.send) for reply in dialect.answers),
        *(("dialect.read_conversation", sent) for sent in dialect.read_conversation),
    )
    single = {
        "ask": dialect.ask,
        "ask_next": dialect.ask_next,
        "alive": None if dialect.alive is None else dialect.alive.send,
        "renew": dialect.renew,
        "cancel": dialect.cancel,
        "resume.message": None if resume is None else resume.message,
    }
    yield from ((f"dialect.{name}", sent) for name, sent in single.items() if sent)
    yield from several


def _of_event(told: Template) -> Iterator[str]:
    sent = told if isinstance(told, dict) else {}
    event, ack = sent.get("event"), sent.get("ack")
    strange = [key for key in sent if key not in _KEYS]
    if strange or not isinstance(event, str) or not event or ("data" in sent and "args" in sent):
        yield (
            "a message of Socket.IO's is an event's name with what is sent along, such as "
            "{event = 'ask', data = {text = '{text}'}}, or args = […] where that is several things"
        )
        return
    if event in socket_io.RESERVED:
        yield f"the protocol keeps the name {event!r} for itself; no event is called so"
    if not isinstance(sent.get("args", []), list):
        yield "args is a list, of everything that is sent along with the event"
    if isinstance(ack, bool) or not isinstance(ack, int | str | None) or _is_no_number(ack):
        yield (
            "ack is a number, by which the platform says what it acknowledges; "
            "write ack = '{query_number}'"
        )
    if event == socket_io.ACK and ack is None:
        yield "an acknowledgement needs the number that it acknowledges, ack = '{frame.ack}'"


def _is_no_number(ack: object) -> bool:
    """Whether a text would become anything but a number."""
    return isinstance(ack, str) and template.holes(ack) not in ({"query_number"}, {"frame"})
