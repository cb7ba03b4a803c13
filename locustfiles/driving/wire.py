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
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from locustfiles.driving.loopwatch import LoopWatch
from locustfiles.driving.tls import Tls, TlsError

GOODBYE, NO_CLOSE_FRAME, UNREADABLE = 1000, 1006, 1002
READ_SIZE = 65_536
CLOSE_SECONDS = 5.0
"""How long the platform has to answer our goodbye."""


class WireError(Exception):
    """The connection could not be made; the message says why, in one clause."""

    def __init__(self, problem: str, *, hung_up: bool = False) -> None:
        super().__init__(problem)
        self.hung_up = hung_up
        """The platform had been asked, and ended the connection without an answer."""


class Wire:
    """A connection, from the TCP handshake to its last byte.

    `on_messages(opcodes, contents, received_ns, late_ns)` is called with all messages and
    control frames of one read, and with what there was of a message that broke off;
    `on_closed(code, by, detail)` is called once at the end.  Both come from the hub.
    """

    def __init__(  # noqa: PLR0913 - what a connection needs to know, each by its name
        self,
        url: str,
        watch: LoopWatch,
        *,
        headers: Mapping[str, str],
        subprotocols: Sequence[str],
        on_messages: Callable[[list[int], list[bytes], int, int], None],
        on_closed: Callable[[int | None, str, str], None],
        on_broken: Callable[[BaseException], None],
        frame_limit: int,
        binary: bool = False,
        compression: bool = False,
    ) -> None:
        self._watch = watch
        self._on_messages = on_messages
        self._on_closed = on_closed
        self._on_broken = on_broken
        self._uri = parse_uri(url)
        self._headers = headers
        self._protocol = ClientProtocol(
            self._uri,
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type] # plain strings do
            max_size=frame_limit,
            extensions=enable_client_permessage_deflate(None) if compression else None,
        )
        self._send = self._protocol.send_binary if binary else self._protocol.send_text
        self._socket: socket.socket | None = None
        self._readable: Any = None
        self._writable: Any = None
        self._out = bytearray()
        self._unsent: str | None = None
        self._fragments: list[bytes] = []
        self._opcode = Opcode.TEXT
        self._read_ns = (0, 0)
        self._older_ns: int | None = None
        self._upgraded: AsyncResult = AsyncResult()
        self._over = False
        self._said_goodbye = False
        self._dismissed: str | None = None
        """What the platform said, in its own words, to be rid of us."""
        self._tls: Tls | None = None
        self.subprotocol: str | None = None
        self.compressed = False
        """Whether it was offered that messages are compressed, and the platform took it up."""
        self.tcp_ns: int | None = None

    def open(self, *, timeout: float, tls: ssl.SSLContext | None) -> None:
        """Connect and upgrade; returns when the platform answered 101.

        Raises:
            WireError: it could not be done within the timeout, or was refused.
        """
        uri = self._uri
        try:
            with gevent.Timeout(timeout, WireError(f"no connection within {timeout:g} s")):
                self._connect(uri.host, uri.port)
                if uri.secure:
                    self._secure(tls or ssl.create_default_context(), uri.host)
                request = self._protocol.connect()
                for name, value in self._headers.items():
                    if name in request.headers:
                        del request.headers[name]
                    request.headers[name] = value
                self._protocol.send_request(request)
                self._flush()
                self._upgraded.get()
        except (OSError, UnicodeError, TlsError) as error:
            self._hang_up()
            raise WireError(getattr(error, "strerror", None) or str(error)) from error
        except BaseException:  # the greenlet may be killed while it waits
            self._hang_up()
            raise

    def _connect(self, host: str, port: int) -> None:
        connected = socket.create_connection((host, port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp_ns = time.monotonic_ns()
        connected.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._socket = connected
        self._raw = connected._sock  # noqa: SLF001 - gevent offers no other way to its own socket
        loop = gevent.get_hub().loop
        self._readable = loop.io(connected.fileno(), 1)
        self._writable = loop.io(connected.fileno(), 2)
        self._readable.start(self._on_readable)

    def _secure(self, context: ssl.SSLContext, host: str) -> None:
        self._tls = Tls(context, host)
        self._tls.handshake()
        self._flush()
        self._tls.secured.get()

    def send(self, content: bytes) -> bool:
        """Send a message, of text or of octets; False when the connection is not open any more."""
        if self._over or self._protocol.state is not State.OPEN:
            return False
        self._send(content)
        self._flush()
        return self._unsent is None

    def close(self, code: int = GOODBYE) -> None:
        """Begin the closing handshake; `on_closed` tells when it is over."""
        if not self._over and self._protocol.state is State.OPEN:
            self._said_goodbye = True
            self._protocol.send_close(code)
            self._flush()

    def leave(self, dismissed: str) -> None:
        """Begin the closing handshake because the platform said so: the end is its doing."""
        if not self._over:
            self._dismissed = self._dismissed or dismissed
            self.close()
            gevent.spawn_later(CLOSE_SECONDS, self.abort)

    def deafen(self, seconds: float) -> None:
        """Read nothing for so long; what comes meanwhile is known to have waited for us."""
        if not self._over and self._readable is not None and self._readable.active:
            self._readable.stop()
            gevent.spawn_later(seconds, self._hear_again, time.monotonic_ns())

    def _hear_again(self, deaf_ns: int) -> None:
        if not self._over:
            self._older_ns = deaf_ns
            self._readable.start(self._on_readable)

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
        self._read_ns = received_ns, received_ns - since_ns
        if not data:
            self._feed_eof()
        elif self._tls is None:
            self._protocol.receive_data(data)
            self._take_events()
        else:
            self._take_secured(self._tls, data)

    def _take_secured(self, tls: Tls, data: bytes) -> None:
        plain, broken = tls.decrypt(data)
        self._flush()
        for piece in plain:
            self._protocol.receive_data(piece)
        self._take_events()
        if broken is not None:
            self._lost(broken)

    def _feed_eof(self) -> None:
        if not self._upgraded.ready():  # the end may be the end of a refusal
            self._protocol.receive_eof()
            self._take_events()
        self._lost(self._unsent or "the platform closed the connection without a close frame")

    def _take_events(self) -> None:
        core = self._protocol
        opcodes: list[int] = []
        contents: list[bytes] = []
        for event in core.events_received():
            if isinstance(event, Frame):
                content = self._whole(event)
                if content is not None:
                    fragment = event.opcode is Opcode.CONT
                    opcodes.append(int(self._opcode if fragment else event.opcode))
                    contents.append(content)
            elif isinstance(event, Response) and core.handshake_exc is None:
                self.subprotocol = core.subprotocol
                self.compressed = bool(core.extensions)
                self._upgraded.set(True)
        if core.handshake_exc is not None and not self._upgraded.ready():
            ended = isinstance(core.handshake_exc.__cause__, EOFError)
            self._upgraded.set_exception(WireError(_refusal(core.handshake_exc), hung_up=ended))
        self._flush()
        if contents:
            self._on_messages(opcodes, contents, *self._read_ns)
        if (core.close_rcvd or core.handshake_exc or core.parser_exc) is not None:
            self._finish()

    def _whole(self, frame: Frame) -> bytes | None:
        """The message that a frame is, or ends; None for a piece of one."""
        if frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            return self._joined() if frame.fin else None
        if not frame.fin:
            self._opcode = frame.opcode
            self._fragments.append(bytes(frame.data))
            return None
        return bytes(frame.data)

    def _joined(self) -> bytes:
        content, self._fragments = b"".join(self._fragments), []
        return content

    def _flush(self) -> None:
        """Send what the core, or TLS, has to say; what the kernel does not take waits."""
        for data in self._protocol.data_to_send():
            if not data:  # the core's way to say: half-close now
                continue
            if self._tls is None:
                self._out += data
            elif self._tls.secured.successful():
                self._tls.encrypt(data)
        if self._tls is not None:
            self._out += self._tls.outgoing()
        if self._out:
            self._push()

    def _push(self) -> None:
        if self._unsent is not None or self._over:
            self._out.clear()
        while self._out:
            try:
                sent = self._raw.send(self._out)
            except (BlockingIOError, InterruptedError):
                if not self._writable.active:
                    self._writable.start(self._on_writable)
                return
            except OSError as error:
                # what the platform said before it went may lie unread: the reader finds the end
                self._unsent = str(error.strerror or error)
                self._out.clear()
                return
            del self._out[:sent]

    def _on_writable(self) -> None:
        try:
            self._writable.stop()
            self._push()
        except Exception as error:  # noqa: BLE001 - an exception here would stop the watcher in silence
            self._on_broken(error)

    def _lost(self, detail: str) -> None:
        """The connection broke, or ended without a close frame."""
        if self._upgraded.successful():
            self._fragments.append(bytes(self._protocol.reader.buffer))
        waiting = [self._upgraded] if self._tls is None else [self._tls.secured, self._upgraded]
        asked = self._tls is None or self._tls.secured.successful()
        for each in waiting:
            if not each.ready():
                each.set_exception(WireError(detail, hung_up=asked))
        self._end("us" if self._said_goodbye else "them", detail)

    def _finish(self) -> None:
        """The core says that it is over: by a close frame, or by a fault it found."""
        fault, received = self._protocol.parser_exc, self._protocol.close_rcvd
        if fault is not None and received is None:
            self._end("us", str(fault), unheard=True)
        else:
            self._end("us" if self._said_goodbye else "them", received.reason if received else "")

    def _end(self, by: str, detail: str, *, unheard: bool = False) -> None:
        """`unheard`: what came last could not be read, whoever had said goodbye before."""
        if self._over:
            return
        if self._dismissed is not None and not unheard:
            by, detail = "them", self._dismissed
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        close = sent if by == "us" else received or sent  # they may say goodbye while we do
        code = close.code if close else None
        if unheard and code == GOODBYE:
            code = UNREADABLE
        if close is None and by == "them" and self._upgraded.successful():
            code = NO_CLOSE_FRAME
        self._hang_up()
        if any(self._fragments):
            self._on_messages([int(self._opcode)], [self._joined()], *self._read_ns)
        self._on_closed(code, by, detail)

    def _hang_up(self) -> None:
        self._over = True
        for watcher in (self._readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        if self._socket is not None:
            self._socket.close()


def _refusal(error: Exception) -> str:
    if not isinstance(error, InvalidHandshake):
        return f"{type(error).__name__}: {error}"
    return f"{error}: {error.__cause__}" if error.__cause__ else str(error)
