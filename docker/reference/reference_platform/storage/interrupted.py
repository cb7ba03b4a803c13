"""Runs whose worker was killed: nobody answers them any more, and their rows say so."""

from __future__ import annotations

import os
import socket
import time

from reference_platform.storage.database import SERVICE, Database, Statement


def worker_name(supervisor: int, number: int) -> str:
    """How a worker signs its runs: host, the process that answers for it, number.

    A worker that takes the place of another has its name.
    """
    return f"{socket.gethostname()}/{supervisor}/{number}"


async def sweep_interrupted(database: Database, name: str) -> None:
    """Mark as failed the runs of whoever had this name, and of processes here that are gone.

    Workers on other hosts cannot be seen from here and are left alone.
    """
    rows = await database.read(
        SERVICE, "SELECT DISTINCT worker FROM runs WHERE status = 'running' AND worker IS NOT NULL"
    )
    host = socket.gethostname()
    gone = [row["worker"] for row in rows if row["worker"] == name or _is_gone(row["worker"], host)]
    await database.write(
        SERVICE,
        [
            Statement(
                "UPDATE runs SET status = 'failed', completed_at = ? "
                "WHERE worker = ? AND status = 'running'",
                (time.time(), worker),
            )
            for worker in gone
        ],
    )


def _is_gone(worker: str, host: str) -> bool:
    place, _, rest = worker.partition("/")
    process = rest.partition("/")[0]
    if place != host or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
