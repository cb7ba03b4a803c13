"""How the platform speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.tables.target import Template
from isolation_checks.plan.units import Duration, Size


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be answered, and with what: `{frame.PLACE}` is taken from the received frame."""

    when: str
    send: Template


class Alive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps a session alive."""

    every: Duration
    send: Template


Id = Literal["query", "run", "conversation", "user"]
IDS: tuple[Id, ...] = ("query", "run", "conversation", "user")
USUAL: Mapping[Id, tuple[str, ...]] = {
    "query": ("request_id", "payload.request_id", "data.request_id"),
    "run": ("run_id", "payload.run_id", "data.run_id"),
    "conversation": ("thread_id", "payload.thread_id", "data.thread_id"),
    "user": ("user_id", "payload.user_id", "data.user_id", "user_context.user_id"),
}
"""Where ids of each sort often stand: looked at where a plan does not say."""


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which places of a frame things are found: dotted paths, the first hit wins.

    `*` stands for every member; the texts found so are joined.
    """

    type: tuple[str, ...] = ("type", "event")
    query: tuple[str, ...] | None = None
    """None, for this and the next three: the plan does not say, and USUAL places are looked at."""
    run: tuple[str, ...] | None = None
    conversation: tuple[str, ...] | None = None
    user: tuple[str, ...] | None = None
    session: tuple[str, ...] = ()
    """In the events of `opens`: ids that the platform makes for one session alone."""
    sequence: tuple[str, ...] = ("seq", "sequence")
    text: tuple[str, ...] = ("payload.content", "payload.message", "data.content", "content")
    delta: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    """Places of credentials, which are kept out of the run."""

    def ids(self, of: Id) -> tuple[str, ...]:
        """The places where such ids are looked for."""
        stated: tuple[str, ...] | None = getattr(self, of)
        return USUAL[of] if stated is None else stated


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an event is called that does not say it in one word: by what it holds."""

    name: str
    has: str
    """A place: the event is of this kind when anything stands there."""
    equals: str | None = None
    """… or rather, when this does."""


class Tool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The events between which the agent uses a tool."""

    begins: tuple[str, ...]
    ends: tuple[str, ...]


class Resume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a client gets a session back whose connection was lost."""

    session: tuple[str, ...]
    """Places, in what the platform says first, of the session's id."""
    ticket: tuple[str, ...] = ()
    """… and of what proves that it is the client's."""
    message: Template | None = None
    """What a client says to get its session back."""
    query: dict[str, str] = msgspec.field(default_factory=dict)
    """What it adds to the address that it connects to."""
    accepted: tuple[str, ...] = ()
    """Events by which the platform says that it gave the session back."""
    once: bool = False
    """What is under way goes on, and over both connections every event comes once."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the platform speaks, as data; or `class`, a Python class with the same methods."""

    extends: str | None = None
    """The preset that this one changes; laid under it when the plan is read."""
    names: dict[str, str] = msgspec.field(default_factory=dict)
    """Words of the plan's own that its templates may use: `{environment}`."""
    class_: str | None = msgspec.field(default=None, name="class")
    framing: Literal["json", "socket.io"] = "json"
    """What stands around a message in a frame: nothing, or a packet of Socket.IO."""
    namespace: str = "/"
    """Of Socket.IO: the one that a session joins."""
    ask: Template = msgspec.field(default_factory=dict)
    ask_next: Template | None = None
    """For the second and later queries of a conversation, when they differ."""
    conversations: Literal["ours", "theirs", "none"] = "theirs"
    """Who names a conversation: we, in the query; the platform, in its answer; nobody."""
    where: Where = msgspec.field(default_factory=Where)
    kinds: tuple[Kind, ...] = ()
    """Looked at before `where.type`; the first that fits names the event."""
    opens: tuple[str, ...] = ()
    """Events after all of which a session may be used; none: the upgrade suffices."""
    refuses: tuple[str, ...] = ()
    """Events by which the platform turns a session away."""
    first: tuple[str, ...] = ()
    """Events that count as the first sign of an answer; none: any of the query's."""
    ends: dict[str, Literal["ok", "fail", "info"]] = msgspec.field(default_factory=dict)
    protocol: tuple[str, ...] = ()
    """The events that every answered query shows, in this order; none: not asked."""
    repeats: tuple[str, ...] = ()
    """Those of `protocol` that may come several times."""
    tool: Tool | None = None
    """None: the platform does not say when its tools are at work."""
    answers: tuple[Reply, ...] = ()
    alive: Alive | None = None
    renew: Template | None = None
    """What hands a fresh token to an open session, before the old one runs out."""
    cancel: Template | None = None
    """What asks the platform to stop answering a query."""
    resume: Resume | None = None
    """None: a session ends with its connection, as far as we know."""
    send_limit: Size | None = None
    """The longest message that the platform takes."""
    read_conversation: tuple[Template, ...] = ()
    """WebSocket messages that ask for a conversation's history."""
    read_conversation_http: tuple[Call, ...] = ()
    """HTTP requests that do."""
