"""The dialect of platforms that send one JSON event a frame, wholly described by a plan.

Like every dialect it is pure: no socket, no clock, no state.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import orjson

from isolation_checks.dialects import template
from isolation_checks.dialects.framing import Json, framing_of
from isolation_checks.dialects.glance import at_the_root
from isolation_checks.dialects.parsing import parsed
from isolation_checks.dialects.places import Places, Unusual
from isolation_checks.dialects.reading import SILENT, Ask, Dialect, Reading
from isolation_checks.errors import UsageError
from isolation_checks.plan.tables.dialect import IDS
from isolation_checks.plan.tables.dialect import Dialect as Described
from isolation_checks.plan.tables.target import Template
from isolation_checks.records import Ending

_MEMBERS = (
    *("opens", "refuses", "protocol", "repeats", "first"),
    *("ask", "read", "answer", "alive", "renew", "read_conversation"),
)
_KIND, _QUERY, _RUN, _CONVERSATION, _USER, _SEQUENCE, _DELTA, _TEXT, _NOTHING, _MORE = range(10)
"""The groups of places that every dialect has, one of them empty, by number."""


class EventDialect:
    """One JSON object or array a message; where what stands in it is data."""

    def __init__(self, described: Described) -> None:
        self._described = described
        self._framing = framing_of(described)
        self._opened = None if isinstance(self._framing, Json) else self._framing.opened
        """Takes a message out of its frame, where there is anything around it."""
        self._where = described.where
        self._ends = {event: Ending(ending) for event, ending in described.ends.items()}
        self._answers = {reply.when: reply.send for reply in described.answers}
        self.opens = frozenset(described.opens)
        self.refuses = frozenset(described.refuses)
        self.protocol = described.protocol
        self.repeats = frozenset(described.repeats)
        self.first = frozenset(described.first)
        self.answered = frozenset(self._answers)
        where = described.where
        tickets = described.resume.ticket if described.resume is not None else ()
        self._secrets_said = tuple(dict.fromkeys((*where.secrets, *tickets)))
        self._ids = tuple(map(where.ids, IDS))
        fixed = (where.type, *self._ids)
        more = [(place,) for place in self._secrets_said] + [
            (kind.has,) for kind in described.kinds
        ]
        self._places = Places((*fixed, where.sequence, where.delta, where.text, (), *more))
        self._decoded = self._places.decoded
        self._names_in = self._places.heads(*range(len(fixed)))
        self._content_in = self._places.heads(_SEQUENCE, _DELTA, _TEXT)
        self._secrets_at = range(_MORE, _MORE + len(self._secrets_said))
        self._secrets_in = self._places.heads(*self._secrets_at, _NOTHING, _NOTHING)
        plain = all(self._places.single[group] for group in self._secrets_at)
        self._no_secrets = (None,) * (len(self._secrets_said) + 2) if plain else ()
        """What is at the heads of a message's secrets when it carries none."""
        self._look = at_the_root(described, self._secrets_said, self._glanced)
        if type(self).read is not EventDialect.read:  # whoever reads otherwise looks otherwise
            self._look = self.read
        self._kinds_at = tuple(enumerate(described.kinds, self._secrets_at.stop))

    def ask(self, query: Ask) -> bytes:
        """The query as the plan's template says."""
        described = self._described
        chosen = described.ask_next if query.turn > 0 and described.ask_next else described.ask
        return self._sealed(
            chosen,
            {
                "query": query.query,
                "text": query.text,
                "conversation": query.conversation,
                "turn": query.turn,
                "subject": query.subject,
                "token": query.token,
                "now": query.now_s,
            },
        )

    def read(self, frame: bytes) -> Reading:
        """What the candidate places of the plan say of this message."""
        if self._opened is None:
            return self._read(frame)
        opened = self._opened(frame)
        return opened if isinstance(opened, Reading) else self._read(opened)

    def _read(self, content: bytes) -> Reading:
        try:
            message = self._decoded(content)
            kind, query, run, conversation, user, secrets = self._labels(message)
            sequence, delta, text = self._content_in(message)
            if delta.__class__ is not str:
                delta = self._joined(message, _DELTA, delta)
            if delta is None and text.__class__ is not str:
                text = self._joined(message, _TEXT, text)
            if sequence.__class__ is not int:
                sequence = _whole(self._text(message, _SEQUENCE, sequence))
        except (Unusual, AttributeError, RecursionError):
            return self._walked(content)
        return Reading(
            kind=kind,
            query=query,
            run=run,
            conversation=conversation,
            user=user,
            sequence=sequence,
            text=text if delta is None else delta,
            delta=delta is not None,
            ending=self._ends.get(kind),
            secrets=secrets,
        )

    @property
    def glance(self) -> Callable[[bytes], Reading]:
        """What a driver needs while it runs: as `read`, but for the text and its number."""
        opened, look = self._opened, self._look
        if opened is None or look == self.read:
            return look

        def framed(frame: bytes) -> Reading:
            content = opened(frame)
            return content if isinstance(content, Reading) else look(content)

        return framed

    def _glanced(self, content: bytes) -> Reading:
        """The same but for the text and its number."""
        try:
            labels = self._labels(self._decoded(content))
        except (Unusual, AttributeError, RecursionError):
            return self._walked(content)
        kind, query, run, conversation, user, secrets = labels
        return Reading(
            kind=kind,
            query=query,
            run=run,
            conversation=conversation,
            user=user,
            ending=self._ends.get(kind),
            secrets=secrets,
        )

    def _labels(self, message: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """What names things: kind, query, run, conversation, user, and the secrets.

        The head of a group is what most often says it, and then no more is asked.
        """
        kind, query, run, conversation, user = self._names_in(message)
        if not kind or kind.__class__ is not str or self._kinds_at:
            kind = self._kind(message, kind)
        if not query or query.__class__ is not str:
            query = self._text(message, _QUERY, query)
        if not run or run.__class__ is not str:
            run = self._text(message, _RUN, run)
        if not conversation or conversation.__class__ is not str:
            conversation = self._text(message, _CONVERSATION, conversation)
        if not user or user.__class__ is not str:
            user = self._text(message, _USER, user)
        if self._secrets_in(message) == self._no_secrets:
            return kind, query, run, conversation, user, ()
        return kind, query, run, conversation, user, self._secrets(message)

    def _text(self, message: Any, group: int, head: Any) -> str | None:  # noqa: ANN401 - JSON
        """The first scalar of a group, as text."""
        if head is None and self._places.single[group]:
            return None
        texts = map(template.as_text, self._places.values(message, group))
        return next((text for text in texts if text is not None), None)

    def _joined(self, message: Any, group: int, head: Any) -> str | None:  # noqa: ANN401 - JSON
        """All texts at the first place of a group that has any."""
        if head is None and self._places.single[group]:
            return None
        return _texts(self._places.lists(message, group))

    def _kind(self, message: Any, head: Any) -> str | None:  # noqa: ANN401 - JSON
        for group, kind in self._kinds_at:
            (value,) = self._places.values(message, group)
            if value is not None and kind.equals in (None, _said(value)):
                return kind.name
        return self._text(message, _KIND, head)

    def _secrets(self, message: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
        found = (self._text(message, group, "") for group in self._secrets_at)
        return tuple(secret for secret in found if secret)

    def _walked(self, content: bytes) -> Reading:
        """The same, found by walking through the whole message."""
        message = parsed(content)
        if not isinstance(message, dict | list):
            return SILENT
        where = self._where
        kind = self._walked_kind(message)
        delta = _texts(list(template.find_all(message, place)) for place in where.delta)
        found = (template.first_text(message, (place,)) for place in self._secrets_said)
        query, run, conversation, user = (template.first_text(message, at) for at in self._ids)
        text = delta
        if text is None:
            text = _texts(list(template.find_all(message, place)) for place in where.text)
        return Reading(
            kind=kind,
            query=query,
            run=run,
            conversation=conversation,
            user=user,
            sequence=_whole(template.first_text(message, where.sequence)),
            text=text,
            delta=delta is not None,
            ending=self._ends.get(kind) if kind else None,
            secrets=tuple(value for value in found if value),
        )

    def _walked_kind(self, message: Mapping[str, Any] | list[Any]) -> str | None:
        for kind in self._described.kinds:
            found = template.find(message, kind.has)
            if found is not None and kind.equals in (None, _said(found)):
                return kind.name
        return template.first_text(message, self._where.type)

    def answer(self, reading: Reading, frame: bytes, names: dict[str, Any]) -> bytes | None:
        """The plan's reply to an event of this kind."""
        send = self._answers.get(reading.kind or "")
        if send is None:
            return None
        return self._sealed(send, {**names, "frame": self._framing.message(frame)})

    def alive(self, names: dict[str, Any]) -> bytes | None:
        """The plan's keep-alive message."""
        alive = self._described.alive
        return None if alive is None else self._sealed(alive.send, names)

    def renew(self, names: dict[str, Any]) -> bytes | None:
        """The plan's message with a fresh token."""
        send = self._described.renew
        return None if send is None else self._sealed(send, names)

    def cancel(self, names: dict[str, Any]) -> bytes | None:
        """The plan's message that asks for a query to be given up."""
        send = self._described.cancel
        return None if send is None else self._sealed(send, names)

    def read_conversation(self, names: dict[str, Any]) -> tuple[bytes, ...]:
        """The plan's messages that ask for a conversation."""
        return tuple(self._sealed(send, names) for send in self._described.read_conversation)

    def _sealed(self, send: Template, names: Mapping[str, Any]) -> bytes:
        """A template filled with these names and the plan's own words, as it is sent."""
        known = {**self._described.names, **names}
        if "query" in names:
            known["query_number"] = _whole(names["query"])
        return self._framing.sealed(template.fill(send, known))


def dialect_of(described: Described) -> Dialect:
    """The dialect that a plan describes: its data, or the class that it names.

    Raises:
        UsageError: the class cannot be found or made, or is no dialect.
    """
    if described.class_ is None:
        return EventDialect(described)
    module_name, _, name = described.class_.partition(":")
    try:
        dialect = getattr(importlib.import_module(module_name), name)(described)
    except Exception as error:
        raise UsageError(
            f"dialect.class = {described.class_!r} cannot be loaded "
            f"({type(error).__name__}: {error}); write it like 'package.module:ClassName', and "
            "make sure that PYTHONPATH leads to it"
        ) from error
    lacking = [member for member in _MEMBERS if not hasattr(dialect, member)]
    if lacking:
        raise UsageError(
            f"dialect.class = {described.class_!r} is no dialect: it lacks {', '.join(lacking)}"
        )
    return cast("Dialect", dialect)


def _texts(places: Iterable[list[Any]]) -> str | None:
    """All texts at the first place that has any."""
    for values in places:
        found = [text for value in values for text in template.texts(value)]
        if found:
            return " ".join(found)
    return None


def _said(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as it stands in JSON, a string without its quotes."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
