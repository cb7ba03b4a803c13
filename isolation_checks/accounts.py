"""The accounts that an installation makes on platforms: their passwords follow from its key.

The key is in no run, so that nobody who is given a run can log in as its principals.
"""

from __future__ import annotations

import hmac


def password(key: bytes, email: str) -> str:
    """An account's password, the same in every run, so that accounts can be used again."""
    return "Xt1!" + hmac.digest(key, email.encode(), "sha256").hex()[:28]
