"""The part of the local or master process that owns runs: begins them, ends them, says the code.

What is driven is `wishes`' to say, and what a run comes to `concluding`'s.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

import gevent
import msgspec
from gevent.event import Event

from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE, HarnessError, UsageError
from isolation_checks.history import directory
from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.plan import read
from isolation_checks.records import ProcessId, RunId
from locustfiles.driving import concluding, wishes
from locustfiles.driving.concluding import EXIT_UNKNOWN
from locustfiles.driving.description import description
from locustfiles.driving.embedded import PROBE_KEY
from locustfiles.driving.live import page
from locustfiles.driving.live.board import Board, Watched
from locustfiles.driving.live.teller import LIVE
from locustfiles.driving.performer import BROKEN, Performer, end_run
from locustfiles.driving.sampler import Sampler
from locustfiles.driving.workers import Waiting, Workers

BEGIN = "crosstalk_begin"
SEAL_SECONDS = 8.0
"""How long after the drain a process may still be writing."""
log = logging.getLogger(__name__)


class Conductor:
    """Owns the runs of one Locust, from the first plan to the last judgement."""

    def __init__(
        self,
        environment: Any,  # noqa: ANN401 - Locust is untyped
        options: Any,  # noqa: ANN401 - argparse
        nonce: str,
        performer: Performer | None,
    ) -> None:
        """A local process has a `performer` of its own; a master has workers instead."""
        self.environment = environment
        self.runs = wishes.folder(options.runs)
        self.key = directory.installation_key(self.runs)
        self._account_key = directory.installation_key(self.runs, "account")
        self._wanted_run = wishes.free_name(self.runs, options.run)
        self._seed: int | None = options.seed
        self._headless = bool(options.headless)
        self._performer = performer
        self._run: RunDirectory | None = None
        self._sampler: Sampler | None = None
        self._expected: set[ProcessId] = set()
        self._ordered: set[str] = set()
        """The workers that were told to begin the present run."""
        self._unsealed: set[ProcessId] = set()
        """The processes that broke, and will write no seal."""
        self._order: dict[str, Any] = {}
        self._slots = 0
        self._stopping = False
        self._idle = Event()
        """No run is going on: the last one was handed over to be judged."""
        self._idle.set()
        self._broken = False
        self._refused = False
        self._quits = False
        self._waiting: Waiting | None = None
        self._concluding: gevent.Greenlet | None = None
        self._code: int | None = None
        self._said: list[str] = []
        self._board = Board()
        if environment.web_ui is not None:
            environment.runner.register_message(LIVE, self._on_live)
            page.add(environment.web_ui, options.web_base_path, self._board)
        self._workers: Workers | None = None
        if performer is None:  # before the platform is started, which is no worker
            self._workers = Workers(
                environment.runner,
                forked=options.processes or 0,
                nonce=nonce,
                joined=self._late,
            )
        self.plan, self._platform = wishes.planned(options, environment.host)
        events = environment.events
        events.test_start.add_listener(self.begin)
        events.test_stopping.add_listener(self._on_stopping)
        events.test_stop.add_listener(self._stopped)
        events.quitting.add_listener(self._quitting)
        events.quit.add_listener(self._quit)
        atexit.register(self._last_word)
        if performer is None:
            environment.runner.register_message(BROKEN, self._on_broken)
            if self._headless or options.autostart:
                self._waiting = Waiting(
                    environment.runner,
                    self._workers if options.processes else None,
                    self._worker_missing,
                )

    def _worker_missing(self) -> None:
        self._broken = True

    def refuse(self, sentence: str) -> None:
        """What was asked for cannot be driven: end the process, before it drives, with 2."""
        sys.stderr.write(f"crosstalk: {sentence}\n")
        self._refused = True
        sys.exit(EXIT_USAGE)

    def _last_word(self) -> None:
        """Locust may leave without saying that it quits, while it waits for workers.

        It would end with 1 then, which means FAIL.
        """
        if self._quits:
            return
        if self._workers is not None:
            self._workers.end()
        if self._platform is not None:
            self._platform.end()
        if not self._refused:
            sys.stderr.write("crosstalk: Locust ended before anything was driven\n")
        sys.stdout.flush()
        sys.stderr.flush()
        code = EXIT_USAGE if self._refused else EXIT_UNKNOWN
        os._exit(EXIT_BROKEN if self._broken else code)

    def spare_objectives(self) -> None:
        """Judge objectives and show them, but let them not decide: this drive goes beyond them."""
        kept = tuple(part for part in self.plan.required if part != "objectives")
        self.plan = msgspec.structs.replace(self.plan, required=kept or ("evidence",))

    @property
    def present(self) -> RunDirectory | None:
        """The run that goes on."""
        return self._run

    def begin(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """Make the run's directory and have every process begin."""
        try:
            self._begin()
        except Exception as error:
            if isinstance(error, (HarnessError, UsageError)):
                log.error("Crosstalk cannot begin a run: %s", error)  # noqa: TRY400 - it says all
            else:
                log.exception("Crosstalk cannot begin a run")
            self._broken = True
            self._code = getattr(error, "exit_code", EXIT_BROKEN)
            self._idle.set()
            gevent.spawn(end_run, self.environment)

    def _begin(self) -> None:
        self._idle.wait(self._patience())  # the web UI may start while the last run still drains
        self._join_conclusion()
        now = datetime.now(UTC)
        name = self._wanted_run or f"{now:%m%d-%H%M}-{secrets.token_hex(2)}"
        self._wanted_run = None
        if self._waiting is not None:
            self._waiting.over()
        clients = [None] if self._workers is None else self._workers.gathered()
        run = directory.create(self.runs, RunId(name))
        self._code, self._slots, self._stopping = None, 0, False
        self._ordered.clear()
        self._unsealed.clear()
        self._idle.clear()
        seed = self._seed if self._seed is not None else self.plan.seed
        self._order = {
            "run": run.id,
            "directory": str(run.path),
            "plan": read.encode(self.plan),
            "key": self.key.hex(),
            "account_key": self._account_key.hex(),
            "mark_key": secrets.token_hex(32),
            "probe_key": os.environ.get(PROBE_KEY) if self._platform is not None else None,
            "seed": secrets.randbelow(1 << 31) if seed is None else seed,
            "seed_drawn": seed is None,
            "live": self.environment.web_ui is not None,
        }
        orders = [self._order_for(client, max(1, len(clients))) for client in clients]
        self._expected = {ProcessId(order["process"]) for order in orders}
        described = description(self._order, self.plan.target.websocket, now)
        add_json(
            run.description,
            described | {"canary_key": self.key.hex(), "expected": sorted(self._expected)},
        )
        self._run, self._sampler = run, Sampler(run, self.plan)
        self._board.begin(
            Watched(
                run=run.id,
                started_at=now.isoformat(timespec="seconds"),
                started_ns=time.monotonic_ns(),
                plan=self.plan,
                processes=len(orders),
            )
        )
        for client, order in zip(clients, orders, strict=True):
            if self._performer is not None:
                self._performer.begin(order)
            else:
                self.environment.runner.send_message(BEGIN, order, client)

    def _order_for(self, client: str | None, processes: int) -> dict[str, Any]:
        slot = self._slots
        self._slots += 1
        if client is not None:
            self._ordered.add(client)
        process = f"p{slot}" + (f"-{client[-8:]}" if client else "")
        return {**self._order, "slot": slot, "process": process, "processes": processes}

    def _late(self, client_id: str) -> None:
        """A worker that comes while a run goes on drives along, and must be sealed too."""
        if self._run is None or self._stopping or client_id in self._ordered:
            return
        order = self._order_for(client_id, 0)  # it shares in nothing that was shared out
        self._expected.add(ProcessId(order["process"]))
        self._board.came(self._run.id)
        self.environment.runner.send_message(BEGIN, order, client_id)

    def _on_broken(self, environment: Any, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        process = ProcessId(msg.data["process"])
        log.error("process %s broke; the run is ended", process)
        self._unsealed.add(process)
        self._broken = True
        gevent.spawn(end_run, self.environment)

    def _on_live(self, environment: Any, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        self._board.fold(msg.data, time.monotonic_ns())

    def _on_stopping(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        self._stopping = True

    def _stopped(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        if self._run is not None:
            run, self._run = self._run, None
            self._board.ended(run.id, "being judged")
            self._concluding = gevent.spawn(self._concluded, run)
        self._idle.set()
        if self._headless:  # when its workers went missing, Locust would sit out the run time
            gevent.spawn(end_run, self.environment)

    def _quitting(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """Stop what still runs, have it judged, and set the exit code, 0 included."""
        self._quits = True
        try:
            self.environment.runner.stop()
            self._idle.wait(self._patience())  # somebody else may be stopping it already
            self._join_conclusion()
        except Exception:
            log.exception("Crosstalk broke while it ended the run")
            self._broken = True
        finally:
            self._end_sampler()
            if self._platform is not None:
                self._platform.end()
        code = EXIT_UNKNOWN if self._code is None else self._code  # 0 is a verdict's alone
        if self._broken or self.environment.process_exit_code == EXIT_BROKEN:
            code = code if self._code == EXIT_USAGE else EXIT_BROKEN
        self.environment.process_exit_code = code

    def _quit(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """The verdict comes last, below Locust's own tables."""
        for text in self._said:
            print(text, flush=True)  # noqa: T201 - this is what the user asked for
        self._said = []
        if self._workers is not None:
            self._workers.outlive()

    def _end_sampler(self) -> None:
        if self._sampler is not None:
            self._sampler.end()

    def _join_conclusion(self) -> None:
        if self._concluding is not None:
            self._concluding.join()
            self._concluding = None

    def _patience(self) -> float:
        """For how long processes may still be writing after the stop, in seconds."""
        return float(self.plan.workload.drain) + SEAL_SECONDS

    def _concluded(self, run: RunDirectory) -> None:
        try:
            self._end_sampler()
            over = concluding.conclude(run, lambda: self._sealed(run), self._patience())
            self._code = over.code
            if over.verdict is not None and over.report is not None:
                self._board.judged(run.id, over.verdict, over.report)
            else:
                self._board.ended(run.id, "not judged")
            self._say(over.text)
        except Exception:
            log.exception("Crosstalk broke while it had the run judged")
            self._code = EXIT_BROKEN
            self._board.ended(run.id, "not judged")

    def _say(self, text: str) -> None:
        if self._headless:
            self._said.append(text)
        else:
            print(text, flush=True)  # noqa: T201 - in the web UI every Stop says its verdict

    def _sealed(self, run: RunDirectory) -> bool:
        """Whether everybody has sealed of whom a seal can be expected."""
        if self._performer is not None and self._performer.broke:
            return True
        return concluding.sealed(run, (self._expected | set(run.processes())) - self._unsealed)
