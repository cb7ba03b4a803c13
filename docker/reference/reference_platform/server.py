"""Serves one worker with uvicorn on a socket that is already bound."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
import uvloop

from reference_platform.lifetime import Leash
from reference_platform.sockets.wire import FRAME_LIMIT_BYTES
from reference_platform.worker import Worker

_PROTOCOL_LIMIT_BYTES = 4 * FRAME_LIMIT_BYTES  # between the two limits, an error frame explains
_FAREWELL_S = 1  # how long clients may take to say goodbye when the server stops
_BACKLOG = 2048
_IDLE_S = 75  # how long an HTTP connection may wait for its next request


class AddressError(Exception):
    """An address that cannot be listened on."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A bound TCP socket; port 0 takes a free one; shared ones may be bound several times.

    Raises AddressError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise AddressError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return sock


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us and says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def stop(self) -> None:
        self.should_exit = True


def serve(
    worker: Worker, sock: socket.socket, ready: Callable[[], None], leash: Leash | None
) -> None:
    """Serve until SIGTERM, SIGINT or a broken leash; `ready` is called when clients may come."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(worker, sock, ready, leash))


async def _serve(
    worker: Worker, sock: socket.socket, ready: Callable[[], None], leash: Leash | None
) -> None:
    config = uvicorn.Config(
        worker.application(),
        loop="none",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_PROTOCOL_LIMIT_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_FAREWELL_S,
        timeout_keep_alive=_IDLE_S,
    )
    server = _Server(config, ready)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, server.stop)
    watch = asyncio.create_task(leash.watch(server.stop)) if leash is not None else None
    await server.serve([sock])
    if watch is not None:
        watch.cancel()
