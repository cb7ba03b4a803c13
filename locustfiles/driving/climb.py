"""Drives a run in steps of users: given ones, or a search for the most that are borne.

It measures nothing itself: what a step showed is judged by `crosstalk step`, in a process of its
own, from what was written down.  Each step is noted in the run's folder `steps/`.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from locust import LoadTestShape, events
from locust.runners import WorkerRunner

from isolation_checks.errors import UsageError
from isolation_checks.history.directory import RunDirectory, add_json, read_json
from isolation_checks.plan import units
from isolation_checks.statistics.search import Ask, Search, Showed

GRACE_SECONDS = 2.0
"""How long answers of a step may still come before it is judged."""
SPAWN_SECONDS = 60.0
SINKING = 20
"""Of so many queries that are over, more than half must have gone wrong for a load to be let go
before its time: what it showed is then judged as ever."""
LONGER = 3
"""A step that is unclear for want of samples is held up to so many times as long."""
log = logging.getLogger(__name__)
_installed: list[str] = []
_Tick = tuple[int, float]


def install(scenario: str) -> None:
    """Add the options of a climb, and have it drive where this scenario is alone; once."""
    if _installed:
        return
    _installed.append(scenario)
    for event, listener in (
        (events.init_command_line_parser, _add_options),
        (events.init, _init),
    ):
        event.add_listener(listener)  # type: ignore[no-untyped-call] # Locust is half typed


def _add_options(parser: Any, **_: Any) -> None:  # noqa: ANN401 - configargparse
    for option, default, text in (
        ("--steps", None, "users of each step, comma-separated; without it, a search"),
        ("--first", "4", "users with which the search begins"),
        ("--to", "1000", "users that the search never exceeds"),
        ("--settle", "5s", "how long a load may settle before its samples count"),
        ("--hold", "20s", "how long a load is held"),
        ("--confirm", "60s", "how long the answer of the search is held, to stand by itself"),
    ):
        parser.add_argument(option, default=default, help=text, include_in_web_ui=False)


def _init(environment: Any, runner: Any, **_: Any) -> None:  # noqa: ANN401 - Locust is untyped
    """Step aside where other scenarios were given too: their users are not for climbing."""
    others = [each for each in environment.user_classes if each.__name__ not in _installed]
    if others:
        environment.user_classes[:] = others
        return
    if isinstance(runner, WorkerRunner):
        return
    try:
        climb = Climb(environment)
    except (UsageError, ValueError) as error:
        environment.crosstalk.refuse(str(error))
    else:
        climb.runner = runner
        environment.shape_class = climb
        environment.crosstalk.spare_objectives()
        environment.events.test_stop.add_listener(climb.begin_anew)
        environment.events.quit.add_listener(climb.said)


class Climb(LoadTestShape):
    """One step after the other; Locust asks every second how many users there shall be."""

    abstract = True  # it is made here, and not found by Locust

    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - Locust is untyped
        """Of a drive with these options.

        Raises:
            UsageError: they do not fit together.
            ValueError: one of them is no number or no duration.
        """
        super().__init__()  # type: ignore[no-untyped-call] # Locust is half typed
        options = environment.parsed_options
        self._conductor = environment.crosstalk
        rate = self._conductor.plan.workload.rate
        if rate is not None and not rate.per_user:
            raise UsageError(
                f"workload.rate = '{rate}' is that of the whole run, however many users there "
                f"are; a climb needs a rate like '0.5/s per user'"
            )
        self._options = options
        self._settle = units.duration(options.settle)
        self._hold = units.duration(options.hold)
        self._confirm = units.duration(options.confirm)
        self._given = _numbers(options.steps) if options.steps else None
        self._ticks: Iterator[_Tick] | None = None
        self._number = 0
        self._run: RunDirectory | None = None
        self.begin_anew()

    def begin_anew(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """Another Start, in the web UI, is another climb."""
        self._search = Search(int(self._options.first), int(self._options.to))
        self._ticks, self._number = None, 0

    def tick(self) -> _Tick | None:
        """How many users there shall be now; None: the climb is over."""
        if self._ticks is None:
            self._ticks = self._climb()
        return next(self._ticks, None)

    def _climb(self) -> Iterator[_Tick]:
        if self._given is not None:
            for users in self._given:
                showed = yield from self._step(Ask(load=users))
                if showed is None:
                    return
            return
        while self._search.asked is not None:
            showed = yield from self._step(self._search.asked)
            if showed is None:
                return
            self._search.told(showed)

    def _step(self, asked: Ask) -> Any:  # noqa: ANN401 - a generator of ticks that returns what it showed
        """Hold a load; what it showed, or None where the target drowns and nothing lies below."""
        limit = self._options.run_time
        users, began = asked.load, time.monotonic()
        tick = (users, max(1.0, users / 5))
        yield tick
        while (
            self._conductor.environment.runner.user_count != users
            and time.monotonic() < began + SPAWN_SECONDS
        ):
            yield tick
        settled = time.monotonic()
        while time.monotonic() < settled + self._settle:
            yield tick
        wanted = self._confirm if asked.confirms else self._hold
        began_s = self.start_time
        from_s, held = time.monotonic(), float(wanted)
        before = self._over()
        while True:
            while time.monotonic() < from_s + held and not self._sinks(before):
                if limit and time.perf_counter() - began_s > limit:
                    return None
                yield tick
            to_s = time.monotonic()
            while time.monotonic() < to_s + GRACE_SECONDS:
                yield tick
            said = self._judged(users, began, from_s, to_s)
            if said["showed"] != "unclear" or said["drowning"] or held >= LONGER * wanted:
                break
            held += wanted
        self._note(asked, began, from_s, to_s)
        log.info("%d users: %s%s", users, said["showed"], f" ({said['why']})" * bool(said["why"]))
        if said["drowning"] and (self._given is not None or users <= 1):
            log.warning("at %d users most queries went wrong; no higher load is driven", users)
            return None
        showed: Showed = "breached" if said["drowning"] else said["showed"]
        return showed

    def _over(self) -> tuple[int, int]:
        """How many samples Locust has heard of, in all processes, and how many went wrong."""
        total = self._conductor.environment.stats.total
        return int(total.num_requests), int(total.num_failures)

    def _sinks(self, before: tuple[int, int]) -> bool:
        """Whether most of what was over since then went wrong."""
        requests, failures = (n - b for n, b in zip(self._over(), before, strict=True))
        return requests >= SINKING and failures > requests / 2

    def _judged(self, users: int, began: float, from_s: float, to_s: float) -> dict[str, Any]:
        """What the load showed, judged elsewhere; Locust's greenlets go on meanwhile."""
        run = self._present()
        at = {"began": began, "from": from_s, "to": to_s}
        command = [sys.executable, "-m", "crosstalk", "step", str(run.path), "--users", str(users)]
        for name, when in at.items():
            command += [f"--{name}", f"{when - self._started(run):.3f}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own interpreter
        if done.returncode:  # it is judged again when the run is over
            return {"showed": "unclear", "drowning": False, "why": "it could not be judged"}
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def _note(self, asked: Ask, began: float, from_s: float, to_s: float) -> None:
        run = self._present()
        zero = self._started(run)
        self._number += 1
        add_json(
            run.path / "steps" / f"{self._number:03d}.json",
            {
                "number": self._number,
                "users": asked.load,
                "confirms": asked.confirms,
                "began_s": began - zero,
                "from_s": from_s - zero,
                "to_s": to_s - zero,
            },
        )

    def _present(self) -> RunDirectory:
        run: RunDirectory | None = self._conductor.present
        assert run is not None  # users were asked for, so a run goes on
        self._run = run
        return run

    @staticmethod
    def _started(run: RunDirectory) -> float:
        return float(read_json(run.description)["started_ns"]) / 1e9

    def said(self, **_: Any) -> None:  # noqa: ANN401 - Locust's listeners take anything
        """What the climb showed, below the verdict."""
        if self._run is not None:
            command = [sys.executable, "-m", "crosstalk", "capacity", str(self._run.path)]
            subprocess.run(command, check=False)  # noqa: S603 - our own interpreter


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--steps {text!r}: write numbers of users, like 10,20,40") from error
    if min(numbers) < 1:
        raise UsageError(f"--steps {text!r}: a step has at least one user")
    return numbers
