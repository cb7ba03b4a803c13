"""What is shown to be let in, and the connection that shows it.

An ordinary session shows its own token; a probe may show another's, none, or more.  Where
a platform gives tickets, one is got for what is shown, and shown in its place.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from isolation_checks.dialects import template
from isolation_checks.plan.tables.auth import Ticket
from isolation_checks.records import RunId, SessionId
from locustfiles.driving.principals import Principal
from locustfiles.driving.rig import Rig
from locustfiles.driving.tokens import AuthError, names_of, token_names
from locustfiles.driving.tokens.http import OK, REDIRECT, json_of
from locustfiles.driving.wire import Wire

TROUBLE = 429
"""The first status of those that refuse nobody: too many asked, or something broke."""
_TOKEN = frozenset(("token", "token_b64url", "ticket"))
"""What is known only to who shows a token."""


class TicketError(AuthError):
    """A ticket was refused."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the request for a ticket was refused: HTTP {status}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a connection or a request shows to be let in."""

    token: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    """What is added to headers and address, besides what carries the token."""
    subject: str | None = None
    """Who the address says speaks, where it says so, when that is not the principal."""

    def names(self, principal: Principal, run: RunId) -> dict[str, Any]:
        """What templates may say about a principal that shows this."""
        names = {k: v for k, v in names_of(principal, run).items() if k not in _TOKEN}
        names |= token_names(self.token) if self.token is not None else {}
        return names | ({"subject": self.subject} if self.subject is not None else {})

    def carries(self, given: Any) -> bool:  # noqa: ANN401 - a template
        """Whether a template is sent: one that holds the token is not, where there is none."""
        return self.token is not None or not template.holes(given) & _TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a WebSocket says of itself before it is open, and first of all when it is."""

    url: str
    headers: Mapping[str, str]
    subprotocols: list[str]
    message: Any
    """What carries the token after the upgrade, where a message does; None where none does."""

    def wire(
        self,
        rig: Rig,
        on_messages: Callable[[list[int], list[bytes], int, int], None],
        on_closed: Callable[[int | None, str, str], None],
    ) -> Wire:
        """A connection that opens like this; it is not open yet."""
        return Wire(
            rig.framing.address(self.url),
            rig.watch,
            headers=self.headers,
            subprotocols=self.subprotocols,
            on_messages=on_messages,
            on_closed=on_closed,
            on_broken=rig.on_broken,
            frame_limit=int(rig.plan.target.frame_limit),
            binary=getattr(rig.dialect, "binary", False),
            compression=rig.plan.target.compression,
        )


def opening(rig: Rig, principal: Principal, session: SessionId, shown: Shown) -> Opening:
    """What a session of a principal's says, when it shows this.

    Raises:
        TicketError: the platform gave no ticket for it.
        AuthError: it did not answer.
    """
    carry = rig.plan.auth.carry
    names = rig.words | shown.names(principal, rig.run)
    asked = rig.plan.auth.ticket
    ticket = _ticket(rig, principal, asked, shown) if asked is not None else None
    if ticket is not None:
        names["ticket"] = ticket
    names["connection"] = rig.connection_id(session)

    def sent(given: Any) -> bool:  # noqa: ANN401 - a template
        return template.holes(given) & _TOKEN <= names.keys()

    def filled(pairs: Mapping[str, Any]) -> dict[str, Any]:
        return {k: template.fill(v, names) for k, v in pairs.items() if sent(v)}

    url = template.in_url(rig.plan.target.websocket, names)
    pairs = filled(carry.query) | dict(shown.query)
    if pairs:
        url += ("&" if "?" in url else "?") + urllib.parse.urlencode(pairs)
    told = carry.message is not None and sent(carry.message)
    return Opening(
        url=url,
        headers={k: str(v) for k, v in filled(carry.headers).items()} | dict(shown.headers),
        subprotocols=[
            str(template.fill(value, names)) for value in carry.subprotocols if sent(value)
        ],
        message=template.fill(carry.message, names) if told else None,
    )


def _ticket(rig: Rig, principal: Principal, asked: Ticket, shown: Shown) -> str | None:
    """A ticket for what is shown, got by showing it, and the headers beside it too.

    None where no token is shown and none is given for that: then the connection is tried bare.
    """

    def sent(pairs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if shown.carries(value)}

    if not shown.carries(asked.path):
        return None
    asked = msgspec.structs.replace(
        asked,
        send=sent(asked.send) if isinstance(asked.send, dict) else asked.send,
        form=None if asked.form is None else sent(asked.form),
        headers={**sent(asked.headers), **shown.headers},
    )
    status, body = rig.http.call(asked, shown.names(principal, rig.run))
    ticket = template.first_text(json_of(body), asked.at)
    if OK <= status < REDIRECT and ticket is not None:
        rig.credentials.know(ticket, principal.id)
        return ticket
    if shown.token is None and status < TROUBLE:
        return None
    raise TicketError(status)
