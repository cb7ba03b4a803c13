"""CPU and memory of processes of this machine, with all that they started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import psutil

from isolation_checks.plan.tables.resources import Processes
from isolation_checks.resources.source import Level, UnreachableError

_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


class ProcessTree:
    """The processes that a plan names, and their descendants, as one."""

    def __init__(self, named: Processes) -> None:
        self._named = named
        self._seen: dict[tuple[int, float], float] = {}
        """The CPU time of every process when it was last seen: the dead ones' counts, too."""
        self._used_s = 0.0
        self._first = True

    def __call__(self) -> list[Level]:
        """CPU and memory of them all, and the CPU of the whole machine.

        Memory is resident memory, in which what processes share counts for each of them.
        """
        tree = self._tree()
        resident = sum(self._look(process) for process in tree.values())
        self._first = False
        cores = max(_cores(process) for process in tree.values())
        machine = psutil.cpu_times()
        idle = machine.idle + getattr(machine, "iowait", 0.0)
        guests = getattr(machine, "guest", 0.0) + getattr(machine, "guest_nice", 0.0)
        busy = sum(machine) - idle - guests  # a guest's time is in user's, too
        everything = float(psutil.virtual_memory().total)
        all_cores = float(psutil.cpu_count() or 1)
        return [
            Level(resource="cpu", unit="cores", value=self._used_s, counts=True, most=cores),
            Level(resource="memory", unit="bytes", value=resident, most=everything),
            Level(
                resource="cpu of the machine", unit="cores", value=busy, counts=True, most=all_cores
            ),
        ]

    def _look(self, process: psutil.Process) -> float:
        """Add what a process has used since it was last seen; its resident memory."""
        with contextlib.suppress(*_GONE):
            times, resident = process.cpu_times(), float(process.memory_info().rss)
            used = times.user + times.system
            key = (process.pid, process.create_time())
            before = self._seen.get(key, used if self._first else 0.0)
            self._used_s += max(0.0, used - before)
            self._seen[key] = used
            return resident
        return 0.0

    def _tree(self) -> dict[int, psutil.Process]:
        tree: dict[int, psutil.Process] = {}
        for pid in {*self._named.pids, *_listening(self._named.ports)}:
            with contextlib.suppress(*_GONE):
                root = psutil.Process(pid)
                tree[pid] = root
                tree.update((child.pid, child) for child in root.children(recursive=True))
        if not tree:
            named = [f"process {pid}" for pid in self._named.pids]
            named += [f"one that listens on port {port}" for port in self._named.ports]
            raise UnreachableError(f"there is no {' and no '.join(named)} that may be seen here")
        return tree


def _listening(ports: Iterable[int]) -> Iterator[int]:
    wanted = set(ports)
    if not wanted:
        return
    for connection in psutil.net_connections("tcp"):
        here = connection.status == psutil.CONN_LISTEN and connection.laddr.port in wanted
        if here and connection.pid is not None:
            yield connection.pid


def _cores(process: psutil.Process) -> float:
    """How many cores a process may use."""
    with contextlib.suppress(*_GONE, AttributeError, psutil.AccessDenied):
        return float(len(process.cpu_affinity()))
    return float(psutil.cpu_count() or 1)
