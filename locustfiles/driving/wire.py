"""One WebSocket: the Sans-I/O core of `websockets`, fed from gevent's hub; TLS included.

The read callback runs in the hub, where it may not block, switch or raise: whatever
goes wrong there is handed to `on_broken`.  It knows nothing of tokens, events or queries.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
from gevent import socket
from gevent.event import AsyncResult
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from locustfiles.driving.loopwatch import LoopWatch

READ_SIZE = 65_536
_DATA = (Opcode.TEXT, Opcode.BINARY)


class WireError(Exception):
    """The connection could not be made; the message says why, in one clause."""


class Wire:
    """A connection, from the TCP handshake to its last byte.

    `on_message(opcode, content, received_ns, late_ns)` is called for every message
    and control frame, `on_closed(code, by, detail)` once at the end; both from the hub.
    """

    def __init__(
        self,
        url: str,
        watch: LoopWatch,
        *,
        headers: Mapping[str, str],
        subprotocols: Sequence[str],
        on_message: Callable[[int, bytes, int, int], None],
        on_closed: Callable[[int | None, str, str], None],
        on_broken: Callable[[BaseException], None],
        frame_limit: int,
    ) -> None:
        self._watch = watch
        self._on_message = on_message
        self._on_closed = on_closed
        self._on_broken = on_broken
        self._uri = parse_uri(url)
        self._headers = headers
        self._protocol = ClientProtocol(
            self._uri,
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type] # plain strings do
            max_size=frame_limit,
        )
        self._socket: socket.socket | None = None
        self._readable: Any = None
        self._writable: Any = None
        self._out = bytearray()
        self._fragments: list[bytes] = []
        self._opcode = Opcode.TEXT
        self._older_ns: int | None = None
        self._upgraded: AsyncResult = AsyncResult()
        self._over = False
        self._said_goodbye = False
        self._tls: ssl.SSLObject | None = None
        self._secured: AsyncResult = AsyncResult()
        self.subprotocol: str | None = None
        self.tcp_ns: int | None = None

    def open(self, *, timeout: float, tls: ssl.SSLContext | None) -> None:
        """Connect and upgrade; returns when the platform answered 101.

        Raises:
            WireError: it could not be done within the timeout, or was refused.
        """
        uri = self._uri
        with gevent.Timeout(timeout, WireError(f"no connection within {timeout:g} s")):
            try:
                self._connect(uri.host, uri.port, tls if uri.secure else None)
                request = self._protocol.connect()
                for name, value in self._headers.items():
                    request.headers[name] = value
                self._protocol.send_request(request)
                self._flush()
                self._upgraded.get()
            except OSError as error:
                self._hang_up()
                raise WireError(str(error.strerror or error)) from error
            except (gevent.Timeout, WireError):
                self._hang_up()
                raise

    def _connect(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        connected = socket.create_connection((host, port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp_ns = time.monotonic_ns()
        connected.setblocking(False)
        self._socket = connected
        self._raw = connected._sock  # noqa: SLF001 - gevent offers no other way to its own socket
        loop = gevent.get_hub().loop
        self._readable = loop.io(connected.fileno(), 1)
        self._writable = loop.io(connected.fileno(), 2)
        self._readable.start(self._on_readable)
        if tls is not None:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
            self._handshake()
            self._flush()
            self._secured.get()

    def send(self, content: bytes) -> bool:
        """Send a text message; False when the connection is not open any more."""
        if self._over or self._protocol.state is not State.OPEN:
            return False
        self._protocol.send_text(content)
        self._flush()
        return not self._over

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake; `on_closed` tells when it is over."""
        if not self._over and self._protocol.state is State.OPEN:
            self._said_goodbye = True
            self._protocol.send_close(code)
            self._flush()

    def abort(self) -> None:
        """Drop the connection without a word."""
        if not self._over:
            self._end("us", "dropped")

    # -- from here on in the hub

    def _on_readable(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - an exception here would stop the watcher in silence
            self._on_broken(error)

    def _read(self) -> None:
        try:
            data = self._raw.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(str(error.strerror or error))
            return
        received_ns = time.monotonic_ns()
        since_ns = self._watch.since_ns if self._older_ns is None else self._older_ns
        # what a full read leaves behind may be as old as what it took
        self._older_ns = since_ns if len(data) == READ_SIZE else None
        if not data:
            self._feed_eof(received_ns)
            return
        for plain in self._decrypted(data) if self._tls else (data,):
            self._protocol.receive_data(plain)
        self._take_events(received_ns, received_ns - since_ns)

    def _feed_eof(self, received_ns: int) -> None:
        self._protocol.receive_eof()
        self._take_events(received_ns, 0)
        self._lost("the platform closed the connection without a close frame")

    def _decrypted(self, data: bytes) -> list[bytes]:
        assert self._tls is not None
        self._incoming.write(data)
        if not self._secured.ready():
            self._handshake()
        plain: list[bytes] = []
        try:
            while self._secured.ready():
                piece = self._tls.read(READ_SIZE)
                if not piece:
                    break
                plain.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as error:
            self._lost(f"TLS: {error.reason}")
        self._flush()
        return plain

    def _handshake(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._secured.set_exception(
                WireError(f"TLS: {getattr(error, 'verify_message', '') or error.reason}")
            )
            return
        self._secured.set(True)

    def _take_events(self, received_ns: int, late_ns: int) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                if self._protocol.handshake_exc is None:
                    self.subprotocol = self._protocol.subprotocol
                    self._upgraded.set(True)
            elif isinstance(event, Frame):
                self._take_frame(event, received_ns, late_ns)
        if self._protocol.handshake_exc is not None and not self._upgraded.ready():
            self._upgraded.set_exception(WireError(_refusal(self._protocol.handshake_exc)))
        self._flush()
        core = self._protocol
        if core.state is State.CLOSED or core.parser_exc is not None or core.close_rcvd is not None:
            self._finish()

    def _take_frame(self, frame: Frame, received_ns: int, late_ns: int) -> None:
        if frame.opcode is Opcode.CONT or (frame.opcode in _DATA and not frame.fin):
            if frame.opcode in _DATA:
                self._opcode = frame.opcode
            self._fragments.append(bytes(frame.data))
            if not frame.fin:
                return
            content, self._fragments = b"".join(self._fragments), []
            self._on_message(int(self._opcode), content, received_ns, late_ns)
        else:
            self._on_message(int(frame.opcode), bytes(frame.data), received_ns, late_ns)

    def _flush(self) -> None:
        """Send what the core, or TLS, has to say; what the kernel does not take waits."""
        for data in self._protocol.data_to_send():
            if not data:  # the core's way to say: half-close now
                continue
            if self._tls is not None and self._secured.ready():
                self._tls.write(data)
            else:
                self._out += data
        if self._tls is not None:
            self._out += self._outgoing.read()
        self._push()

    def _push(self) -> None:
        while self._out and not self._over:
            try:
                sent = self._raw.send(self._out)
            except (BlockingIOError, InterruptedError):
                if not self._writable.active:
                    self._writable.start(self._on_writable)
                return
            except OSError as error:
                self._lost(str(error.strerror or error))
                return
            del self._out[:sent]

    def _on_writable(self) -> None:
        try:
            self._writable.stop()
            self._push()
        except Exception as error:  # noqa: BLE001 - an exception here would stop the watcher in silence
            self._on_broken(error)

    def _lost(self, detail: str) -> None:
        for waiting in (self._secured, self._upgraded):
            if not waiting.ready():
                waiting.set_exception(WireError(detail))
        by = "us" if self._said_goodbye else "them"
        self._end(by, detail)

    def _finish(self) -> None:
        """The core says that it is over: by a close frame, or by a fault it found."""
        fault = self._protocol.parser_exc
        ours = self._said_goodbye or (self._protocol.close_rcvd is None and fault is not None)
        received = self._protocol.close_rcvd
        detail = received.reason if received else str(fault or "")
        self._end("us" if ours else "them", detail)

    def _end(self, by: str, detail: str) -> None:
        if self._over:
            return
        self._over = True
        close = self._protocol.close_rcvd or self._protocol.close_sent
        self._hang_up()
        self._on_closed(close.code if close else None, by, detail)

    def _hang_up(self) -> None:
        self._over = True
        for watcher in (self._readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        if self._socket is not None:
            self._socket.close()


def _refusal(error: Exception) -> str:
    return str(error) if isinstance(error, InvalidHandshake) else f"{type(error).__name__}: {error}"
