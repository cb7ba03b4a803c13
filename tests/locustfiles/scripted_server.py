"""A WebSocket server that does as the path says: one program, for tests of whoever calls.

Started by file name; prints one line of JSON that says where it listens and ends when
its standard input does.  `/echo` repeats, `/close?code=1008` closes, and so on below.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import json
import os
import socket
import ssl
import struct
import sys
import urllib.parse
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

FOREVER = 60.0


async def echo(ws: ServerConnection, _: dict[str, str]) -> None:
    """Repeat every message."""
    async for message in ws:
        await ws.send(message)


async def say(ws: ServerConnection, asked: dict[str, str]) -> None:
    """Say a text of some length, some times over, and wait."""
    for _ in range(int(asked.get("times", "1"))):
        await ws.send("x" * int(asked.get("octets", "5")), text="binary" not in asked)
    await asyncio.sleep(FOREVER)


async def fragments(ws: ServerConnection, _: dict[str, str]) -> None:
    """A text and a binary message in three frames each, with a ping between two of them."""

    async def text():
        yield "one "
        await ws.ping(b"between")
        yield "two "
        yield "three"

    async def octets():
        for octet in (b"\x00", b"\xff", b"\x01"):
            yield octet

    await ws.send(text())
    await ws.send(octets())
    await asyncio.sleep(FOREVER)


async def ping(ws: ServerConnection, _: dict[str, str]) -> None:
    """Ping, and say when the pong came."""
    await (await ws.ping(b"are you there"))
    await ws.send("the pong came")
    await asyncio.sleep(FOREVER)


async def close(ws: ServerConnection, asked: dict[str, str]) -> None:
    """Say one thing and close with a code."""
    await ws.send("before")
    await ws.close(int(asked["code"]), asked.get("reason", ""))


async def raw(ws: ServerConnection, asked: dict[str, str]) -> None:
    """Write bytes as they are; then drop or reset the connection, or wait."""
    ws.transport.write(bytes.fromhex(asked["hex"]))
    await asyncio.sleep(0.05)
    if asked.get("then") == "reset":
        reset(ws)
    elif asked.get("then") == "drop":
        ws.transport.close()
    else:
        await asyncio.sleep(FOREVER)


async def reset_soon(ws: ServerConnection, _: dict[str, str]) -> None:
    """Say something, and reset the connection at the first message without reading it."""
    await ws.send("before the reset")
    await asyncio.sleep(0.1)
    ws.transport.pause_reading()
    await asyncio.sleep(0.3)
    reset(ws)


def reset(ws: ServerConnection) -> None:
    """Have the kernel send RST instead of FIN."""
    connected = ws.transport.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ws.transport.abort()


async def deaf(ws: ServerConnection, asked: dict[str, str]) -> None:
    """Read nothing for a while; then say how much had been sent."""
    ws.transport.pause_reading()
    await asyncio.sleep(float(asked["seconds"]))
    ws.transport.resume_reading()
    received = 0
    while received < int(asked["octets"]):
        received += len(await ws.recv())
    await ws.send(str(received))
    await asyncio.sleep(FOREVER)


async def headers(ws: ServerConnection, _: dict[str, str]) -> None:
    """Say what the request's headers and path were."""
    found = [list(pair) for pair in ws.request.headers.raw_items()]
    await ws.send(json.dumps({"path": ws.request.path, "headers": found}))
    await asyncio.sleep(FOREVER)


async def unanswered(ws: ServerConnection, _: dict[str, str]) -> None:
    """Never answer a close frame."""
    ws.transport.pause_reading()
    await asyncio.sleep(FOREVER)


async def late(ws: ServerConnection, asked: dict[str, str]) -> None:
    """Look away for a moment, say something or goodbye, and only then see what came."""
    ws.transport.pause_reading()
    await asyncio.sleep(0.2)
    if "code" in asked:
        ws.protocol.send_close(int(asked["code"]), "late")
        ws.transport.write(b"".join(ws.protocol.data_to_send()))
    elif "hex" in asked:
        ws.transport.write(bytes.fromhex(asked["hex"]))
    else:
        await ws.send("late words")
    ws.transport.resume_reading()
    await asyncio.sleep(FOREVER)


async def agent(ws: ServerConnection, asked: dict[str, str]) -> None:
    """An agent: it says `opens`, one event after another, and answers as the question says.

    Or, where there is an `answer`, always so.
    """
    about = {"user_id": asked.get("user"), "resume_token": "a-resume-token-of-ours"}
    for kind in filter(None, asked.get("opens", "connection_established").split(",")):
        await tell(ws, kind, **about)
    heard: list[dict] = []
    replies: list[asyncio.Task] = []
    async for message in ws:
        said = json.loads(message)
        heard.append(said)
        if said["type"] == "handshake_acknowledged":
            await tell(ws, "handshake_complete")
        elif said["type"] == "user_message":
            thread = said.get("thread_id") or "t-1"
            names = {"request_id": said["request_id"], "thread_id": thread}
            question = asked.get("answer") or said["payload"]["content"]
            replies.append(asyncio.create_task(reply(ws, question, names, heard)))


LINES: dict[str, ServerConnection] = {}
"""Over which connection each session is told what is new."""


