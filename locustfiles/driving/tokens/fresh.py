"""A token that was just got: kept, known to the screen, and fresh as long as its `exp` says.

What a platform says of `expires_in` is not trusted.
"""

from __future__ import annotations

import time

import jwt

from isolation_checks.history.credentials import Credentials
from locustfiles.driving.principals import Principal

MARGIN = 0.2
"""A token is refreshed when this share of its life is left, and 5 s at least."""
LEAST_MARGIN_S = 5.0


def took(principal: Principal, token: str, credentials: Credentials) -> str:
    """Keep a token that was just got, and read from it when it runs out and for whom it speaks."""
    credentials.know(token, principal.id)
    principal.access = token
    principal.expires_s = principal.lifetime_s = None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return token  # an opaque token: it has no `exp` to go by
    now, expires, issued = time.time(), _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is not None:
        life = expires - (now if issued is None else issued)
        skewed = expires <= now or (issued is not None and issued > now)
        # by a clock that is not ours, what was just issued has all its life before it
        principal.expires_s = now + life if skewed and life > 0 else expires
        principal.lifetime_s = life
    if principal.subject is None and claims.get("sub") is not None:
        principal.subject = str(claims["sub"])
    return token


def _number(claim: object) -> float | None:
    is_number = isinstance(claim, int | float) and not isinstance(claim, bool)
    return float(claim) if is_number else None  # type: ignore[arg-type] # it is one


def stale(principal: Principal) -> bool:
    """Whether a token runs out soon."""
    if principal.expires_s is None:
        return False
    margin = max(LEAST_MARGIN_S, MARGIN * (principal.lifetime_s or 0.0))
    return time.time() > principal.expires_s - min(margin, (principal.lifetime_s or margin) / 2)
