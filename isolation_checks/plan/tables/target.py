"""Where the platform is."""

from __future__ import annotations

from typing import Any

import msgspec

from isolation_checks.plan.units import Duration, Size

Template = dict[str, Any] | list[Any]
"""A TOML table or array that becomes a JSON message; `{name}` in its strings is filled in."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the platform is."""

    websocket: str
    """May have holes, as in `ws://127.0.0.1:8000/ws/{subject}`."""
    http: str | None = None
    auth: str | None = None
    """Base of the auth service, when it is not `http`."""
    allow_hosts: tuple[str, ...] = ()
    frame_limit: Size = Size(5_000_000)
    """The longest message that is taken from the platform."""
    connect_timeout: Duration = Duration(10)
    restart: tuple[str, ...] = ()
    """A command, word for word, that ends one of the platform's processes, which is replaced."""
    compression: bool = False
    """Offer permessage-deflate, as browsers do."""
    insecure_tls: bool = False
    """Take any certificate: for a staging platform with one of its own making."""
