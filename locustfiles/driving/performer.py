"""The part of a process that drives users: begins a run, provokes, finishes it, seals it.

A local Locust has one beside its conductor, a worker has one alone; a master has none.
"""

from __future__ import annotations

import functools
import gc
import logging
import os
import socket
import time
import traceback
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from isolation_checks.errors import EXIT_BROKEN
from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.plan import read
from isolation_checks.records import ProcessId, RunId
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.description import boot_id
from locustfiles.driving.embedded import PROBE_KEY
from locustfiles.driving.live.digest import Digest
from locustfiles.driving.live.teller import Teller
from locustfiles.driving.probes import AFTER_THE_DRIVE, PROBES
from locustfiles.driving.provocations import PROVOCATIONS
from locustfiles.driving.rig import Rig
from locustfiles.driving.seats import Seats

BROKEN = "crosstalk_broken"
AFTERWARDS_SECONDS = 10.0
FINISH_SECONDS = 60.0
"""For how long at most the end of a process waits for its run to be finished."""
log = logging.getLogger(__name__)


class Performer:
    """Drives one run at a time in this process."""

    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - Locust is untyped
        self.environment = environment
        self.rig: Rig | None = None
        """That of the present run, or of the last one."""
        self._directory: RunDirectory | None = None
        self._process = ProcessId("")
        self._acts: list[gevent.Greenlet] = []
        self._teller: Teller | None = None
        self.broke = False
        """The harness failed in the present run: it is not sealed."""
        self._idle = Event()
        """No run is going on or being finished."""
        self._idle.set()
        environment.events.user_error.add_listener(self._on_user_error)
        environment.events.test_stop.add_listener(self.finish)

    def begin(self, order: dict[str, Any]) -> None:
        """Begin a run as the conductor's order says; what goes wrong ends the run with 4."""
        try:
            self._begin(order)
        except Exception as error:  # noqa: BLE001 - Locust would log it and go on
            self.broken(error)

    def _begin(self, order: dict[str, Any]) -> None:
        if order["probe_key"] is not None:  # a worker did not start the platform
            os.environ[PROBE_KEY] = order["probe_key"]
        self.broke = False
        directory = RunDirectory(Path(order["directory"]))
        self._directory, self._process = directory, ProcessId(order["process"])
        add_json(
            directory.joined / f"{self._process}.json",
            {
                "process": self._process,
                "slot": order["slot"],
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "boot": boot_id(),
                "monotonic_ns": time.monotonic_ns(),
                "wall_s": time.time(),
            },
        )
        self.rig = Rig(
            plan=read.decode(order["plan"]),
            run=RunId(order["run"]),
            folder=directory.of_process(self._process),
            key=bytes.fromhex(order["key"]),
            account_key=bytes.fromhex(order["account_key"]),
            mark_key=bytes.fromhex(order["mark_key"]),
            slot=order["slot"],
            processes=order["processes"],
            seed=order["seed"],
            report=self._report,
            on_broken=self.broken,
        )
        self._teller = None
        if order["live"]:
            digest = Digest(
                run=order["run"], process=self._process, key=bytes.fromhex(order["key"])
            )
            self._teller = Teller(self.environment.runner, self.rig.recorder, digest)
        self._idle.clear()
        AgentUser.rig = self.rig
        opened = self.rig.plan.workload.model != "closed"
        AgentUser.seats = Seats(self.rig) if opened else None
        gc.collect()
        gc.freeze()  # what stands until the end need not be looked through in the middle
        acts = (*PROVOCATIONS, *PROBES)
        self._acts = [gevent.spawn(self._act, act, self.rig) for act in acts]
        if AgentUser.seats is not None:
            drive = functools.partial(AgentUser.seats.drive, order["processes"])
            self._acts.append(gevent.spawn(self._act, drive, self.rig))

    def _act(self, act: Any, rig: Rig) -> None:  # noqa: ANN401 - a provocation
        try:
            act(rig)
        except gevent.GreenletExit:
            raise
        except Exception as error:  # noqa: BLE001 - a provocation that dies is a hole in the run
            self.broken(error)

    def _afterwards(self, rig: Rig) -> None:
        """What could destroy something is tried when nobody else is there any more."""
        for act in AFTER_THE_DRIVE:
            with gevent.Timeout(AFTERWARDS_SECONDS, exception=False):
                act(rig)

    def finish(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """The users have stopped: drain, close, seal, and say that we ended."""
        rig, AgentUser.rig = AgentUser.rig, None
        if rig is None or self._directory is None:
            self._idle.wait(FINISH_SECONDS)  # told twice to stop: the first time it is being done
            return
        try:
            gevent.killall(self._acts)
            if not rig.broken:
                self._afterwards(rig)
            rig.finish("stopped")
            if self._teller is not None:
                self._teller.tell()
            add_json(
                self._directory.ended / f"{self._process}.json",
                {
                    "how": "broken" if rig.broken else "stopped",
                    "monotonic_ns": time.monotonic_ns(),
                },
            )
        except Exception as error:  # noqa: BLE001 - Locust would log it and go on
            self.broken(error)
        finally:
            self._idle.set()

    def broken(self, error: BaseException) -> None:
        """The harness itself failed: leave the streams unsealed and end the run with 4.

        It may be called from the hub, where nothing may block, and more than once.
        """
        self.environment.process_exit_code = EXIT_BROKEN
        if self.rig is not None:
            self.rig.broken = True
        if not self.broke:
            self.broke = True
            gevent.spawn(self._end, "".join(traceback.format_exception(error)))

    def _end(self, text: str) -> None:
        known = None if self.rig is None else self.rig.credentials
        log.error("Crosstalk broke: %s", text if known is None else known.marked_text(text))
        if hasattr(self.environment.runner, "master_port"):  # a worker tells its master
            self.environment.runner.send_message(BROKEN, {"process": self._process})
        end_run(self.environment)

    def _on_user_error(self, exception: BaseException, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        self.broken(exception)

    def _report(self, name: str, milliseconds: float, octets: int, problem: str | None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=name,
            response_time=milliseconds,
            response_length=octets,
            exception=None if problem is None else RuntimeError(problem),
            context={},
        )


def end_run(environment: Any) -> None:  # noqa: ANN401 - Locust is untyped
    """End the run, and with it the process, unless somebody sits before its web UI."""
    if environment.web_ui is None:
        environment.runner.quit()
    else:
        environment.runner.stop()
