"""What the foreign servers share: a bug by name, a short life, and a confession of every leak.

It knows nothing of any wire.  A server ends when its standard input does, which is when
whoever started it goes, and in any case after three minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIFE_SECONDS = 180.0


@dataclass
class Options:
    """How a server was started."""

    bug: str
    folder: Path
    """Where it may keep a database, and confesses."""
    more: dict[str, str]

    def confess(self, victim: str, recipient: str, text: str) -> None:
        """Write down that this text of the victim's was just sent to the recipient."""
        if victim != recipient:
            self.note("leaks", victim=victim, recipient=recipient, text=text)

    def note(self, name: str, **values: Any) -> None:
        """Write something down for the test that will look at it."""
        with (self.folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def options(*bugs: str) -> Options:
    """Read the command line, and see to it that this process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bug", default="", choices=("", *bugs))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    threading.Thread(target=_end_with_input, daemon=True).start()
    end = threading.Timer(LIFE_SECONDS, os._exit, (3,))
    end.daemon = True
    end.start()
    return Options(given.bug, given.folder, dict(pair.split("=", 1) for pair in given.set))


def ready(port: int) -> None:
    """Say where this server listens."""
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
