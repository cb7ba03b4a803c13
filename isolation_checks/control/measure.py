"""Measures how many planted breaks the loading, scanning and checking of a run find again.

It plants into a copy in memory, loads that as any run is loaded, and asks the checks that
are asked of any; the run itself is not touched.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from isolation_checks.control.breaks import Break, Circle, Words
from isolation_checks.control.extract import extract
from isolation_checks.control.into_frames import names
from isolation_checks.control.plant import plant
from isolation_checks.control.writing import ARGUMENT
from isolation_checks.loading import fold
from isolation_checks.loading.derive import derived
from isolation_checks.loading.memory import InMemory
from isolation_checks.loading.run import Run
from isolation_checks.plan.model import Plan
from isolation_checks.records import PrincipalId, QueryId
from isolation_checks.statistics import bounds
from isolation_checks.verdicts.outcomes import Control, Detection, Planted

BREAKS = 160
"""How many are planted of each channel."""
FRAMES, OCTETS = 10_000, 64 << 20
"""Into about so many frames, and so many bytes of them: more would tell no more."""
CONFIDENCE = bounds.HALF
"""Half of what may go wrong is spent here, half on the bound of the rate itself."""


class Hit(Protocol):
    """What a check found, as far as it says which planted break that is."""

    @property
    def kind(self) -> str:
        """The class of the finding."""
        ...

    @property
    def victim(self) -> PrincipalId | None:
        """Whose content it is."""
        ...

    @property
    def recipient(self) -> PrincipalId | None:
        """Whom it reached."""
        ...

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Where it showed."""
        ...

    @property
    def queries(self) -> frozenset[QueryId]:
        """The queries that it concerns."""
        ...


class Finds(Protocol):
    """What a check says, as far as the control must know it."""

    @property
    def found(self) -> Sequence[Hit]:
        """What it found."""
        ...


Finder = Callable[[Run], Finds]


def measure(run: Run, finders: Mapping[str, Finder], *, seed: int, breaks: int = BREAKS) -> Control:
    """Plant breaks into a copy of a run and look for them as for any others.

    `finders` has by channel (`frame`, `row`, `delivery`) what must find what is planted there;
    of a channel without one nothing is told.
    """
    plan, history = run.history.plan, run.history
    rows = plan.rows.tables if plan.rows is not None and run.reading is not None else ()
    number = run.reading.number if run.reading is not None else 0
    drawn = random.Random(f"{history.description['run']}/{seed}")  # noqa: S311 - places, not secrets
    taken = extract(
        run.evidence,
        processes=[process.id for process in history.processes],
        tables={f"rows/{number}/{table.name}": len(table.text) for table in rows},
        drawn=drawn,
        frames=FRAMES,
        octets=OCTETS,
    )
    planted = plant(taken, drawn=drawn, breaks=breaks, circle=_circle(plan), words=_words(plan))
    processes = [
        dataclasses.replace(process, gaps=list(process.gaps), sealed={})
        for process in history.processes
    ]
    copied = fold.folded(history.description, processes, taken.batches)
    # of a big run some rows are taken
    reading = run.reading and dataclasses.replace(run.reading, counts={})
    with InMemory() as tables:
        opened = derived(copied, taken.batches, reading, tables)
        found = {channel: finder(opened).found for channel, finder in finders.items()}
        hits = [each for each in planted if _is_found(each, found.get(each.channel, ()))]
    asked = [each for each in planted if each.channel in found]
    return _measured(seed, asked, hits)


def _measured(seed: int, planted: list[Break], hits: list[Break]) -> Control:
    kinds = Counter((each.channel, each.kind) for each in planted)
    again = Counter((each.channel, each.kind) for each in hits)
    channels = Counter(each.channel for each in planted)
    found = Counter(each.channel for each in hits)
    return Control(
        seed=seed,
        kinds=tuple(
            Planted(channel=channel, kind=kind, planted=count, found=again[channel, kind])
            for (channel, kind), count in kinds.items()
        ),
        detection=tuple(
            Detection(
                channel=channel,
                planted=count,
                found=found[channel],
                lower=bounds.share(found[channel], count, CONFIDENCE)[0],
            )
            for channel, count in channels.items()
        ),
    )


def _is_found(planted: Break, found: Sequence[Hit]) -> bool:
    if planted.channel == "delivery":
        return any(each.kind == "missing-event" and planted.query in each.queries for each in found)
    return any(
        (each.victim, each.recipient) == (planted.victim, planted.recipient)
        and not set(planted.places).isdisjoint(each.places)
        for each in found
    )


def _circle(plan: Plan) -> Circle:
    """By the plan's sharing, with whom a principal may share anything at all."""
    scopes = {allowed.scope for allowed in plan.sharing}
    login = plan.auth.source == "login"

    def circle(principal: dict[str, Any]) -> str:
        if "tenant" in scopes and principal["tenant"]:
            return f"tenant {principal['tenant']}"
        if login or principal["subject"] is None:
            return f"principal {principal['principal']}"
        return f"subject {principal['subject']}"

    return circle


def _words(plan: Plan) -> Words:
    dialect = plan.dialect
    places = (*dialect.where.text, *dialect.where.delta)
    bare = dialect.framing == "socket.io" and not {"data", "args.0"}.isdisjoint(places)
    return Words(
        texts=names(places) + ((ARGUMENT,) if bare else ()),
        protocol=tuple(kind.encode() for kind in dialect.protocol),
        repeats=tuple(kind.encode() for kind in dialect.repeats),
        binary=dialect.framing != "socket.io",
    )
