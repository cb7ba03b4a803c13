"""Keeps a run as a recorded one: without caches, reports, and names of the machine.

    python -m tests.recorded.keep RUN NAME

It is judged on the spot, and what was found is written down beside it: read that before
you commit it, for from then on it is what the test expects.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from isolation_checks.history.directory import RunDirectory
from isolation_checks.judging.judge import judge
from isolation_checks.loading.load import loaded

HERE = Path(__file__).parent
MACHINE = {"host": "recorded", "boot": "recorded", "git": None, "pid": 1}


def told(judgement):
    """What must stay as it is, however a judgement is worded."""
    return {
        "verdict": judgement.verdict,
        "parts": {part.name: part.verdict for part in judgement.parts},
        "roots": judgement.roots,
        "findings": [
            {
                "kind": finding.kind,
                "victim": finding.victim,
                "recipient": finding.recipient,
                "channel": finding.channel,
                "times": finding.times,
                "mechanism": finding.mechanism,
                "folded_into": finding.folded_into,
            }
            for finding in judgement.findings
        ],
    }


def judged(folder):
    """What is found in the run in a folder."""
    with loaded(RunDirectory(folder)) as run:
        return told(judge(run))


def _without_machine(path):
    content = json.loads(path.read_bytes())
    content |= {key: value for key, value in MACHINE.items() if key in content}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main(source, name):
    """Copy, clean, judge."""
    run, kept = RunDirectory(Path(source)), HERE / name
    shutil.copytree(run.path, kept, ignore=shutil.ignore_patterns("cache", "judgements"))
    for path in (kept / "run.json", *(kept / "joined").iterdir()):
        _without_machine(path)
    expected = json.dumps(judged(kept), indent=2) + "\n"
    shutil.rmtree(kept / "cache")
    (kept / "expected.json").write_text(expected, encoding="utf-8")
    sys.stdout.write(expected)


if __name__ == "__main__":
    main(*sys.argv[1:])
