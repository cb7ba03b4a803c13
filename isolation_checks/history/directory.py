"""A run's directory: where everything stands, and the one way a file is added to it.

A run is evidence: what is there is never edited, moved or deleted.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Any

import msgspec

from isolation_checks.errors import HarnessError, UsageError
from isolation_checks.records import ProcessId, RunId

KEY_BYTES = 32
SCHEMA = "crosstalk.run/1"
"""The shape of `run.json` and of all that it describes."""


def make(folder: Path) -> None:
    """Make a folder that only its owner may enter, and those above it that are missing."""
    if not folder.is_dir():
        make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def add(path: Path, content: bytes) -> None:
    """Add a file to a run, whole or not at all.

    Raises:
        HarnessError: it stands there already, or cannot be written.
    """
    try:
        make(path.parent)
        half = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.link(half, path)  # refuses to overwrite
        finally:
            half.unlink()
    except OSError as error:
        raise HarnessError(f"cannot add {path}: {error.strerror}") from error


def add_json(path: Path, value: Any) -> None:  # noqa: ANN401 - anything that JSON can hold
    """Add a JSON file to a run."""
    add(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a run.

    Raises:
        HarnessError: it is missing or is not what was written.
    """
    try:
        value: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise HarnessError(f"cannot read {path}: {error}") from error
    return value


class _Described(msgspec.Struct):
    """What may stand in `run.json`, as far as somebody may have touched it."""

    plan: dict[str, Any]
    run: str = ""
    started_at: str = ""
    started_ns: int = 0
    target: str = ""
    seed: int = 0
    expected: list[str] = []
    canary_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] = ""


class RunDirectory:
    """The places in one run's directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.description = path / "run.json"
        self.joined = path / "joined"
        self.ended = path / "ended"
        self.history = path / "history"
        self.rows = path / "rows"
        self.resources = path / "resources"
        self.judgements = path / "judgements"
        self.cache = path / "cache"

    @property
    def id(self) -> RunId:
        """The run's name, which is its directory's."""
        return RunId(self.path.name)

    def of_process(self, process: ProcessId) -> Path:
        """The folder of one process's streams."""
        return self.history / process

    def processes(self) -> tuple[ProcessId, ...]:
        """The processes that began, by name."""
        return tuple(ProcessId(path.stem) for path in sorted(self.joined.glob("*.json")))

    def describe(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            UsageError: it is missing, or is no description of a run.
        """
        try:
            said = read_json(self.description)
        except HarnessError as error:
            raise UsageError(f"{self.path} is no run: {error}") from error
        if "plan" not in said:
            raise UsageError(f"{self.path} is no run: its run.json holds no plan")
        if said.get("schema", SCHEMA) != SCHEMA:
            raise UsageError(
                f"{self.path} was written by another version of Crosstalk: its run.json says "
                f"{said['schema']!r}, and this one reads {SCHEMA!r}"
            )
        try:
            msgspec.convert(said, _Described)
        except msgspec.ValidationError as error:
            raise UsageError(f"{self.path} is no run: in its run.json, {error}") from error
        return said

    def next_in(self, folder: Path) -> Path:
        """A new numbered folder, made here and now: rows/1, then rows/2."""
        make(folder)
        number = 1 + max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=0)
        while True:
            try:
                (folder / str(number)).mkdir(mode=0o700)
            except FileExistsError:
                number += 1
            else:
                return folder / str(number)

    def latest_in(self, folder: Path, having: str) -> Path | None:
        """The newest numbered folder that holds a file of this name."""
        if not folder.is_dir():
            return None
        numbered = sorted(
            (p for p in folder.iterdir() if p.name.isdigit()), key=lambda p: int(p.name)
        )
        whole = [p for p in numbered if (p / having).exists()]
        return whole[-1] if whole else None


def create(runs: Path, run: RunId) -> RunDirectory:
    """Make the directory of a new run.

    Raises:
        HarnessError: it stands there already, or cannot be made.
    """
    try:
        make(runs)
        (runs / run).mkdir(mode=0o700)
    except OSError as error:
        raise HarnessError(f"cannot make the run {runs / run}: {error.strerror}") from error
    return RunDirectory(runs / run)


def find(name: str, runs: Path) -> RunDirectory:
    """The run of this name, of this path, or the newest one for `latest`.

    Raises:
        UsageError: there is no such run.
    """
    if name == "latest":
        found = [path.parent for path in runs.glob("*/run.json")]
        if not found:
            raise UsageError(f"there is no run in {runs}; `make demo` makes one")
        return RunDirectory(max(found, key=lambda path: (path / "run.json").stat().st_mtime_ns))
    for path in (runs / name, Path(name)):
        if (path / "run.json").is_file():
            return RunDirectory(path)
    raise UsageError(f"{name!r} is no run: neither {runs / name} nor {name} has a run.json")


def installation_key(runs: Path, purpose: str = "canary") -> bytes:
    """This installation's key for a purpose, made on first use and kept beside its runs.

    The key of canaries goes into every run, so that it can be judged elsewhere; that of
    accounts, from which their passwords follow, never does.
    """
    path = runs / f".{purpose}-key"
    if not path.exists():
        try:
            add(path, secrets.token_hex(KEY_BYTES).encode())
        except HarnessError:
            if not path.exists():  # another process may have been faster
                raise
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise HarnessError(f"{path} holds no {purpose} key; remove it and a new one is made")
    return bytes.fromhex(text)
