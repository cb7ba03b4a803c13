"""Ties Crosstalk to a Locust process: its options, and who begins and ends runs in it.

A scenario calls `install` once; nothing here runs when it is only imported.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from typing import Any

from locust import events
from locust.runners import LocalRunner, WorkerRunner

from isolation_checks.errors import EXIT_BROKEN, HarnessError, UsageError
from locustfiles.driving.agent_user import AgentUser
from locustfiles.driving.conductor import BEGIN, Conductor
from locustfiles.driving.performer import Performer

NONCE = "CROSSTALK_NONCE"
log = logging.getLogger(__name__)
_installed: list[bool] = []


def install() -> None:
    """Add Crosstalk's options and listeners to this Locust process; once, however often called."""
    if _installed:
        return
    _installed.append(True)
    os.environ.setdefault(NONCE, secrets.token_hex(8))  # before any fork: children inherit it
    for event, listener in (
        (events.init_command_line_parser, _add_options),
        (events.init, _init),
    ):
        event.add_listener(listener)  # type: ignore[no-untyped-call] # Locust is half typed


def _add_options(parser: Any, **_: Any) -> None:  # noqa: ANN401 - configargparse
    for option, text in (
        (
            "--plan",
            "TOML file of the platform to drive; without it and --host, the embedded one",
        ),
        ("--run", "name of the run's directory; made up where it is not given"),
        ("--fault", "faults of the embedded platform, comma-separated, each NAME or NAME=RATE"),
        ("--database", "database of the embedded platform: sqlite:///PATH or postgresql://…"),
        ("--redis", "Redis of the embedded platform: redis://…; none unless it is given"),
    ):
        parser.add_argument(option, default=None, help=text, include_in_web_ui=False)
    parser.add_argument(
        "--runs",
        default=os.environ.get("CROSSTALK_RUNS", "runs"),
        include_in_web_ui=False,
        help="folder of all runs (default: runs)",
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
    if isinstance(runner, WorkerRunner):
        performer = Performer(environment)
        runner.register_message(BEGIN, _Worker(environment, performer).on_begin)
        return
    local = isinstance(runner, LocalRunner)
    conductor = Conductor(environment, options, Performer(environment) if local else None)
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
        """Begin a run, unless the order is meant for another run's workers."""
        order = msg.data
        forked = bool(self._environment.parsed_options.processes)
        if (forked or order["forked"]) and order["nonce"] != os.environ[NONCE]:
            log.error("a master that did not start this worker wants to use it; it leaves")
            self._environment.process_exit_code = EXIT_BROKEN
            self._environment.runner.quit()
            return
        self._performer.begin(order)

    def _quitting(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """On SIGTERM this comes before the users were stopped."""
        self._environment.runner.stop()
        if self._environment.process_exit_code is None:
            self._environment.process_exit_code = 0


def _leave(sentence: str, code: int) -> None:
    sys.stderr.write(f"crosstalk: {sentence}\n")
    sys.exit(code)
