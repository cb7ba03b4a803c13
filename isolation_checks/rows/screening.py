"""The credentials of a run that can still be known when its rows are read.

The driver screens frames with what it holds in memory: also with tokens that it was
given while it drove.  That memory is gone here.  What is left: whatever the plan refers
to, the passwords of the run's accounts, which follow from the installation's key, and
anything shaped like a JWT, which is taken for its subject's where that can only be one of
the run's users.  An opaque token that the platform issued and stored in a described column
is not recognized.
"""

from __future__ import annotations

import secrets
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from isolation_checks import accounts, names
from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.history.credentials import Credentials, Whose
from isolation_checks.history.directory import RunDirectory
from isolation_checks.history.stream import batches
from isolation_checks.plan import references
from isolation_checks.plan.model import Plan
from isolation_checks.rows import sources

_PLAN = "plan"
"""Whose credentials are that are no principal's."""


def screen(run: RunDirectory, plan: Plan) -> Credentials:
    """A screen that knows them; its marks are none of the frames', whose key is gone."""
    known = Credentials(secrets.token_bytes(32), _by_claims(list(_principals(run))))
    for secret, owner in _known(run, plan):
        known.know(secret, owner)
    return known


def _by_claims(principals: list[tuple[str, str | None, str | None]]) -> Whose:
    """Whose a JWT is, by its claims: its subject's, if that is no name that others have, too.

    A short one, such as a number, may be anybody's in a token of somebody else's service;
    there the token must say the address as well.
    """
    by_subject = {subject: (principal, email) for principal, subject, email in principals}

    def whose(claims: Mapping[str, Any]) -> str | None:
        subject = str(claims.get("sub", ""))
        principal, email = by_subject.get(subject, (None, None))
        said = {value.casefold() for value in claims.values() if isinstance(value, str)}
        addressed = email is not None and email.casefold() in said
        return principal if names.unmistakable(subject) or addressed else None

    return whose


def _known(run: RunDirectory, plan: Plan) -> Iterator[tuple[str, str]]:
    for reference in references.secrets(plan):
        with suppress(LookupError):
            yield reference.value(), _PLAN
    for url in plan.rows.urls if plan.rows is not None else ():
        with suppress(LookupError, ValueError):
            password = urllib.parse.urlsplit(sources.resolved(url)).password
            if password:
                yield urllib.parse.unquote(password), _PLAN
    principals = list(_principals(run))
    yield from _of_files(plan, principals)
    if (
        plan.auth.source in ("login", "oauth2")
        and (key := _account_key(run.path.parent)) is not None
    ):
        for principal, _, email in principals:
            if email:
                yield accounts.password(key, email), principal


def _of_files(
    plan: Plan, principals: list[tuple[str, str | None, str | None]]
) -> Iterator[tuple[str, str]]:
    """The tokens, and the clients' secrets, of the plan's files."""
    if plan.auth.source == "file":
        by_subject = {subject: principal for principal, subject, _ in principals}
        with suppress(UsageError):
            for given in references.tokens(plan):
                yield given.token, by_subject.get(given.subject or "", _PLAN)
    if plan.auth.oauth2 is not None and plan.auth.oauth2.clients is not None:
        with suppress(UsageError):
            for client in references.clients(plan):
                yield client.secret, _PLAN


def _principals(run: RunDirectory) -> Iterator[tuple[str, str | None, str | None]]:
    """Of every principal its name, its subject and its address, as far as was recorded."""
    for process in run.processes():
        path = run.of_process(process) / "principals.arrow"
        with suppress(OSError, HarnessError):
            for batch in batches(path):
                for record in batch.to_pylist():
                    yield record["principal"], record["subject"], record["email"]


def _account_key(runs: Path) -> bytes | None:
    """The key of accounts, where these runs have one; none is made here."""
    try:
        return bytes.fromhex((runs / ".account-key").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
