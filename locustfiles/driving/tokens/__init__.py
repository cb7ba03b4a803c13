"""Where a principal's token comes from: one file for each source, and one line here.

Every source keeps its principal's token fresh.  Every credential becomes known to the
screen before anything else is done with it.
"""

from __future__ import annotations

from typing import Protocol

from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.plan.model import Plan
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal
from locustfiles.driving.tokens.file import FileTokens
from locustfiles.driving.tokens.http import AuthError, Http, names_of, token_names, words_of
from locustfiles.driving.tokens.login import LoginTokens
from locustfiles.driving.tokens.mint import MintedTokens
from locustfiles.driving.tokens.oauth2 import OAuth2Tokens

__all__ = [
    "AuthError",
    "Http",
    "TokenSource",
    "names_of",
    "token_names",
    "token_source",
    "words_of",
]


class TokenSource(Protocol):
    """Gives a principal its token, and a fresh one before it runs out."""

    def token(self, principal: Principal) -> str:
        """A token that is valid now.  Raises AuthError."""
        ...

    def renew(self, principal: Principal) -> bool:
        """Refresh a token that runs out soon; whether there is a new one."""
        ...

    def refresh(self, principal: Principal) -> bool:
        """Exchange a token for a new one now; whether there is a new one.  Raises AuthError."""
        ...


def token_source(
    plan: Plan, credentials: Credentials, run: RunId, slot: int, processes: int
) -> TokenSource:
    """The source that the plan names.

    Raises:
        UsageError: what it refers to cannot be had.
    """
    try:
        if plan.auth.source == "mint":
            return MintedTokens(plan.auth, credentials, run)
        if plan.auth.source == "file":
            return FileTokens(plan, credentials, slot, processes)
        words = words_of(plan, credentials)
    except LookupError as error:
        raise UsageError(str(error.args[0])) from error
    base = plan.target.auth or plan.target.http
    http = Http(base, words, insecure=plan.target.insecure_tls)
    try:
        if plan.auth.source == "oauth2":
            share = slice(slot % processes, None, processes) if processes else slice(0)
            return OAuth2Tokens(plan, http, credentials, run, share)
    except LookupError as error:
        raise UsageError(str(error.args[0])) from error
    return LoginTokens(plan.auth, http, credentials, run)
