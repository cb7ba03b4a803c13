"""Password hashes: scrypt, made in threads so that a burst of logins does not stop the loop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor

_COST = 2**10  # about 2 ms: a load test logs many users in at once
_BLOCK = 8
_THREADS = 2


class Passwords:
    """Makes and checks hashes of the form ``salt$hash`` in hexadecimal."""

    def __init__(self) -> None:
        """Start no thread before the first use."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="scrypt")

    async def hash(self, password: str) -> str:
        """A hash with a salt of its own."""
        salt = os.urandom(16)
        return f"{salt.hex()}${(await self._digest(password, salt)).hex()}"

    async def matches(self, password: str, stored: str) -> bool:
        """Whether this is the password that was hashed."""
        salt, _, digest = stored.partition("$")
        found = await self._digest(password, bytes.fromhex(salt))
        return hmac.compare_digest(found.hex(), digest)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _digest(self, password: str, salt: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _scrypt, password, salt)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=1)
