"""Has the platform's resources sampled while a run goes on, by a process of its own.

Nothing depends on it: where it cannot run, the run goes on without, and the judgement says so.
"""

from __future__ import annotations

import logging
import subprocess
import sys

from isolation_checks.history.directory import RunDirectory
from isolation_checks.plan.model import Plan

END_SECONDS = 8.0
"""How long it may take to write its seal."""
log = logging.getLogger(__name__)


class Sampler:
    """The sampler of one run."""

    def __init__(self, run: RunDirectory, plan: Plan) -> None:
        """Begin, where the plan asks for it.  It ends with its input: also where we are killed."""
        self._process: subprocess.Popen[bytes] | None = None
        if plan.resources is None:
            return
        command = [sys.executable, "-m", "crosstalk", "sample", str(run.path)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command,
                stdin=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the driver
            )
        except OSError as error:
            log.warning("the platform's resources are not sampled: %s", error)

    def end(self) -> None:
        """Have it seal and leave; once or more often."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the sampler of the platform's resources did not end, and is ended")
            process.kill()
            process.wait()
