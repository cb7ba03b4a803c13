"""Removes what a run created on its platform: its accounts, by the plan's own request.

It logs in as each principal of the run and asks the platform to remove it; evidence
is not touched.  What cannot be removed is said, one line each.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from isolation_checks.errors import UsageError
from isolation_checks.history.credentials import Credentials
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import history as histories
from isolation_checks.plan import hosts
from isolation_checks.records import RunId
from locustfiles.driving.principals import Principal, Roster
from locustfiles.driving.tokens import AuthError, Http, names_of, token_source

_GONE = (200, 202, 204, 404, 410)


@dataclass(slots=True)
class Cleaned:
    """What was removed, and what was left and why."""

    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def clean(run: RunDirectory, progress: Callable[[str], None]) -> Cleaned:
    """Remove every account of a run.

    Raises:
        UsageError: the plan's target may not be driven, or a secret is missing.
    """
    history = histories.load(run)
    plan = history.plan
    hosts.refuse_strangers(plan)
    cleaned = Cleaned()
    remove = plan.auth.remove
    if plan.auth.source != "login" or remove is None:
        why = "the plan says of no request that removes an account ([auth.remove])"
        if plan.auth.source != "login":
            why = "its token was not got by a login, so that no account was created by us"
        cleaned.left = [f"{principal}: {why}" for principal in history.principals]
        return cleaned
    key = bytes.fromhex(history.description["canary_key"])
    tokens = token_source(plan, Credentials(secrets.token_bytes(32)), RunId(run.id), 0, 1)
    http = Http(
        plan.target.auth or plan.target.http, plan.dialect.names, insecure=plan.target.insecure_tls
    )
    for recorded in history.principals.values():
        progress(f"removing {recorded.id}")
        principal = _again(recorded, key, RunId(run.id))
        try:
            tokens.token(principal)
            status, _ = http.call(remove, names_of(principal, RunId(run.id)))
        except AuthError as error:
            cleaned.left.append(f"{recorded.id} ({recorded.email}): {error}")
            continue
        if status in _GONE:
            cleaned.removed.append(recorded.id)
        else:
            cleaned.left.append(f"{recorded.id} ({recorded.email}): the platform answered {status}")
    return cleaned


def _again(recorded: histories.Principal, key: bytes, run: RunId) -> Principal:
    """The principal of a record, with the password that it had."""
    if recorded.email is None:
        raise UsageError(f"{recorded.id} has no email on record")
    return Roster.again(key, run, recorded.id, recorded.owner, recorded.email)
