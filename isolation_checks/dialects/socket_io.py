"""Socket.IO over WebSocket: its packets, and the messages that a plan's places lead into.

An event is a message: `42["answer",{"text":"hi"}]` is
`{"event":"answer","data":{"text":"hi"},"args":[{"text":"hi"}]}`, and an acknowledgement,
`4317["done"]`, is `{"event":"ack","ack":17,"data":"done","args":["done"]}`.  What the protocol
says for itself is no message of an answer.

Engine.IO 4 and Socket.IO 5, which is what servers speak since Socket.IO 3.
Source: https://socket.io/docs/v4/socket-io-protocol/ and …/engine-io-protocol/
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from isolation_checks.dialects.parsing import parsed
from isolation_checks.dialects.reading import OF_THE_FRAMING, Reading
from isolation_checks.records import Opcode

CONNECT, DISCONNECT, CONNECT_ERROR, ACK = "connect", "disconnect", "connect_error", "ack"
OPENS, REFUSES = (CONNECT,), (CONNECT_ERROR, DISCONNECT)
"""What the protocol says when it lets a client in, and when it does not, or no longer."""
RESERVED = frozenset((CONNECT, DISCONNECT, CONNECT_ERROR))
"""No event of a platform's can be called so."""
NOBODYS = "/"
"""The namespace that packets do not name."""
_HEARTBEATS = frozenset((b"2", b"3", b"2probe", b"3probe", b"5", b"6"))
_CLOSE = b"1"
_PACKET = re.compile(rb"4(?:([0-4])|([56])\d+-)(?:(/[^,]*)(?:,|\Z))?(\d*)(.*)", re.DOTALL)
_LONGEST_NUMBER = 100
_SHOWN = 12
_parts = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NAMES = (b'"', b"-", *(b"%d" % digit for digit in range(10)))
"""How the name of an event begins: it is text, or a number."""


class _Strange(Exception):  # noqa: N818 - no error of ours: the platform sent no packet
    """A frame is no packet; the message says why."""


class SocketIo:
    """One namespace of Socket.IO; a session joins it, and hears of no other."""

    readable = frozenset((Opcode.TEXT,))
    """A binary frame is an attachment of the event before it."""
    greets_first = False

    def __init__(self, namespace: str = NOBODYS) -> None:
        self._namespace = namespace
        self._prefix = b"" if namespace == NOBODYS else f"{namespace},".encode()

    def opened(self, frame: bytes) -> bytes | Reading:
        """The message in a packet as JSON; a Reading where it is the protocol's own, or strange."""
        try:
            if frame.startswith(b"42["):  # most are such
                return _event(frame[2:], None)
            return self._other(frame)
        except _Strange as strange:
            return Reading(unreadable=str(strange))

    def message(self, frame: bytes) -> Any:  # noqa: ANN401 - JSON
        """The message in a packet; what the protocol says for itself is one here, too."""
        opened = self.opened(frame)
        if not isinstance(opened, Reading):
            return parsed(opened)
        if opened.kind is None:
            return None
        found = _PACKET.fullmatch(frame)
        return {"event": opened.kind, "data": parsed(found[5]) if found else None}

    def sealed(self, message: Mapping[str, Any]) -> bytes:
        """The packet that carries an event of ours, or acknowledges one of theirs."""
        arguments = list(message.get("args") or ())
        if "data" in message:
            arguments[:1] = [message["data"]]
        number = "" if message.get("ack") is None else str(message["ack"])
        if message.get("event") == ACK:
            return b"43" + self._prefix + number.encode() + orjson.dumps(arguments)
        named = [message.get("event"), *arguments]
        return b"42" + self._prefix + number.encode() + orjson.dumps(named)

    def greeting(self, message: Any) -> bytes:  # noqa: ANN401 - JSON
        """What joins the namespace, with what a client shows for it, if anything."""
        return b"40" + self._prefix + (b"" if message is None else orjson.dumps(message))

    def reply(self, frame: bytes, greeting: bytes | None) -> bytes | None:
        """A pong for a ping, and the greeting when the platform has opened the connection."""
        if frame.startswith(b"0{"):
            return greeting
        return b"3" + frame[1:] if frame in (b"2", b"2probe") else None

    def over(self, frame: bytes) -> str | None:
        """Why the platform ends or refuses a session by this frame, if it does."""
        if frame == _CLOSE:
            return "the platform closed the connection (1)"
        opened = self.opened(frame)
        if not isinstance(opened, Reading) or opened.kind not in REFUSES:
            return None
        told = self.message(frame)["data"]
        why = told.get("message") if isinstance(told, dict) else told
        return f"{opened.kind}: {why}" if isinstance(why, str) and why else opened.kind

    def address(self, url: str) -> str:
        """The address as a client asks for it: with its transport, and a path if it has none."""
        parts = urllib.parse.urlsplit(url)
        given = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        names = {name for name, _ in given}
        lacking = [(n, v) for n, v in (("EIO", "4"), ("transport", "websocket")) if n not in names]
        query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(lacking))))
        path = "/socket.io/" if parts.path in ("", "/") else parts.path
        return urllib.parse.urlunsplit(parts._replace(path=path, query=query))

    def _other(self, frame: bytes) -> bytes | Reading:
        if frame in _HEARTBEATS or frame == _CLOSE:
            return OF_THE_FRAMING
        if frame.startswith(b"0"):
            return _open(frame)
        found = _PACKET.fullmatch(frame)
        if found is None:
            raise _Strange(f"{_shown(frame)} begins no packet of Socket.IO")
        kind, binary, namespace, number, payload = found.groups()
        joined = namespace.split(b"?")[0].decode("utf-8", "replace") if namespace else NOBODYS
        if joined != self._namespace:
            raise _Strange(f"{_shown(frame)} is of the namespace {joined!r}, which nobody joined")
        if len(number) > _LONGEST_NUMBER:
            raise _Strange(f"{_shown(frame)} has a number that nobody counts to")
        if kind == b"2" or binary == b"5":
            return _event(payload, number or None)
        if kind == b"3" or binary == b"6":
            return _acknowledged(payload, number, frame)
        return _of_the_session(kind, payload, frame)


