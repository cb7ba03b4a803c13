"""Does one Locust process hold a thousand sessions: in what memory, with what lag and CPU?

    python tests/benchmarks/thousand.py

A real Locust drives the cheap platform with a thousand users in one process; what is printed
comes from its own recorded history.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cheap import Sender

from isolation_checks.history.stream import batches

SCENARIO = Path(__file__).parents[2] / "locustfiles" / "agents.py"


def peak_mb(pid: int) -> float:
    """The most memory that a process has held until now, in megabytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(found[0]) / 1024 if found else 0.0


def columns(run: Path, stream: str, *names: str) -> list[np.ndarray]:
    """Columns of a stream of the only process."""
    (path,) = run.glob(f"history/*/{stream}.arrow")
    tables = list(batches(path))
    return [
        np.concatenate([table.column(name).to_numpy(zero_copy_only=False) for table in tables])
        for name in names
    ]


def main() -> None:
    """Drive, and print what the history says of its own making."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--think", default="4s..8s")
    asked = parser.parse_args()
    with Sender("answer") as sender, tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(sender.plan(asked.think))
        command = [sys.executable, "-m", "locust", "-f", str(SCENARIO), "--headless", "--plan"]
        command += [str(plan), "--runs", folder, "--run", "thousand", "--only-summary"]
        command += ["-u", str(asked.users), "-r", "100", "-t", f"{asked.seconds}s"]
        locust = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        memory = 0.0
        while locust.poll() is None:
            memory = max(memory, peak_mb(locust.pid))
            time.sleep(0.2)
        run = Path(folder) / "thousand"
        at_ns, cpu_ns, stall_ns, sessions = columns(
            run, "health", "at_ns", "cpu_ns", "stall_ns", "sessions"
        )
        (late_ns,) = columns(run, "frames", "late_ns")
        step, due_ns, sent_ns = columns(run, "queries", "step", "due_ns", "sent_ns")
        lag_ns = (sent_ns - due_ns)[step == "asked"]
        full = sessions >= asked.users
        taken_s = (at_ns[full][-1] - at_ns[full][0]) / 1e9
        share = (cpu_ns[full][-1] - cpu_ns[full][0]) / 1e9 / taken_s
    print(f"sessions at once      {sessions.max():>10,}")
    print(f"queries, messages     {len(lag_ns):>10,} {len(late_ns):>10,}")
    print(f"memory at most        {memory:>10.0f} MB")
    print(f"CPU, all sessions up  {share:>10.0%} of one core, over {taken_s:.0f} s")
    print(f"sent late (lag)       {np.quantile(lag_ns, 0.99) / 1e6:>10.1f} ms at p99")
    print(f"read late, at most    {np.quantile(late_ns, 0.99) / 1e6:>10.1f} ms at p99")
    print(f"longest round         {stall_ns[full].max() / 1e6:>10.1f} ms")


if __name__ == "__main__":
    main()
