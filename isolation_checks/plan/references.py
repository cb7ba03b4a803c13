"""Whether everything that a plan refers to outside itself is there, before anything is driven.

It reads files and the environment; it connects to nothing.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import jwt

from isolation_checks.dialects.events import dialect_of
from isolation_checks.errors import UsageError
from isolation_checks.plan import files, hosts
from isolation_checks.plan.model import Plan
from isolation_checks.plan.tables.resources import Resources
from isolation_checks.plan.units import Secret

LEEWAY_S = 30.0
"""By so much two clocks may differ that are both right."""
FEWEST = 2
"""Tokens, of as many principals, without which nothing could reach another."""
PAIR = 2
"""Words of a client's line."""
SHORTEST = 16
"""Characters that a token must have to be told from other words, and so kept out of a run."""


class GivenToken(NamedTuple):
    """A line of a file of tokens."""

    token: str
    subject: str | None
    """What the platform calls its user, where the file says so."""


def require(plan: Plan) -> None:
    """Make sure that secrets, tokens and the dialect's class are there.

    Raises:
        UsageError: one is not.
    """
    dialect_of(plan.dialect)
    wanted = secrets(plan)
    if plan.rows is not None:
        wanted += [Secret(url) for url in plan.rows.urls if url.startswith(("env:", "file:"))]
    if plan.resources is not None:
        wanted += _of_resources(plan.resources)
    try:
        for secret in wanted:
            secret.value()
        if plan.auth.source == "mint" and plan.auth.secret is not None:
            _sign("auth", plan.auth.secret.value(), plan.auth.algorithm, "auth.secret")
        if plan.probes.key is not None:
            _sign("probes", plan.probes.key.value(), plan.probes.algorithm, "probes.key")
    except LookupError as error:
        raise UsageError(str(error.args[0])) from error
    if plan.auth.source == "file":
        _refuse_spent(plan, tokens(plan))
    if plan.auth.oauth2 is not None and plan.auth.oauth2.grant == "client_credentials":
        clients(plan)


def typed(option: str, url: str) -> str:
    """The address that an option names: itself, or what `env:NAME` or `file:PATH` refers to.

    Raises:
        UsageError: nothing is there, or it says a password, which anybody on this machine could
            read in the list of its processes.
    """
    if url.startswith(("env:", "file:")):
        try:
            return Secret(url).value(option)
        except LookupError as error:
            raise UsageError(str(error.args[0])) from error
    if hosts.holds_password(url):
        raise UsageError(
            f"{option} holds a password, which the list of processes shows to everybody; "
            f"refer to the whole address, for example {option} env:NAME"
        )
    return url


def secrets(plan: Plan) -> list[Secret]:
    """The secrets by which a plan speaks to the platform: keys, and words for its templates."""
    auth = plan.auth
    client = None if auth.oauth2 is None else auth.oauth2.client_secret
    kept = (auth.secret, plan.probes.key, client, *auth.secrets.values())
    return [Secret(reference) for reference in kept if reference is not None]


def _of_resources(resources: Resources) -> list[Secret]:
    tokens = [each.token for each in resources.prometheus if each.token is not None]
    url = None if resources.database is None else resources.database.url
    named = url is not None and url.startswith(("env:", "file:"))
    return [*tokens, *([Secret(url)] if named else [])]


def _refuse_spent(plan: Plan, given: list[GivenToken]) -> None:
    """Make sure that no token has run out before it is used.

    Raises:
        UsageError: some have.
    """
    spent = [one for one in given if _is_over(one.token, time.time() - LEEWAY_S)]
    if spent:
        raise UsageError(
            f"auth.path: {len(spent)} of the {len(given)} tokens in {plan.auth.path} have run out "
            "(by their exp and this machine's clock); get fresh ones, or right the clock"
        )


def _sign(table: str, key: str, algorithm: str, name: str) -> None:
    """Make sure that a key is one for its algorithm, by signing with it.

    Raises:
        UsageError: it is not.
    """
    try:
        jwt.encode({}, key, algorithm=algorithm)
    except (ValueError, TypeError, NotImplementedError, jwt.PyJWTError) as error:
        raise UsageError(
            f"{name} is no key for {table}.algorithm = {algorithm!r}: HS… takes a secret, "
            "RS…, ES… and EdDSA a private key as PEM without a password"
        ) from error


def tokens(plan: Plan) -> list[GivenToken]:
    """The tokens in the plan's file: one a line, comments and empty lines left out.

    Raises:
        UsageError: they cannot be read, are too few, or two of them are one user's.
    """
    path = plan.auth.path or ""
    lines = files.text(Path(path), "the tokens in").splitlines()
    given = [
        GivenToken(words[0], words[1] if len(words) > 1 else _subject(words[0]))
        for words in (line.split() for line in lines)
        if words and not words[0].startswith("#")
    ]
    if len(given) < FEWEST:
        raise UsageError(
            f"auth.path: {path} holds {len(given) or 'no'} token{'s' * (len(given) != 1)}; it must "
            "hold one a line, of at least two users"
        )
    if min(len(one.token) for one in given) < SHORTEST:
        raise UsageError(
            f"auth.path: {path} holds a token of fewer than {SHORTEST} characters, which could not "
            "be kept out of the run; give longer ones"
        )
    for what, values in (
        ("the same token", [one.token for one in given]),
        ("tokens of the same user", [one.subject for one in given if one.subject is not None]),
    ):
        if len(set(values)) < len(values):
            raise UsageError(
                f"auth.path: {path} holds {what} twice; every principal must be a user of its own, "
                "or one user's words would seem to reach another"
            )
    return given


class GivenClient(NamedTuple):
    """A line of a file of clients."""

    id: str
    secret: str


def clients(plan: Plan) -> list[GivenClient]:
    """The OAuth clients in the plan's file: an id and a secret a line.

    Raises:
        UsageError: they cannot be read, or are not what they should be.
    """
    path = (plan.auth.oauth2.clients if plan.auth.oauth2 is not None else None) or ""
    lines = files.text(Path(path), "the clients in").splitlines()
    words = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if any(len(line) != PAIR for line in words):
        raise UsageError(f"auth.oauth2.clients: {path} must hold an id and a secret a line")
    given = [GivenClient(*line) for line in words]
    if len({client.id for client in given}) < max(len(given), 1):
        raise UsageError(
            f"auth.oauth2.clients: {path} holds no client, or one twice; every principal must be "
            "a client of its own, or one's words would seem to reach another"
        )
    return given


def _is_over(token: str, now_s: float) -> bool:
    """Whether a token's `exp` has passed; one that says no such thing is not over."""
    try:
        ends = jwt.decode(token, options={"verify_signature": False}).get("exp")
    except jwt.InvalidTokenError:
        return False
    if not isinstance(ends, int | float) or isinstance(ends, bool):
        return False
    return ends <= now_s


def _subject(token: str) -> str | None:
    """For whom a token speaks, where it is a JWT."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return None if claims.get("sub") is None else str(claims["sub"])
