"""Removes what a run created on its platform: its accounts, by the plan's own request.

It logs in as each principal of the run and asks the platform to remove it; evidence
is not touched.  What cannot be removed is said, one line each.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec
import pyarrow as pa

from isolation_checks.errors import HarnessError
from isolation_checks.history.credentials import Credentials
from isolation_checks.history.directory import RunDirectory, installation_key, read_json
from isolation_checks.history.stream import batches
from isolation_checks.plan import hosts, read
from isolation_checks.records import PrincipalId, ProcessId, RunId
from locustfiles.driving.principals import Roster
from locustfiles.driving.tokens import AuthError, Http, names_of, token_source, words_of

_GONE = (200, 202, 204, 404, 410)
_STREAM = "principals"


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
    description = run.describe()
    plan = read.decode(description["plan"])
    hosts.refuse_strangers(plan)
    cleaned = Cleaned(left=list(_unknown(run)))
    principals = _principals(run)
    remove = plan.auth.remove
    oauth2 = plan.auth.oauth2
    logs_in = plan.auth.source == "login" or (
        oauth2 is not None and oauth2.grant == "authorization_code"
    )
    if not logs_in or remove is None:
        why = "the plan says of no request that removes an account ([auth.remove])"
        if not logs_in:
            why = "its token was not got by a login, so that no account was created by us"
        cleaned.left += [f"{principal}: {why}" for principal, _ in principals]
        return cleaned
    key = installation_key(run.path.parent, "account")
    login_only = msgspec.structs.replace(
        plan, auth=msgspec.structs.replace(plan.auth, register=None)
    )
    tokens = token_source(login_only, Credentials(secrets.token_bytes(32)), RunId(run.id), 0, 1)
    http = Http(
        plan.target.auth or plan.target.http,
        words_of(plan, Credentials(secrets.token_bytes(32))),
        insecure=plan.target.insecure_tls,
    )
    for name, email in principals:
        progress(f"removing {name}")
        principal = Roster.again(key, RunId(run.id), name, email)
        try:
            tokens.token(principal)
            status, _ = http.call(remove, names_of(principal, RunId(run.id)))
        except AuthError as error:
            cleaned.left.append(f"{name} ({email}): {error}")
            continue
        if status in _GONE:
            cleaned.removed.append(name)
        else:
            cleaned.left.append(f"{name} ({email}): the platform answered {status}")
    return cleaned


def _principals(run: RunDirectory) -> list[tuple[PrincipalId, str]]:
    """The name and email of every principal that any process recorded."""
    found = {}
    for process in run.processes():
        for batch in _recorded(run, process):
            for record in batch.to_pylist():
                found[record["principal"]] = record["email"]
    return list(found.items())


def _unknown(run: RunDirectory) -> Iterator[str]:
    """The processes of which nobody can say whose accounts they made; a line each."""
    for process in run.processes():
        number = sum(batch.num_rows for batch in _recorded(run, process))
        try:
            sealed = read_json(run.of_process(process) / "seal.json")["streams"][_STREAM]["records"]
        except (HarnessError, KeyError, TypeError):
            sealed = None
        if number != sealed:
            yield f"{process}: it may have made more accounts than the {number} that it recorded"


def _recorded(run: RunDirectory, process: ProcessId) -> Iterator[pa.RecordBatch]:
    path = run.of_process(process) / f"{_STREAM}.arrow"
    return batches(path) if path.exists() else iter(())
