"""Where principals and their tokens come from, and how a token travels."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from isolation_checks.plan.tables.target import Template
from isolation_checks.plan.units import Duration, Secret


class Carry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the token travels to the WebSocket: any of four ways, all that are given at once."""

    headers: dict[str, str] = msgspec.field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    query: dict[str, str] = msgspec.field(default_factory=dict)
    message: Template | str | None = None
    """The first message of a session; a text is sent as it stands."""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request of the platform's; what is sent goes as JSON, or else as a form."""

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    send: Template | None = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class Ticket(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request that answers with a ticket, which lets one connection in."""

    at: tuple[str, ...] = ("ticket",)
    """Where the answer holds it."""


class OAuth2(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an authorization server is asked."""

    token: str
    """The path of the token endpoint."""
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    authorize: str = ""
    """The path of the authorization endpoint."""
    client_id: str | None = None
    client_secret: Secret | None = None
    basic: bool = False
    """The client proves itself by HTTP Basic, not in the form."""
    redirect_uri: str = "http://127.0.0.1:9/callback"
    scope: str = ""
    form: dict[str, str] = msgspec.field(default_factory=dict)
    """What the fields of the provider's login pages are filled with."""
    clients: str | None = None
    """A file with one client a line, its id and its secret: each a principal of its own."""


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where principals and their tokens come from."""

    source: Literal["login", "mint", "file", "oauth2"]
    carry: Carry = msgspec.field(default_factory=Carry)
    secrets: dict[str, Secret] = msgspec.field(default_factory=dict)
    """Words for templates whose values are secret: `{api_key}`."""
    ticket: Ticket | None = None
    """What is asked for before each connection, and shown there as `{ticket}`."""
    # login
    register: Call | None = None
    login: Call | None = None
    refresh: Call | None = None
    logout: Call | None = None
    remove: Call | None = None
    """Removes an account: what `crosstalk cleanup` calls."""
    access: tuple[str, ...] = ("access_token", "token")
    refresh_token: tuple[str, ...] = ("refresh_token",)
    user: tuple[str, ...] = ()
    """Where a login's answer says what the platform calls the user, when that is not the
    token's `sub`."""
    pace: float = 20.0
    """Accounts set up per second at most, for every process."""
    # mint
    secret: Secret | None = None
    algorithm: str = "HS256"
    lifetime: Duration = Duration(900)
    claims: dict[str, Any] = msgspec.field(default_factory=dict)
    subject: str = "{principal}-{run}"
    kid: str | None = None
    """The key's name, in the header of what is minted."""
    # oauth2
    oauth2: OAuth2 | None = None
    # file
    path: str | None = None
    """One token a line, and behind it, where it is opaque, what the platform calls its user."""
