"""Whether everything that a plan refers to outside itself is there, before anything is driven.

It reads files and the environment; it connects to nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import jwt

from isolation_checks.dialects.events import dialect_of
from isolation_checks.errors import UsageError
from isolation_checks.plan.model import Plan
from isolation_checks.plan.units import Secret

FEWEST = 2
"""Tokens, of as many principals, without which nothing could reach another."""
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
    secrets = [plan.auth.secret, plan.probes.key, *plan.auth.secrets.values()]
    if plan.rows is not None:
        secrets += [Secret(url) for url in plan.rows.urls if url.startswith(("env:", "file:"))]
    try:
        for secret in secrets:
            if secret is not None:
                secret.value()
    except LookupError as error:
        raise UsageError(str(error.args[0])) from error
    if plan.auth.source == "file":
        tokens(plan)


def tokens(plan: Plan) -> list[GivenToken]:
    """The tokens in the plan's file: one a line, comments and empty lines left out.

    Raises:
        UsageError: they cannot be read, are too few, or two of them are one user's.
    """
    path = plan.auth.path or ""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the tokens in {path}: {error}") from error
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


def _subject(token: str) -> str | None:
    """For whom a token speaks, where it is a JWT."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return None if claims.get("sub") is None else str(claims["sub"])
