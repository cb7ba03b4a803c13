"""The identifiers and the two nouns that every room of the platform shares."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import NewType

UserId = NewType("UserId", str)
TenantId = NewType("TenantId", str)
LoginId = NewType("LoginId", str)
ThreadId = NewType("ThreadId", str)
RunId = NewType("RunId", str)
RequestId = NewType("RequestId", str)
SessionId = NewType("SessionId", str)
ConnectionId = NewType("ConnectionId", str)

JsonObject = dict[str, object]


def fresh_id() -> str:
    """A new identifier that nobody else has."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The identity that an access token speaks for, and until when (epoch seconds)."""

    user_id: UserId
    email: str
    tenant: TenantId
    login: LoginId
    expires_at: float


class PlatformError(Exception):
    """A request that is turned down, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotFoundError(PlatformError):
    """No such thing for this user.  Says nothing about whether others have it."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"no such {what}")
