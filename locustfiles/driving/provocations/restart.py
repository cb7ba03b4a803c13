"""Restarts: one of the platform's processes is ended, and those it served come back.

What it had kept for itself is gone, and what another takes up again must find its owner.
"""

from __future__ import annotations

import subprocess

import gevent

from isolation_checks.errors import HarnessError
from isolation_checks.plan import provoking
from locustfiles.driving.rig import Rig

FIRST = 0
"""The slot of the driving process that does it: there is one in every run."""
LIMIT_SECONDS = 10.0


def restart_a_process(rig: Rig) -> None:
    """Have the plan's command end one of the platform's processes, again and again.

    Raises:
        HarnessError: the command failed, so that what the plan asks for was not done.
    """
    every = provoking.every(rig.plan, "restart")
    if not every or rig.slot != FIRST:
        return
    command = rig.plan.target.restart
    while True:
        gevent.sleep(every)
        rig.recorder.note("provocations", kind="restart", principal=NOBODY)
        try:
            done = subprocess.run(  # noqa: S603 - the plan's own command, without a shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HarnessError(f"target.restart could not be run: {error}") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise HarnessError(f"target.restart ended with {done.returncode}: {said}")


NOBODY = ""
"""It is nobody's doing: no principal takes part."""