async def resumable(ws: ServerConnection, _: dict[str, str]) -> None:
    """An agent whose answers go on over whichever connection took their session up."""
    name = f"s-{len(LINES) + 1}"
    LINES[name] = ws
    await tell(
        ws, "connection_established", session_id=name, resume_token=f"a-long-ticket-of-{name}"
    )
    answers: list[asyncio.Task] = []
    async for message in ws:
        said = json.loads(message)
        if said["type"] == "resume":
            LINES[said["session_id"]] = ws
            await tell(ws, "resumed", payload={"content": said})
        else:
            answers.append(asyncio.create_task(halves(name, said["request_id"])))


async def halves(name: str, query: str) -> None:
    """Begin an answer, and end it later."""
    with contextlib.suppress(ConnectionClosed):
        await tell(LINES[name], "agent_started", request_id=query, seq=7)
        await asyncio.sleep(0.5)
        await tell(LINES[name], "agent_completed", request_id=query, seq=8)


async def tell(ws: ServerConnection, kind: str, **about: object) -> None:
    """Send one event."""
    await ws.send(json.dumps({"type": kind, **about}))


async def reply(ws: ServerConnection, question: str, names: dict, heard: list[dict]) -> None:
    """Answer a question: what is to be done stands in it, word by word."""
    with contextlib.suppress(ConnectionClosed):
        await _reply(ws, question, names, heard)


async def _reply(ws: ServerConnection, question: str, names: dict, heard: list[dict]) -> None:
    for word in question.split():
        if word in ("started", "thinking", "completed", "error", "cancelled"):
            kind = word if word == "error" else f"agent_{word}"
            await tell(ws, kind, **names, payload={"content": question})
        elif word == "later":
            await asyncio.sleep(0.4)
        elif word == "ping":
            await tell(ws, "ping")
        elif word == "heard":
            await tell(ws, "agent_thinking", **names, payload={"content": heard})
        elif word == "unnamed":
            names = {}
        elif word == "close":
            await ws.close(1011, "crashed")
        elif word == "long":
            await ws.send("x" * 2_000)


SCRIPTS = {
    "/agent": agent,
    "/resumable": resumable,
    "/echo": echo,
    "/say": say,
    "/fragments": fragments,
    "/ping": ping,
    "/close": close,
    "/raw": raw,
    "/reset": reset_soon,
    "/deaf": deaf,
    "/headers": headers,
    "/unanswered": unanswered,
    "/late": late,
}


def split(path: str) -> tuple[str, dict[str, str]]:
    """The name and the arguments in a path."""
    parts = urllib.parse.urlsplit(path)
    return parts.path, dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))


async def follow(ws: ServerConnection) -> None:
    """Do as the path says."""
    name, asked = split(ws.request.path)
    with contextlib.suppress(ConnectionClosed):
        await SCRIPTS[name](ws, asked)


async def admit(ws: ServerConnection, request: Request) -> Response | None:
    """Refuse the upgrade where the path says so, or never answer it."""
    name, asked = split(request.path)
    if name == "/refuse":
        refusal = ws.respond(int(asked["status"]), "no\n")
        if "location" in asked:
            refusal.headers["Location"] = asked["location"]
        return refusal
    if name == "/silent":
        await asyncio.sleep(FOREVER)
    return None


def choose(_: ServerConnection, offered: list[str]) -> str | None:
    """The second subprotocol that was offered, or the only one; none where none was."""
    return offered[min(1, len(offered) - 1)] if offered else None


async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a request with what is no answer."""
    request = await reader.readuntil(b"\r\n\r\n")
    name, asked = split(request.split()[1].decode())
    if name == "/bytes":
        writer.write(bytes.fromhex(asked["hex"]))
    if name == "/endless":
        with contextlib.suppress(ConnectionError):
            for _ in range(10_000):
                writer.write(b"X-More: " + b"x" * 1_000 + b"\r\n")
                await writer.drain()
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    writer.close()


def certificate(folder: Path, name: str, host: str, *, days: int) -> ssl.SSLContext:
    """A server's context with a certificate of its own making, valid from `days` ago on."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    alternative = (
        x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=days))
        .not_valid_after(now - dt.timedelta(days=days - 2))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


async def main(folder: Path) -> None:
    """Listen everywhere, say where, and wait for the end of the standard input."""
    tls = {
        "wss": certificate(folder, "good", "127.0.0.1", days=1),
        "expired": certificate(folder, "expired", "127.0.0.1", days=9),
        "stranger": certificate(folder, "stranger", "elsewhere.example", days=1),
    }
    where = {}
    async with contextlib.AsyncExitStack() as stack:
        for name, context in {"ws": None, **tls}.items():
            server = await stack.enter_async_context(
                serve(
                    follow,
                    "127.0.0.1",
                    0,
                    ssl=context,
                    process_request=admit,
                    select_subprotocol=choose,
                    ping_interval=None,
                    max_size=None,
                    close_timeout=1,
                )
            )
            where[name] = server.sockets[0].getsockname()[1]
        plain = await asyncio.start_server(rubbish, "127.0.0.1", 0)
        where["rubbish"] = plain.sockets[0].getsockname()[1]
        print(json.dumps(where), flush=True)  # noqa: T201 - that is how it says where it is
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0)  # whoever still waits in a script is of no interest


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
