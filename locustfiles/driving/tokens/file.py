"""Tokens from a file, each for one principal."""

from __future__ import annotations

from isolation_checks.history.credentials import Credentials
from isolation_checks.plan import references
from isolation_checks.plan.model import Plan
from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.fresh import took
from locustfiles.driving.tokens.http import AuthError


class FileTokens:
    """Takes tokens from a file, each for one principal.

    Every process has its share; for one that comes when they are shared out (it is told
    of no processes) there are none.
    """

    def __init__(self, plan: Plan, credentials: Credentials, slot: int, processes: int) -> None:
        given = references.tokens(plan)
        self._path = plan.auth.path
        self._all = len(given)
        self._mine = given[slot % processes :: processes] if processes else []
        self._credentials = credentials

    def token(self, principal: Principal) -> str:
        """The principal's own token; it cannot be renewed."""
        if principal.access is None:
            if not self._mine:
                raise AuthError(f"{self._path} has {self._all} tokens: none is left for this one")
            given = self._mine.pop(0)
            principal.subject = given.subject
            took(principal, given.token, self._credentials)
        assert principal.access is not None
        return principal.access

    def renew(self, principal: Principal) -> bool:  # noqa: ARG002 - the protocol's signature
        """A file's tokens are what they are."""
        return False

    refresh = renew
