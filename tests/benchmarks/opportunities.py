"""How many chances does a default run give each fault, and how seldom may one strike to show?

    python tests/benchmarks/opportunities.py [RUN]
    python tests/benchmarks/opportunities.py --keep

Without a run the honest embedded platform is driven as `crosstalk demo` does, with one worker
and so without what takes several.  For every opportunity that the platform's catalogue names it
prints how many the run had, as its own record shows them (some only at least), and the smallest
rate at which a fault strikes in 95 of 100 such runs: `1 - 0.05^(1/n)`.

`--keep` drives both default runs and keeps their chances in `docs/chances.json`, of which
`python -m tests.docs.generated` makes the table in `docs/faults.md`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import locustfiles
from crosstalk.trials import known_faults
from isolation_checks.history.directory import RunDirectory
from isolation_checks.loading import fold
from isolation_checks.selftest import opportunities
from isolation_checks.selftest.nouns import Fault
from isolation_checks.statistics import bounds
from isolation_checks.verdicts import verdict

ENOUGH = 300
"""As many bound a rate by 1 %, where nothing is seen."""
KEPT = Path(__file__).parents[2] / "docs" / "chances.json"
AGENTS = Path(locustfiles.__path__[0]) / "agents.py"
RUNS: Mapping[str, tuple[str, ...]] = {
    "demo": ("-m", "crosstalk", "demo"),
    "agents": (
        *("-m", "locust", "-f", str(AGENTS), "--headless"),
        *("-u", "50", "-r", "10", "-t", "60s"),
    ),
}
"""The runs that one begins without saying more."""


def driven(name: str, runs: Path) -> RunDirectory:
    """A default drive of the honest platform."""
    subprocess.run([sys.executable, *RUNS[name], "--runs", str(runs)], check=False)
    (described,) = runs.glob("*/run.json")
    return RunDirectory(described.parent)


def chances(run: RunDirectory) -> dict[str, int | None]:
    """How many of every opportunity a run had; None: nobody can say."""
    folder = run.latest_in(run.judgements, "verdict.json")
    assert folder is not None
    frames = verdict.decode((folder / "verdict.json").read_bytes()).scale.frames
    history = fold.load(run)
    named = {fault.opportunity for fault in known_faults().values()}
    return {name: opportunities.of(name, history, frames) for name in sorted(named)}


def acts(run: RunDirectory) -> dict[str, int]:
    """How often each provocation came about."""
    done = Counter(act.kind for act in fold.load(run).provocations)
    return dict(done.most_common())


def table(counted: Mapping[str, int | None]) -> Iterator[str]:
    """A line an opportunity, those with the fewest chances last."""
    faults: dict[str, list[Fault]] = {}
    for fault in known_faults().values():
        faults.setdefault(fault.opportunity, []).append(fault)
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
        said = "unknown" if many is None else f"{many:,}{few}"
        yield f"| {name} | {said} | {'' if rate is None else f'{rate:.2g}'} | {named} |"


def keep() -> None:
    """Drive both default runs, and keep their chances."""
    kept = {}
    for name in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            run = driven(name, Path(folder))
            kept[name] = {"chances": chances(run), "acts": acts(run)}
    KEPT.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def main() -> None:
    """Count in a run that is named, or in one that is driven for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    if asked.keep:
        keep()
        return
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(asked.run) if asked.run else driven("demo", Path(folder))
        for line in table(chances(run)):
            print(line)


if __name__ == "__main__":
    main()
