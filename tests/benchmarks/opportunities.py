"""How many chances does a default run give each fault, and how seldom may one strike to show?

    python tests/benchmarks/opportunities.py [RUN]

Without a run the honest embedded platform is driven as `crosstalk demo` does, with one worker
and so without what takes several.  For every opportunity that the platform's catalogue names it
prints how many the run had, as its own record shows them (some only at least), and the smallest
rate at which a fault strikes in 95 of 100 such runs: `1 - 0.05^(1/n)`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crosstalk.trials import known_faults
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import fold
from isolation_checks.selftest import opportunities
from isolation_checks.selftest.nouns import Fault
from isolation_checks.statistics import bounds
from isolation_checks.verdicts import verdict

ENOUGH = 300
"""As many bound a rate by 1 %, where nothing is seen."""


def driven(runs: Path) -> RunDirectory:
    """A default drive of the honest platform."""
    subprocess.run([sys.executable, "-m", "crosstalk", "demo", "--runs", str(runs)], check=False)
    (described,) = runs.glob("*/run.json")
    return RunDirectory(described.parent)


def table(run: RunDirectory) -> Iterator[str]:
    """A line an opportunity, those with the fewest chances last."""
    history = fold.load(run)
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None
    frames = verdict.decode((folder / "verdict.json").read_bytes()).scale.frames
    faults: dict[str, list[Fault]] = {}
    for fault in known_faults().values():
        faults.setdefault(fault.opportunity, []).append(fault)
    counted = {name: opportunities.of(name, history, frames) for name in faults}
    yield "| opportunity | chances | smallest rate | faults |"
    yield "|---|---|---|---|"
    for name in sorted(counted, key=lambda name: (counted[name] is None, -(counted[name] or 0))):
        many = counted[name]
        rate = None if many is None else bounds.none_seen(many)
        few = "" if many is None or many >= ENOUGH else " (few)"
        named = ", ".join(
            f.name if f.default_rate == 1 else f"{f.name} ({f.default_rate:g})"
            for f in faults[name]
        )
        chances = "unknown" if many is None else f"{many:,}{few}"
        yield f"| {name} | {chances} | {'' if rate is None else f'{rate:.2g}'} | {named} |"


def main() -> None:
    """Count in a run that is named, or in one that is driven for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    named = parser.parse_args().run
    with tempfile.TemporaryDirectory() as folder:
        for line in table(RunDirectory(named) if named else driven(Path(folder))):
            print(line)


if __name__ == "__main__":
    main()