def _open(frame: bytes) -> Reading:
    """The first packet; whoever knows its `sid` can speak as this client."""
    told = parsed(frame[1:])
    if not isinstance(told, dict):
        raise _Strange(f"{_shown(frame)} opens nothing")
    return _with_secrets(None, told)


def _of_the_session(kind: bytes, payload: bytes, frame: bytes) -> Reading:
    name = {b"0": CONNECT, b"1": DISCONNECT, b"4": CONNECT_ERROR}[kind]
    told = parsed(payload) if payload else None
    if payload and told is None:
        raise _Strange(f"{_shown(frame)} has a payload that is no JSON")
    return _with_secrets(name, {"pid": told.get("pid")} if isinstance(told, dict) else {})


def _with_secrets(kind: str | None, told: Mapping[str, Any]) -> Reading:
    secrets = tuple(v for name in ("sid", "pid") if isinstance(v := told.get(name), str) and v)
    return Reading(kind=kind, control=True, secrets=secrets)


def _event(payload: bytes, number: bytes | None) -> bytes:
    name, *arguments = _arguments(payload) or (b"",)
    if not name.startswith(_NAMES):
        raise _Strange(f"{_shown(payload)} is no list that begins with an event's name")
    if parsed(name) in RESERVED:
        raise _Strange(f"{_shown(payload)} is an event with a name that the protocol keeps")
    return _message(name, number, arguments)


def _acknowledged(payload: bytes, number: bytes, frame: bytes) -> bytes:
    if not number:
        raise _Strange(f"{_shown(frame)} acknowledges nothing")
    return _message(b'"ack"', number, _arguments(payload))


def _message(name: bytes, number: bytes | None, arguments: Sequence[bytes]) -> bytes:
    data = b',"data":' + arguments[0] if arguments else b""
    ack = b"" if number is None else b',"ack":%d' % int(number)
    return b'{"event":%b%b%b,"args":[%b]}' % (name, data, ack, b",".join(arguments))


def _arguments(payload: bytes) -> list[bytes]:
    """The members of a list in JSON, each as it stands; what common libraries write is forgiven."""
    try:
        return [bytes(part) for part in _parts(payload)]
    except (msgspec.DecodeError, RecursionError):
        pass
    members = parsed(payload)
    if not isinstance(members, list):
        raise _Strange(f"{_shown(payload)} is no list in JSON")
    return [orjson.dumps(member) for member in members]


def _shown(frame: bytes) -> str:
    """The beginning of a frame, for a sentence."""
    return repr(frame[:_SHOWN].decode("utf-8", "replace"))
