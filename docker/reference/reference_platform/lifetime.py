"""How long a process lives: no longer than its parent, when it was asked not to."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
LOOK_S = 0.25


def _signal_on_parent_death(signum: int) -> None:
    """Ask the kernel for a signal when the parent dies (Linux; elsewhere nothing happens).

    The kernel also sends it when only the thread that started us ends: whoever receives it
    must look whether the parent is really gone.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
    except (OSError, AttributeError):
        return


class Leash:
    """Tells when this process's parent is gone."""

    def __init__(self, parent: int) -> None:
        """Have the kernel wake us with SIGUSR1 when the parent dies; meanwhile ignore that."""
        self._parent = parent
        signal.signal(signal.SIGUSR1, lambda *_: None)
        _signal_on_parent_death(signal.SIGUSR1)

    @property
    def broken(self) -> bool:
        """Whether the parent is gone."""
        return os.getppid() != self._parent

    async def watch(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the parent is gone: at the kernel's signal, or within `LOOK_S`."""
        waken = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, waken.set)
        while not self.broken:
            waken.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await waken.wait()
            except TimeoutError:
                continue
        stop()
