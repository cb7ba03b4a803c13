"""What is tried that a sound platform refuses: how often, with what, and how far it may go."""

from __future__ import annotations

import msgspec

from isolation_checks.plan.tables.auth import Call
from isolation_checks.plan.units import Duration, Secret

TEST_HEADERS = (
    "X-Test-User",
    "X-User-Id",
    "X-User",
    "X-E2E-Test",
    "X-E2E-Bypass",
    "X-Test-Mode",
    "X-Test-Auth",
    "X-Debug-User",
    "X-Auth-Bypass",
    "X-Forwarded-User",
    "X-Remote-User",
    "X-Impersonate-User",
)
"""Headers that tests and gateways are known to have used in the place of a token."""


class Probes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tried that a sound platform refuses, on this run's own decoys alone."""

    every: Duration = Duration(0)
    """The pause between two attempts of a family, in every driving process; `0s`: none is made."""
    patience: Duration = Duration(1.5)
    """How long an attempt waits for its answer."""
    grace: Duration = Duration(1)
    """How long the platform may take to end what a logout, a refresh or an expiry ends."""
    mutating: bool = False
    """Whether requests that could destroy a decoy's data are made, when the drive is over."""
    guests: bool = False
    """Whether whoever shows no good token may come in as somebody without an account."""
    skip: tuple[str, ...] = ()
    """Kinds of probes that are not asked for."""
    key: Secret | None = None
    """The platform's signing key, for tokens that are wrong in one thing only."""
    algorithm: str = "HS256"
    jwks: str | None = None
    """The path of the platform's public keys, at its auth service."""
    names: tuple[str, ...] | dict[str, str] = ("user_id",)
    """The names under which requests may say who speaks; with what each says of the victim, or
    what the platform calls it."""
    headers: tuple[str, ...] = TEST_HEADERS
    calls: tuple[Call, ...] = ()
    """Further requests about a conversation."""

    @property
    def claims(self) -> dict[str, str]:
        """Each name, and the template of what it says."""
        if isinstance(self.names, dict):
            return self.names
        return dict.fromkeys(self.names, "{subject}")
