"""Ties Crosstalk to a Locust process: its options, and who begins and ends runs in it.

A scenario calls `install` once; nothing here runs when it is only imported.
"""

from __future__ import annotations

import ctypes
import logging
import os
import secrets
import signal
import sys
from typing import Any

import gevent
from locust import events, runners
from locust.runners import LocalRunner, WorkerRunner

from isolation_checks.errors import EXIT_BROKEN, HarnessError, UsageError
from locustfiles.driving import ports, recorder, refused, screened, wishes
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.conductor import BEGIN, Conductor
from locustfiles.driving.performer import Performer
from locustfiles.driving.workers import HERE, LEAVE

NONCE = secrets.token_hex(8)
"""Known to a master and to the workers that were forked from it."""
HEARTBEATS = 10
"""After how many seconds of silence Locust takes a worker for lost, and a run without any for
over; its own 3 are soon passed where many processes share few CPUs."""
_SET_DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG."""
log = logging.getLogger(__name__)
_installed: list[bool] = []
_forks: list[bool] = []
"""Whether this Locust forks workers of its own, as its options said before it did."""


def install() -> None:
    """Add Crosstalk's options and listeners to this Locust process; once, however often called."""
    if _installed:
        return
    _installed.append(True)
    recorder.prepare()  # before any fork, and before anybody waits for a heartbeat
    os.register_at_fork(after_in_child=_end_with_parent)
    for event, listener in (
        (events.init_command_line_parser, _add_options),
        (events.init, _init),
    ):
        event.add_listener(listener)  # type: ignore[no-untyped-call] # Locust is half typed


def _end_with_parent() -> None:
    """Have a forked worker stop, drain and seal when its master is killed (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)


def _add_options(parser: Any, **_: Any) -> None:  # noqa: ANN401 - configargparse
    parse = parser.parse_args

    def parse_args(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - argparse
        """Parse, and settle what Locust would end with 1 for; once, before it listens or forks."""
        options = parse(*arguments, **named)
        if not _forks:
            _forks.append(bool(options.processes) and not options.worker)
            if options.only_verdict and options.loglevel == "INFO":
                options.loglevel = "WARNING"
            refused.expect(options)
            try:
                wishes.sensible(options)
                ports.settle(options)
            except UsageError as error:
                _leave(str(error), error.exit_code)
        return options

    parser.parse_args = parse_args
    for option, text in (
        (
            "--plan",
            "TOML file of the platform to drive; without it and --host, the embedded one",
        ),
        ("--run", "name of the run's directory; made up where it is not given"),
        ("--fault", "faults of the embedded platform, comma-separated, each NAME or NAME=RATE"),
        ("--database", "database of the embedded platform: sqlite:///…, postgresql://…, env:NAME"),
        ("--replicas", "how many workers the embedded platform has; else one"),
        ("--redis", "Redis of the embedded platform: redis://…, env:NAME; else it has none"),
    ):
        parser.add_argument(option, default=None, help=text, include_in_web_ui=False)
    parser.add_argument(
        "--runs",
        default=os.environ.get("CROSSTALK_RUNS", "runs"),
        include_in_web_ui=False,
        help="folder of all runs (default: $CROSSTALK_RUNS, or else runs)",
    )
    parser.add_argument(
        "--only-verdict",
        action="store_true",
        include_in_web_ui=False,
        help="print nothing of Locust's own but warnings: for CI",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=None,
        include_in_web_ui=False,
        help="seed of names, words and pauses",
    )


def _init(environment: Any, runner: Any, **_: Any) -> None:  # noqa: ANN401 - Locust is untyped
    """Set this process up; what is wrong here ends it with 2 or 4, not with Locust's 1."""
    refused.begun()
    try:
        _set_up(environment, runner)
    except UsageError as error:
        _leave(str(error), error.exit_code)
    except HarnessError as error:
        _leave(str(error), error.exit_code)
    except Exception:
        log.exception("Crosstalk broke while it set up")
        _leave("this is a fault of Crosstalk's, not of the platform's", EXIT_BROKEN)


def _set_up(environment: Any, runner: Any) -> None:  # noqa: ANN401 - Locust is untyped
    options = environment.parsed_options
    if options.only_verdict:
        for name in ("locust", "locust.stats_logger"):  # the tables have a level of their own
            logging.getLogger(name).setLevel(logging.WARNING)
    performer = Performer(environment)
    screened.install(lambda: None if performer.rig is None else performer.rig.credentials)
    if isinstance(runner, WorkerRunner):
        worker = _Worker(environment, performer)
        runner.register_message(BEGIN, worker.on_begin)
        runner.register_message(LEAVE, worker.on_leave)
        runner.send_message(HERE, {"nonce": NONCE if _forks[0] else None})
        return
    runners.HEARTBEAT_LIVENESS = HEARTBEATS
    local = isinstance(runner, LocalRunner)
    conductor = Conductor(environment, options, NONCE, performer if local else None)
    environment.crosstalk = conductor
    AgentUser.host = conductor.plan.target.websocket
    if environment.web_ui is not None and options.web_host in ("", "*", "0.0.0.0"):  # noqa: S104 - it is warned of
        log.warning(
            "The web UI listens on every address of this machine, and whoever reaches it can "
            "start a load; use --web-host 127.0.0.1"
        )


class _Worker:
    """A worker's ear for its master."""

    def __init__(self, environment: Any, performer: Performer) -> None:  # noqa: ANN401 - Locust is untyped
        self._environment = environment
        self._performer = performer
        environment.events.quitting.add_listener(self._quitting)

    def on_begin(self, environment: Any, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        """Begin a run."""
        self._performer.begin(msg.data)

    def on_leave(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """The master has no use for this worker."""
        log.error("a master that did not start this worker found it on its port; it leaves")
        self._environment.process_exit_code = EXIT_BROKEN
        gevent.spawn(self._environment.runner.quit)

    def _quitting(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """On SIGTERM this comes before the users were stopped."""
        self._environment.runner.stop()
        if self._environment.process_exit_code is None:
            self._environment.process_exit_code = 0


def _leave(sentence: str, code: int) -> None:
    refused.begun()
    sys.stderr.write(f"crosstalk: {sentence}\n")
    sys.exit(code)
