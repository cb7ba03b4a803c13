"""Several workers on one port: starts them, passes their messages on, replaces who dies."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from reference_platform.bus import READY, PipeBus
from reference_platform.lifetime import LOOK_S, Leash
from reference_platform.server import bind, serve
from reference_platform.settings import Settings
from reference_platform.worker import Worker

_LOG = logging.getLogger(__name__)
_FAREWELL_S = 0.8  # after that, workers that were told to stop are killed
_CHUNK_BYTES = 1 << 18


class WorkerFailedError(RuntimeError):
    """A worker ended before it served."""


@dataclass(slots=True, eq=False)
class _Child:
    """A worker process and our end of its pipe, with what is to be written and is half read."""

    number: int
    pid: int
    pipe: socket.socket
    ready: bool = False
    incoming: bytearray = field(default_factory=bytearray)
    outgoing: bytearray = field(default_factory=bytearray)


class Supervisor:
    """Keeps a platform's workers running, and their bus."""

    def __init__(self, settings: Settings, home: Path | None, leash: Leash | None) -> None:
        """Reserve the port.  `home` is a directory to remove should we be killed."""
        self._settings = settings
        self._home = home
        self._leash = leash
        self._reserved = bind(settings.host, settings.port, shared=True)  # never listens
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Child] = {}
        self._stopping = False
        self._condemned = False
        self._announced = False

    @property
    def port(self) -> int:
        """The port that all workers listen on."""
        port: int = self._reserved.getsockname()[1]
        return port

    def run(self, ready: Callable[[], None]) -> None:
        """Run the workers until told to stop; call `ready` when all of them serve.

        Raises WorkerFailedError.
        """
        self._handle_signals()
        try:
            for number in range(self._settings.workers):
                self._start(number)
            while not self._stopping and not (self._leash is not None and self._leash.broken):
                self._pass_on(LOOK_S)
                self._kill_condemned()
                self._replace_dead()
                if not self._announced and all(c.ready for c in self._children.values()):
                    self._announced = True
                    ready()
        finally:
            self._stop()

    def _handle_signals(self) -> None:
        """Let signals wake the selector."""
        ours, wakeup = socket.socketpair()
        for end in (ours, wakeup):
            end.settimeout(0)
        self._wakeup = wakeup
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        self._selector.register(ours, selectors.EVENT_READ, None)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._told_to_stop)
        signal.signal(signal.SIGUSR1, self._told_to_kill)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _told_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _told_to_kill(self, *_: object) -> None:
        self._condemned = True

    def _kill_condemned(self) -> None:
        """Kill the worker that has served for longest, as if it had run out of memory."""
        if self._condemned and self._announced and all(c.ready for c in self._children.values()):
            self._condemned = False
            os.kill(next(iter(self._children)), signal.SIGKILL)

    def _start(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                ours.close()
                self._become_worker(number, theirs, parent)
                code = 0
            except Exception:  # noqa: BLE001 - a child must not return into its parent's code
                _LOG.exception("worker %d failed", number)
            finally:
                os._exit(code)
        theirs.close()
        ours.settimeout(0)
        child = self._children[pid] = _Child(number, pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, child)

    def _become_worker(self, number: int, pipe: socket.socket, parent: int) -> None:
        """What a fresh child does until its end."""
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(signum, signal.SIG_DFL)
        for child in self._children.values():
            child.pipe.close()
        self._selector.close()
        leash = Leash(parent)
        bus = PipeBus(pipe)
        worker = Worker(replace(self._settings, supervisor=parent), bus, number)
        sock = bind(self._settings.host, self.port, shared=True)
        serve(worker, sock, bus.say_ready, leash)
        if leash.broken and self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _pass_on(self, limit_s: float) -> None:
        """Wait for something to read or write, and read or write it."""
        for key, events in self._selector.select(limit_s):
            child: _Child | None = key.data
            if child is None:
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(_CHUNK_BYTES)  # type: ignore[union-attr] # our own socket
                continue
            if events & selectors.EVENT_READ:
                self._read(child)
            if events & selectors.EVENT_WRITE:
                self._write(child)

    def _read(self, child: _Child) -> None:
        try:
            chunk = child.pipe.recv(_CHUNK_BYTES)
        except OSError:
            chunk = b""
        if not chunk:
            self._selector.unregister(child.pipe)
            return
        child.incoming += chunk
        whole = child.incoming.rfind(b"\n") + 1
        lines = bytes(child.incoming[:whole])
        del child.incoming[:whole]
        if READY in lines:
            child.ready = True
            lines = lines.replace(READY, b"")
        for other in self._children.values():
            if other is not child and lines:
                other.outgoing += lines
                self._write(other)

    def _write(self, child: _Child) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            while child.outgoing:
                del child.outgoing[: child.pipe.send(child.outgoing)]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if child.outgoing else 0)
        with contextlib.suppress(KeyError):  # its pipe is closed: it will be found dead
            self._selector.modify(child.pipe, wanted, child)

    def _replace_dead(self) -> None:
        for pid in list(self._children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                child = self._forget(pid)
                if not child.ready:
                    raise WorkerFailedError(f"worker {child.number} could not start")
                _LOG.warning("worker %d died and is replaced", child.number)
                self._start(child.number)

    def _forget(self, pid: int) -> _Child:
        child = self._children.pop(pid)
        with contextlib.suppress(KeyError):
            self._selector.unregister(child.pipe)
        child.pipe.close()
        return child

    def _stop(self) -> None:
        """Tell all workers to stop; kill who does not."""
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)
        limit = time.monotonic() + _FAREWELL_S
        while self._children:
            if time.monotonic() > limit:
                for pid in self._children:
                    os.kill(pid, signal.SIGKILL)
            self._pass_on(0.02)
            for pid in list(self._children):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._forget(pid)
        self._reserved.close()
