"""The TLS of one connection, between the wire's bytes and the platform's: it owns no socket.

It works in memory in both directions, because the hub, which reads, may not block.
"""

from __future__ import annotations

import ssl

from gevent.event import AsyncResult

PIECE = 65_536


class TlsError(Exception):
    """The connection could not be secured; the message says why, in one clause."""


class Tls:
    """A client's side: what came in is fed in, what must go out is taken out."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.secured: AsyncResult = AsyncResult()
        """Set when the handshake is over; holds a TlsError when it failed."""

    def handshake(self) -> None:
        """Go as far as what has come in allows."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self.secured.set_exception(TlsError(_reason(error)))
            return
        self.secured.set(True)

    def decrypt(self, data: bytes) -> tuple[list[bytes], str | None]:
        """What bytes from the platform hold in plain, and what broke behind it, if anything."""
        self._incoming.write(data)
        if not self.secured.ready():
            self.handshake()
        plain: list[bytes] = []
        try:
            while self.secured.successful():
                piece = self._object.read(PIECE)
                if not piece:
                    break
                plain.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as error:
            return plain, _reason(error)
        return plain, None

    def encrypt(self, data: bytes) -> None:
        """Have something sent; `outgoing` holds it then."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._object.write(rest) :]

    def outgoing(self) -> bytes:
        """What must go to the platform now."""
        return self._outgoing.read()


def _reason(error: ssl.SSLError) -> str:
    return f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}"
