"""Measures how many planted breaks the loading and scanning of a run find again.

It plants into a copy, loads that copy as any run is loaded, and counts; the run itself
is not touched.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import narwhals.stable.v2 as nw

from isolation_checks.control.plant import plant
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading.load import loaded
from isolation_checks.loading.run import records
from isolation_checks.statistics import bounds

BREAKS = 160
CONFIDENCE = 0.975
"""Half of what may go wrong is spent here, half on the bound of the rate itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """How many of the planted breaks were found, by kind and in all."""

    planted: dict[str, int]
    found: dict[str, int]
    lower: float | None
    """Lower bound of the detection rate at 97.5 %; None where nothing could be planted."""


def measure(
    run: RunDirectory,
    *,
    seed: int,
    breaks: int = BREAKS,
    progress: Callable[[str], None] = lambda _: None,
) -> Sensitivity:
    """Plant breaks into a copy of a run and look for them as for any others."""
    run.cache.mkdir(exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=run.cache))
    try:
        progress("planting breaks into a copy of the history")
        copy = folder / run.id
        planted = list(plant(run.path, copy, seed=seed, breaks=breaks))
        with loaded(RunDirectory(copy), progress) as opened:
            foreign = records(opened.sightings.filter(nw.col("foreign")))
            seen = {(r["stream"], r["index"], r["owner"], r["principal"]) for r in foreign}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    hits = [b for b in planted if (b.stream, b.index, b.victim, b.recipient) in seen]
    lower = bounds.share(len(hits), len(planted), CONFIDENCE)[0] if planted else None
    return Sensitivity(
        planted=dict(Counter(each.kind for each in planted)),
        found=dict(Counter(each.kind for each in hits)),
        lower=lower,
    )
