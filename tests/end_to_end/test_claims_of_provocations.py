"""What a provocation is said to bring out it brings out alone, and without it nothing does.

One ordinary user drives a platform that commits the fault, and only the one provocation is
on: what passes between its own actors nothing else can have brought about.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from importlib import resources
from pathlib import Path

import pytest

from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.verdicts.verdict import Judgement
from tests.end_to_end.platforms import platform
from tests.locustfiles import drives

pytestmark = pytest.mark.slow
KEY = "a key of forty characters for a platform"
SECONDS = 7
CANARY = "foreign canary in a frame"
CLAIMS = {
    "relay": ("unreset_agent", {"runner"}),
    "sizes": ("buffer_reuse", {"talker"}),
    "connect": ("shared_socket", {"user", "visitor"}),
    "twins": ("cache_without_user", {"twin"}),
    "resume": ("stale_replay", {"resumer"}),
}
"""What each brings out, and between whom."""


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, tuple[Judgement, set[frozenset[str]]]]:
    """By provocation, and for none: the judgement, and the roles between which words passed."""
    folder = tmp_path_factory.mktemp("claims")
    seen = {}
    asked = [*CLAIMS, "none"]
    for some in zip(asked[::2], asked[1::2], strict=True):
        with contextlib.ExitStack() as stack:
            both = {name: _begun(stack, folder, name) for name in some}
            stack.enter_context(drives.side_by_side(*both.values()))
            for drive in both.values():
                drive.ended()
            seen |= {name: _between(drive) for name, drive in both.items()}
    return seen


def _begun(stack: contextlib.ExitStack, folder: Path, name: str) -> drives.Drive:
    """A drive with this provocation alone; with none at a platform that commits all the faults."""
    faults = [CLAIMS[name][0]] if name in CLAIMS else [fault for fault, _ in CLAIMS.values()]
    options = [option for fault in faults for option in ("--fault", fault)]
    announced = stack.enter_context(platform(*options))
    plan = folder / f"{name}.toml"
    plan.write_text(_plan([name]), encoding="utf-8")
    return drives.headless(
        folder / name,
        *("--plan", str(plan), "--host", announced["http"]),
        *("-u", "1", "-r", "1", "-t", f"{SECONDS}s"),
        env={"CROSSTALK_PROBE_KEY": KEY, "CROSSTALK_ROWS_URL": announced["database"]},
    )


def _plan(on: Collection[str]) -> str:
    """The platform's own plan without probes, observers, or other provocations than these."""
    text = (resources.files("isolation_checks.plan") / "reference.toml").read_text("utf-8")
    head, _, _ = text.partition("[provocations]")
    often = {name: "0.1s" if name in on else "0s" for name in Provocations.__struct_fields__}
    said = "\n".join(f'{name} = "{every}"' for name, every in often.items())
    for old, new in (("150ms", "0s"), ("[cast]", "[cast]\nobservers = 0")):
        head = head.replace(old, new)
    return f"{head}\n[provocations]\n{said}\n"


def _between(drive: drives.Drive) -> tuple[Judgement, set[frozenset[str]]]:
    judgement = drives.judgement_of(drive.run)
    roles = {row["principal"]: row["role"] for row in drives.records(drive.run, "principals")}
    return judgement, {
        frozenset((roles[pair.owner], roles[pair.recipient]))
        for pair in judgement.pairs
        if pair.owner != pair.recipient
    }


@pytest.mark.parametrize("provocation", CLAIMS)
def test_a_provocation_brings_its_fault_out_alone(provocation, found):
    """Between its own actors, though there is nobody else but one ordinary user."""
    judgement, between = found[provocation]
    assert {f.check for f in judgement.findings} >= {CANARY}, judgement.headline
    assert any(roles <= CLAIMS[provocation][1] for roles in between), between


def test_without_provocations_nothing_of_it_shows(found):
    """Of five faults at once, since a single user meets nobody."""
    judgement, between = found["none"]
    assert set() == between
    assert judgement.scale.answered
