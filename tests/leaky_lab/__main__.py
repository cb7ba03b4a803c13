"""`python -m tests.leaky_lab NAME --bad|--fixed`: start a server of the lab, to be driven.

It says with which command; Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.running import PLAN, running
from tests.reference_platform.redis_server import redis_server
from tests.servers.postgres import postgres_server


def main() -> None:
    """Start what was asked for, until Ctrl-C."""
    modes = sorted({mode for pair in PAIRS.values() for mode in pair.modes})
    parser = argparse.ArgumentParser(prog="python -m tests.leaky_lab", description=__doc__)
    parser.add_argument("name", choices=PAIRS)
    which = parser.add_mutually_exclusive_group(required=True)
    for mode in modes:
        which.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode)
    given = parser.parse_args()
    pair = PAIRS[given.name]
    if given.mode not in pair.modes:
        parser.error(f"{pair.name} can be started as {' or '.join(pair.modes)}")
    env = {"LAB_SECRET": secrets.token_hex(32)}
    with contextlib.ExitStack() as stack:
        if pair.needs == "redis":
            env["LAB_REDIS"] = stack.enter_context(redis_server())
        if pair.needs == "postgresql":
            env["LAB_POSTGRESQL"] = stack.enter_context(postgres_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        port, rows = stack.enter_context(running(pair, given.mode, folder, env))
        sys.stdout.write(
            f"LAB_SECRET={env['LAB_SECRET']} LAB_ROWS={rows} \\\n"
            f"  locust -f locustfiles/agents.py --plan {PLAN} --host http://127.0.0.1:{port} "
            "--headless -u 8 -r 8 -t 10s\n"
        )
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
