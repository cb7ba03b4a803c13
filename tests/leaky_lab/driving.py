"""Drives a pair of the lab, by the lab's plan, and says what it stands on."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from crosstalk import servers
from tests.end_to_end.foreign.strangers import Drive, Stranger, locust
from tests.leaky_lab.pairs import Pair
from tests.leaky_lab.running import PLAN, running

SECONDS = 5
USERS = 8
START: Mapping[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "redis": servers.redis_server,
    "postgresql": servers.postgres_server,
}


@contextlib.contextmanager
def standing() -> Iterator[Callable[[str], str]]:
    """Where the servers are that some of the lab stand on; each is started when it is wanted.

    Raises:
        NotInstalledError: where one is asked for whose program is not there.
    """
    with contextlib.ExitStack() as stack:
        started: dict[str, str] = {}

        def url(need: str) -> str:
            if need not in started:
                started[need] = stack.enter_context(START[need]())
            return started[need]

        yield url


def lacking(pair: Pair) -> str | None:
    """What is not on this machine though a pair cannot do without."""
    missing = [name for name in ("node", "npm") if pair.node and shutil.which(name) is None]
    return missing[0] if missing else None


def driven(
    pair: Pair, mode: str, folder: Path, url: Callable[[str], str], seed: int = 1
) -> tuple[Stranger, Drive]:
    """A server of the lab in this mode, and a drive of it; both leave what they know in `folder`.

    Raises:
        RuntimeError: its packages could not be had, or it did not start.
    """
    env = {"LAB_SECRET": secrets.token_hex(32)}
    if pair.needs is not None:
        env[f"LAB_{pair.needs.upper()}"] = _own(url(pair.needs), pair, mode, seed)
    with running(pair, mode, folder, env) as (port, rows):
        how = ["--plan", str(PLAN), "--host", f"http://127.0.0.1:{port}", "--seed", str(seed)]
        load = ["-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s"]
        over = locust(folder / "runs", *how, *load, env={**env, "LAB_ROWS": rows})
    return Stranger(port, folder, env), over


def _own(url: str, pair: Pair, mode: str, seed: int) -> str:
    """A database of its own for each server that wants one."""
    if pair.needs != "postgresql":
        return url
    name = f"{pair.name}_{mode}_{seed}"
    subprocess.run(["psql", "-qc", f"CREATE DATABASE {name}", url], check=True)
    return f"{url.rpartition('/')[0]}/{name}"
