"""Drives the leaky lab, every pair and version, and keeps what was said in `docs/lab.json`.

    python -m tests.leaky_lab.matrix
    python -m tests.leaky_lab.matrix redis_cancelled pool_unreset --seeds 3
    python -m tests.leaky_lab.matrix --judge-again

What was driven already is not driven again: runs and results are kept below `--state`, and
whoever wants them anew names another.  `--judge-again` drives nothing and judges anew what is
kept, as after a change of a fingerprint.  `python -m tests.docs.generated` makes the table in
`docs/detection.md` of what is kept.  Exit 0: every version was driven, and judged as it should
be; 1: one was not judged so; 3: something could not be driven.
"""

from __future__ import annotations

import argparse
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import msgspec

from crosstalk.servers import NotInstalledError, ended_in_order
from isolation_checks.history.directory import add_json, make
from isolation_checks.selftest.nouns import NotRun
from tests.end_to_end.foreign.strangers import ROOT, Stranger, left_behind
from tests.leaky_lab.driving import SECONDS, USERS, driven, lacking, standing
from tests.leaky_lab.pairs import PAIRS, Pair
from tests.leaky_lab.scoring import Lab, Said, fitting, read, scored

KEPT = ROOT / "docs" / "lab.json"


def main() -> int:
    """Drive what is wanted and has not been, and keep all there is."""
    parser = argparse.ArgumentParser(prog="python -m tests.leaky_lab.matrix", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pairs")
    parser.add_argument("--seeds", type=int, default=1, help="drives of each version")
    parser.add_argument("--state", type=Path, default=ROOT / "runs" / "lab")
    parser.add_argument("--judge-again", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.names) - set(PAIRS):
        parser.error(f"no pair {min(unknown)!r}; there are {', '.join(PAIRS)}")
    wanted = [PAIRS[name] for name in given.names or PAIRS]
    make(given.state / "results")
    with ended_in_order():
        if given.judge_again:
            _judge_again(given.state, wanted)
            reasons: dict[str, str] = {}
        else:
            reasons = _drive(given.state, wanted, range(1, given.seeds + 1))
    command = shlex.join(["python", "-m", "tests.leaky_lab.matrix", *sys.argv[1:]])
    if given.judge_again:
        command = f"{msgspec.json.decode(KEPT.read_bytes(), type=Lab).command}; {command}"
    lab = _whole(given.state, command, reasons)
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(lab)) + b"\n")
    if any(not said.as_it_should for said in lab.drives):
        return 1
    return 3 if lab.not_run else 0


def _drive(state: Path, pairs: Iterable[Pair], seeds: Sequence[int]) -> dict[str, str]:
    """Why what could not be driven could not, by pair; the versions of one go side by side."""
    reasons: dict[str, str] = {}
    with standing() as url, ThreadPoolExecutor() as pool:
        for seed in seeds:
            for pair in pairs:
                if (program := lacking(pair)) is not None:
                    reasons[pair.name] = f"{program} is not installed"
                    continue
                try:
                    if pair.needs is not None:
                        url(pair.needs)
                    modes = [m for m in pair.modes if not _result(state, pair, m, seed).exists()]
                    list(pool.map(lambda m, p=pair, s=seed: _one(state, p, m, s, url), modes))
                except NotInstalledError as error:
                    reasons[pair.name] = f"{error} is not installed"
                except RuntimeError as error:
                    reasons[pair.name] = str(error)
                if pair.name in reasons:
                    sys.stderr.write(f"{pair.name}: {reasons[pair.name]}\n")
    return reasons


def _one(state: Path, pair: Pair, mode: str, seed: int, url: Callable[[str], str]) -> None:
    folder = _folder(state, pair.name, mode, seed)
    if folder.exists():  # a drive that did not come to its end
        shutil.rmtree(folder)
    make(folder)
    said = read(pair, mode, seed, *driven(pair, mode, folder, url, seed))
    add_json(_result(state, pair, mode, seed), said)
    _tell(said)


def _judge_again(state: Path, pairs: Iterable[Pair]) -> None:
    wanted = {pair.name for pair in pairs}
    for before in _results(state):
        if before.pair not in wanted:
            continue
        folder = _folder(state, before.pair, before.version, before.seed)
        [described] = (folder / "runs").glob("*/run.json")
        run = str(described.parent)
        command = [sys.executable, "-m", "crosstalk", "judge", "--no-report", run]
        code = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode
        server = Stranger(0, folder, {})
        over = left_behind(folder / "runs", code)
        said = read(PAIRS[before.pair], before.version, before.seed, server, over)
        path = _result(state, PAIRS[before.pair], before.version, before.seed)
        path.unlink()
        add_json(path, said)
        _tell(said)


def _whole(state: Path, command: str, reasons: Mapping[str, str]) -> Lab:
    drives = _results(state)
    made = {(said.pair, said.version) for said in drives}
    return Lab(
        command=command,
        crosstalk=metadata.version("crosstalk-harness"),
        python=platform.python_version(),
        seconds=SECONDS,
        users=USERS,
        drives=tuple(said for score in scored(drives) for said in score.drives),
        not_run=tuple(
            NotRun(fault=f"{name} --{mode}", database=pair.needs or "sqlite", why=why)
            for name, pair in PAIRS.items()
            for mode in pair.modes
            if (name, mode) not in made
            for why in [reasons.get(name, "it has not been driven yet")]
        ),
    )


def _results(state: Path) -> list[Said]:
    """All that was driven, held against what would fit it today."""
    files = sorted((state / "results").glob("*.json"))
    kept = [msgspec.json.decode(path.read_bytes(), type=Said) for path in files]
    return [
        msgspec.structs.replace(said, fitting=fitting(PAIRS[said.pair], said.version))
        for said in kept
    ]


def _result(state: Path, pair: Pair, mode: str, seed: int) -> Path:
    return state / "results" / f"{pair.name}-{mode}-{seed}.json"


def _folder(state: Path, name: str, mode: str, seed: int) -> Path:
    return state / "drives" / f"{name}-{mode}-{seed}"


def _tell(said: Said) -> None:
    looks = "; ".join(said.mechanisms) or "nothing found"
    sys.stderr.write(f"{said.pair:20} {said.version:8} {said.seed}  {said.isolation:8} {looks}\n")


if __name__ == "__main__":
    sys.exit(main())
