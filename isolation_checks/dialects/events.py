"""The dialect of platforms that send one JSON event a frame, wholly described by a plan.

Like every dialect it is pure: no socket, no clock, no state.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from isolation_checks.dialects import template
from isolation_checks.dialects.reading import SILENT, Ask, Dialect, Reading
from isolation_checks.errors import UsageError
from isolation_checks.plan import model
from isolation_checks.records import Ending

_MEMBERS = (
    *("opens", "refuses", "protocol", "repeats", "first"),
    *("ask", "read", "answer", "alive", "renew", "read_conversation"),
)


class EventDialect:
    """One JSON object a message; where what stands in it is data."""

    def __init__(self, described: model.Dialect) -> None:
        self._described = described
        self._where = described.where
        self._ends = {event: Ending(ending) for event, ending in described.ends.items()}
        self._answers = {reply.when: reply.send for reply in described.answers}
        self.opens = frozenset(described.opens)
        self.refuses = frozenset(described.refuses)
        self.protocol = described.protocol
        self.repeats = frozenset(described.repeats)
        self.first = frozenset(described.first)

    def ask(self, query: Ask) -> bytes:
        """The query as the plan's template says."""
        described = self._described
        chosen = described.ask_next if query.turn > 0 and described.ask_next else described.ask
        return _filled(
            chosen,
            {
                **described.names,
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
        message = _parsed(frame)
        if not isinstance(message, dict):
            return SILENT
        where = self._where
        kind = self._kind(message)
        delta = _joined(message, where.delta) if where.delta else None
        secrets: tuple[str, ...] = ()
        if where.secrets:
            found = (template.first_text(message, (place,)) for place in where.secrets)
            secrets = tuple(value for value in found if value)
        return Reading(
            kind=kind,
            query=template.first_text(message, where.query),
            run=template.first_text(message, where.run),
            conversation=template.first_text(message, where.conversation),
            user=template.first_text(message, where.user),
            sequence=_whole(template.first_text(message, where.sequence)),
            text=delta if delta is not None else _joined(message, where.text),
            delta=delta is not None,
            ending=self._ends.get(kind) if kind else None,
            secrets=secrets,
        )

    def _kind(self, message: Mapping[str, Any]) -> str | None:
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
        return _filled(send, {**self._described.names, **names, "frame": _parsed(frame)})

    def alive(self, names: dict[str, Any]) -> bytes | None:
        """The plan's keep-alive message."""
        alive = self._described.alive
        return None if alive is None else _filled(alive.send, {**self._described.names, **names})

    def renew(self, names: dict[str, Any]) -> bytes | None:
        """The plan's message with a fresh token."""
        send = self._described.renew
        return None if send is None else _filled(send, {**self._described.names, **names})

    def read_conversation(self, names: dict[str, Any]) -> tuple[bytes, ...]:
        """The plan's messages that ask for a conversation."""
        names = {**self._described.names, **names}
        return tuple(_filled(send, names) for send in self._described.read_conversation)


def dialect_of(described: model.Dialect) -> Dialect:
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


def token_names(token: str) -> dict[str, str]:
    """The forms in which a token travels: as it is, and base64url without padding."""
    encoded = base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()
    return {"token": token, "token_b64url": encoded}


def _parsed(frame: bytes) -> Any:  # noqa: ANN401 - JSON has no better type
    try:
        return orjson.loads(frame)
    except orjson.JSONDecodeError:
        return None


def _filled(send: model.Template, names: Mapping[str, Any]) -> bytes:
    return orjson.dumps(template.fill(send, names))


def _joined(message: Any, places: Sequence[str]) -> str | None:  # noqa: ANN401 - JSON
    """All texts at the first place that has any."""
    for place in places:
        values = template.find_all(message, place)
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
